"""Labelling an episode in the review: what can be done (`desk`), how it is kept (`keeper`), how it is shown."""
