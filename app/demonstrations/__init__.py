"""Demonstrations of the kitchen's subtasks by the scripted operator, made faster than real time, for learning from."""
