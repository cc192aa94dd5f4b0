"""The command line. Each command is a file with `add_parser` and `run`; what is slow to import, `run` imports."""
