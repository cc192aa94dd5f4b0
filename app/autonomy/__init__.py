"""The policy beside the robot: which one, what it is told, and the chunks and subtasks that come of it."""
