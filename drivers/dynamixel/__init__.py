"""Dynamixel X-series servos, Protocol 2.0."""
