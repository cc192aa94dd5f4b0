"""The policy's two modes in the window: what the robot is told, by voice, key or typing, and what it does alone."""
