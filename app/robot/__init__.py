"""The 50 Hz loop: read, decide who moves the robot, make it safe, write, publish."""
