"""One file a robot: the names that it gives its cameras and numbers, and the units that the model learnt them in."""
