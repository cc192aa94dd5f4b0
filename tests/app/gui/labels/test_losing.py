"""A window that is closed while the disk refuses labels."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from PyQt6.QtCore import Qt

from app.gui.labels.losing import Losing
from app.gui.pages.review import ReviewPage
from app.gui.window import Window
from recordings.labels import LabelStore
from tests.support.fake_session import FakeSession
from tests.support.full_disk import full_disk
from tests.support.qt_waiting import wait_until
from tests.support.recorded_session import RecordedSession, record_set
from tests.support.review_keys import PATIENCE_MS, press, review_page

Key = Qt.Key
ALT = Qt.KeyboardModifier.AltModifier


@pytest.fixture
def session(tmp_path: Path) -> FakeSession:
    return RecordedSession(record_set(tmp_path / "set", ticks=(60,)))


@pytest.fixture
def page(window: Window) -> ReviewPage:
    assert window.frame is not None
    return review_page(window.frame, "ann", "reach")


@pytest.fixture
def refused(page: ReviewPage) -> Iterator[ExitStack]:
    """One note is on the disk, and of another it has refused; it has room again when this is closed."""
    labelling = page.labelling
    labelling.segmenting.note(page.position_ns, "first")
    assert wait_until(lambda: labelling.desk.is_kept, PATIENCE_MS)
    size = labelling.store.journal_path("ann", page.episode_id).stat().st_size
    with ExitStack() as stack:
        stack.enter_context(full_disk(size + 10))
        labelling.segmenting.note(page.position_ns, "second")
        assert wait_until(lambda: bool(labelling.desk.problem), PATIENCE_MS)
        yield stack


def asked(window: Window) -> Losing:
    """Close it where somebody can answer; what is asked."""
    window.attended = True
    assert not window.close()
    assert window.isVisible()
    assert window.losing is not None
    assert window.losing.isVisible()
    return window.losing


def notes(page: ReviewPage) -> int:
    return len(LabelStore(page.labelling.store.path.parent).read("ann", page.episode_id))


def test_it_is_said_what_would_be_lost_and_the_window_closes_once_that_is_kept(
    window: Window, page: ReviewPage, refused: ExitStack
) -> None:
    losing = asked(window)
    assert losing.title.text() == "1 label step not on the disk"
    assert losing.why.text()
    refused.close()
    assert wait_until(lambda: not window.isVisible(), PATIENCE_MS)
    assert notes(page) == 2


def test_a_window_that_was_put_away_closes_once_labels_are_kept(
    window: Window, page: ReviewPage, refused: ExitStack
) -> None:
    asked(window)
    window.showMinimized()
    assert wait_until(window.isMinimized, PATIENCE_MS)
    refused.close()
    assert wait_until(lambda: not window.isVisible(), PATIENCE_MS)
    assert notes(page) == 2


def test_to_keep_trying_is_the_default_and_the_window_stays(
    window: Window, page: ReviewPage, refused: ExitStack
) -> None:
    losing = asked(window)
    press(Key.Key_1, Key.Key_I)
    assert len(page.labelling.desk.labels) == 2, "keys do not go to the page below"
    press(Key.Key_Return)
    assert not losing.isVisible()
    assert page.labelling.segmenting.begun is None
    refused.close()
    assert wait_until(lambda: page.labelling.desk.is_kept, PATIENCE_MS)
    assert window.isVisible()
    assert notes(page) == 2


def test_labels_are_lost_where_that_is_chosen(window: Window, page: ReviewPage, refused: ExitStack) -> None:
    asked(window)
    press(Key.Key_L, modifiers=ALT)
    assert not window.isVisible()
    refused.close()
    assert notes(page) == 1


def test_stop_stops_and_answers_nothing(window: Window, session: FakeSession, refused: ExitStack) -> None:
    losing = asked(window)
    press(Key.Key_Escape)
    assert session.calls[-1][0] == "stop"
    assert not losing.isVisible()
    assert window.isVisible()


def test_where_nobody_can_answer_the_window_ends_and_the_log_says_what_was_lost(
    window: Window, page: ReviewPage, refused: ExitStack, caplog: pytest.LogCaptureFixture
) -> None:
    assert not window.attended, "nobody sees the window off screen"
    assert window.close()
    assert not window.isVisible()
    assert "1 label step lost when the window was closed" in caplog.text
