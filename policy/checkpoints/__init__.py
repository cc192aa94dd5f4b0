"""Weights on disk: openpi's layout, LeRobot's, and ours."""
