"""In whose name labels are made until somebody says so."""

from __future__ import annotations

import getpass
from pathlib import Path

import pytest
from PyQt6.QtCore import Qt

from app.collection.plan import CollectionPlan
from app.gui.frame import Frame
from app.gui.settings import Settings
from recordings.labels import LabelStore
from tests.support.fake_session import FakeSession
from tests.support.qt_waiting import wait_until
from tests.support.recorded_session import RecordedSession, record_set
from tests.support.review_keys import PATIENCE_MS, press


@pytest.fixture
def session(tmp_path: Path) -> FakeSession:
    return RecordedSession(record_set(tmp_path / "set", ticks=(60,)))


@pytest.mark.parametrize(
    ("operator", "reviewer"),
    [
        ("Ann", "Ann"),
        ("  Jörg  Müller ", "Jörg-Müller"),
        ("", "user"),
        ("?!", "user"),
        ("final", "user"),
        ("best", "user"),
        ("x" * 80, "x" * 64),
    ],
)
def test_the_operators_name_goes_before_that_of_the_machines_user(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, operator: str, reviewer: str
) -> None:
    monkeypatch.setattr(getpass, "getuser", lambda: "user")
    settings.plan = CollectionPlan(operator=operator)
    assert settings.reviewer == reviewer
    LabelStore("anywhere").journal_path(settings.reviewer, "e1")
    settings.reviewer = "bob"
    assert settings.reviewer == "bob"


def test_whoever_has_labels_keeps_the_name_when_another_operates(frame: Frame, settings: Settings) -> None:
    settings.plan = CollectionPlan(operator="Ann")
    frame.refresh()
    frame.go_to("review")
    frame.setFocus()
    page = frame.review_page
    assert wait_until(lambda: page.player is not None and page.labelling.desk.ready, PATIENCE_MS)
    settings.plan = CollectionPlan(operator="Bea")
    assert settings.reviewer == "Bea"
    press(Qt.Key.Key_I)
    page.labelling.poll()
    settings.plan = CollectionPlan(operator="Eve")
    assert settings.reviewer == "Ann"
