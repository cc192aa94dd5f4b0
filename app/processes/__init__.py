"""The processes of a session; each is started as `python -m app.processes.NAME RUNTIME_DIR`."""
