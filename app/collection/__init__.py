"""Collecting demonstrations: the way from one episode to the next, as one state machine without Qt."""
