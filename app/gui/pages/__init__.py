"""One page a file; a page shows a snapshot and offers the actions that belong to it."""
