"""What every test of the policy shares."""

from tests.support.one_thread import one_thread

__all__ = ["one_thread"]
