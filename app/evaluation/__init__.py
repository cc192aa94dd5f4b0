"""Seeded trials of tasks under variants of the high level: planned, run, kept, and told with intervals."""
