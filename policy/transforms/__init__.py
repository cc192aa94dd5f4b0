"""From what a robot measures to what the model takes, and back."""
