"""Runs files of numbers that openpi's own code computed through this project's code, and says how far apart they are.

`python -m tests.vectors DIR` does it for a folder laid out like `tests/golden`. A file, or a tensor in a file, that
nothing here understands is a failure like a wrong number: what is not compared must not look as if it agreed. What a
file needs besides (weights, a vocabulary) and the folder lacks is taken from `tests/golden`, and it is said what.

`report` holds deviations and tolerances, `folder` what a checker may ask for, `registry` which checker takes which
file; each other module checks one family of files. `own` makes files of the same kinds, for tests of all this.
"""
