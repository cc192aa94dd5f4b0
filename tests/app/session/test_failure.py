"""A session whose own thread fails says so, instead of showing its last picture for ever."""

from __future__ import annotations

import logging
import time
from pathlib import Path

import pytest

from app.dataplane import DataPlane
from app.dataplane.layouts import EVENTS
from app.session import Session

PATIENCE_S = 20.0


def test_a_thread_that_fails_is_named_on_screen(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    session = Session(data_dir=tmp_path / "set", processes=())
    plane = DataPlane(session.runtime_dir)
    try:
        with caplog.at_level(logging.CRITICAL + 1):
            plane.publisher(EVENTS).send(b"no event")
            deadline = time.monotonic() + PATIENCE_S
            while not session.snapshot().notices:
                assert time.monotonic() < deadline
                time.sleep(0.01)
        [notice] = session.snapshot().notices
        assert (notice.key, notice.level) == ("session", "error")
        assert "DecodeError" in notice.what
        assert "start it again" in notice.remedy
        assert not session.snapshot().ready
        assert session.snapshot().cameras
        assert all(camera.stale for camera in session.snapshot().cameras)
    finally:
        plane.close()
        session.close()
