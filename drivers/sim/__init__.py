"""The simulated robot: a physical world, and the far end of the serial lines in it."""
