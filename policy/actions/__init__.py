"""Actions as tokens, and chunks of actions in time."""
