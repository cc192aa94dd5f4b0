"""The window: PyQt6 shows the session's snapshots and hands the operator's wishes to it."""
