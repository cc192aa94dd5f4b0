"""What every test of speech shares."""

from tests.support.one_thread import one_thread

__all__ = ["one_thread"]
