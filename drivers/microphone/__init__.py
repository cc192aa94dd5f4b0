"""Microphones: one interface, and those of this machine. Whoever captures imports nothing but `capture`."""
