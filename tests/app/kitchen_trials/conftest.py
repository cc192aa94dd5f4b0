"""Small models of random weights are tried here, beside kitchens that are drawn without any."""

import pytest

from policy.inference.runtime import load_compilers
from tests.support.one_thread import one_thread

__all__ = ["one_thread"]


@pytest.fixture(scope="session", autouse=True)
def compilers() -> None:
    """Loaded before the first kitchen is drawn, as `load_compilers` wants it."""
    load_compilers()
