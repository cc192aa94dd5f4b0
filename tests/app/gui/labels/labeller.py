"""Labels an episode by the window's own keys while it plays, and says each key on stdout: to be killed at any moment.

Run as `python -m tests.app.gui.labels.labeller DATASET REVIEWER`. It goes on after the labels that are kept.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from PyQt6.QtCore import Qt

from app.gui.pages.review import ReviewPage
from tests.app.gui.labels.killable import PATIENCE_MS, review_page, say, strike
from tests.support.qt_waiting import wait_until

TEXTS = tuple(f"subtask {number}" for number in range(1, 11))
EACH_NS = 350_000_000
GAP_NS = 50_000_000


def main() -> int:
    """Label ten subtasks, each from its mark to its end, and name them."""
    with review_page(Path(sys.argv[1]), sys.argv[2]) as page:
        label(page)
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
                lambda end=start_ns + EACH_NS: player.advance(time.monotonic_ns()) >= end, PATIENCE_MS
            )
            press(page, Qt.Key.Key_Return, "end")
            press(page, Qt.Key.Key_K, "pause")
        desk.select(desk.labels.subtasks[number].id)
        press(page, Qt.Key.Key_1, f"name {number}")
    say("done")


def press(page: ReviewPage, key: Qt.Key, what: str) -> None:
    """Press a key; say so when it has been done."""
    strike(page, key)
    say(what)


if __name__ == "__main__":
    sys.exit(main())
