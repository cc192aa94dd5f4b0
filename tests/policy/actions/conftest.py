"""A FAST tokenizer that several tests look at."""

from __future__ import annotations

import pytest

from policy.actions.fast import FastTokenizer
from tests.policy.actions.sines import sines


@pytest.fixture(scope="session")
def fast() -> FastTokenizer:
    """Fitted to 400 chunks at scale 10, at which the highest coefficients have two bytes; nobody changes it."""
    return FastTokenizer.fit(sines(400, seed=0), scale=10)
