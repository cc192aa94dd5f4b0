"""Sound towards the operator. Nothing here knows Qt."""
