"""Labels an episode by the window's own keys while it plays, and says each key on stdout: to be killed at any moment.

Run as `python -m tests.app.gui.labels.labeller DATASET REVIEWER`. It goes on after the labels that are kept.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication

from app.gui.pages.review import ReviewPage
from app.gui.settings import Settings
from app.gui.theme import Theme
from app.gui.window import Window
from tests.support.qt_waiting import wait_until
from tests.support.recorded_session import RecordedSession

TEXTS = tuple(f"subtask {number}" for number in range(1, 11))
EACH_NS = 350_000_000
GAP_NS = 50_000_000


def main() -> int:
    """Label ten subtasks, each from its mark to its end, and name them."""
    dataset, reviewer = Path(sys.argv[1]), sys.argv[2]
    application = QApplication(sys.argv[:1])
    settings = Settings(dataset.parent / f"{reviewer}.ini")
    settings.reviewer = reviewer
    settings.label_lag_s = 0.0
    window = Window(settings=settings, theme=Theme())
    window.resize(1280, 800)
    window.show()
    window.attach(RecordedSession(dataset))
    window.activateWindow()
    QTest.qWaitForWindowActive(window, 10_000)
    assert window.frame is not None
    page = window.frame.review_page
    window.frame.refresh()
    window.frame.go_to("review")
    window.frame.setFocus()
    assert wait_until(lambda: page.player is not None and page.labelling.desk.ready, 30_000)
    assert wait_until(lambda: bool(page.labelling.prompts.texts), 30_000)
    label(page)
    window.close()
    application.processEvents()
    return 0


def label(page: ReviewPage) -> None:
    """From the first subtask that has no name yet."""
    desk, player = page.labelling.desk, page.player
    assert player is not None
    for number, text in enumerate(TEXTS):
        page.labelling._texts = ()
        page.labelling._offer_texts((text, *TEXTS))
        kept = desk.labels.subtasks
        if number < len(kept) and kept[number].text:
            continue
        start_ns = player.start_ns + number * (EACH_NS + GAP_NS)
        if number == len(kept):
            page._seek(start_ns)
            press(page, Qt.Key.Key_Space, "play")
            press(page, Qt.Key.Key_Return, "begin")
            assert wait_until(
                lambda end=start_ns + EACH_NS: player.advance(time.monotonic_ns()) >= end, 30_000
            )
            press(page, Qt.Key.Key_Return, "end")
            press(page, Qt.Key.Key_K, "pause")
        desk.select(desk.labels.subtasks[number].id)
        press(page, Qt.Key.Key_1, f"name {number}")
    say("done")


def press(page: ReviewPage, key: Qt.Key, what: str) -> None:
    """Press a key where the focus is; say so when it has been done."""
    QTest.keyClick(QApplication.focusWidget() or page, key)
    say(what)


def say(line: str) -> None:
    """One line, at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
