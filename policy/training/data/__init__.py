"""What is learned from: which moments of which episodes, in which order, and how each is read."""
