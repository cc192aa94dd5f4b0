"""Cameras: one interface, and a driver for each kind of source."""
