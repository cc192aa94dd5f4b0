"""One session of real processes for all tests of a module; each leaves it healed and holding."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.live_session import LiveSession, live_session


@pytest.fixture(scope="module")
def _session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveSession]:
    with live_session(Path(tmp_path_factory.mktemp("data")) / "set") as live:
        yield live


@pytest.fixture
def live(_session: LiveSession) -> Iterator[LiveSession]:
    """A session that is ready, healthy and holding."""
    _session.make_ready()
    yield _session
    _session.heal()
    _session.hold()
    if _session.now.recording is not None:
        _session.session.end_episode()
        _session.wait(lambda now: now.recording is None, "the episode to close")
