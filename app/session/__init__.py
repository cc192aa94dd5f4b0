"""The session: one object that starts the processes, watches them, and carries what a person wants to them."""

from app.session.session import Session

__all__ = ["Session"]
