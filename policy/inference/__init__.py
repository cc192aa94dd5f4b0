"""The model at work: subtasks, action chunks, and what makes them fast."""
