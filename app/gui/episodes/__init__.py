"""What the list of episodes is made of: the search, the order, the pictures, the sums, and undo."""
