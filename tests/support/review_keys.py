"""The Review page of a real window, driven by keys."""

from __future__ import annotations

from pathlib import Path

from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication

from app.gui.frame import Frame
from app.gui.pages.review import ReviewPage
from recordings.labels import EpisodeLabels
from tests.recordings.recorded import START_NS
from tests.support.qt_waiting import wait_until

PATIENCE_MS = 20_000
MS = 1_000_000
NO_MODIFIER = Qt.KeyboardModifier.NoModifier


def review_page(frame: Frame, reviewer: str, *texts: str) -> ReviewPage:
    """The page with its first episode open to a reviewer, and texts on the number keys."""
    frame.review_page.labelling.set_reviewer(reviewer)
    frame.refresh()
    frame.go_to("review")
    frame.setFocus()
    page = frame.review_page
    assert wait_until(lambda: page.open_film is not None and page.labelling.desk.ready, PATIENCE_MS)
    assert wait_until(lambda: page.labelling.is_prompted, PATIENCE_MS)
    page.labelling._texts = ()
    page.labelling._offer_texts(texts)
    return page


def press(*keys: Qt.Key, modifiers: Qt.KeyboardModifier = NO_MODIFIER) -> None:
    for key in keys:
        QTest.keyClick(QApplication.focusWidget(), key, modifiers)


def go(page: ReviewPage, after_ms: int) -> None:
    """Put the playhead there, with nothing chosen."""
    page.labelling.desk.select("")
    page.timeline.sought.emit(START_NS + after_ms * MS)


def mark(page: ReviewPage, begin_ms: int, end_ms: int, number: Qt.Key) -> None:
    """A label with the text of a number key."""
    go(page, begin_ms)
    press(Qt.Key.Key_Return)
    go(page, end_ms)
    press(Qt.Key.Key_Return, number)


def spans(labels: EpisodeLabels) -> list[tuple[int, int, str]]:
    """The subtasks, in milliseconds from the start."""
    return [((s.start_ns - START_NS) // MS, (s.end_ns - START_NS) // MS, s.text) for s in labels.subtasks]


def position_ms(page: ReviewPage) -> int:
    return (page.position_ns - START_NS) // MS


def dataset_of(page: ReviewPage) -> Path:
    return page.labelling.store.path.parent
