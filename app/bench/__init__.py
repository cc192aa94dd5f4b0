"""Benchmarks: each measures what the app promises, prints one line per figure, and says on which machine."""
