"""Decides between Ann and Bob by the window's own keys, and says each key on stdout: to be killed at any moment.

Run as `python -m tests.app.gui.labels.adjudicator DATASET`. It goes on after what is decided, and puts right what a
kill has left half done. Each line says how many stretches are decided by then.
"""

from __future__ import annotations

import sys
from pathlib import Path

from PyQt6.QtCore import Qt

from app.gui.pages.review import ReviewPage
from recordings.labels import FINAL, Progress
from recordings.labels.adjudicate import Stretch, is_decided
from tests.app.gui.labels.killable import NO_MODIFIER, PATIENCE_MS, review_page, say, strike
from tests.recordings.recorded import START_NS
from tests.support.qt_waiting import wait_until

SLOT_NS = 300_000_000
"""The episode in slots, of which each reviewer says one thing."""

ANN = [
    "reach",
    "grasp",
    "lift",
    "-",
    "carry",
    "lower",
    "open",
    "-",
    "back",
    "turn",
    "wipe",
    "fold",
    "-",
    "rest",
]
BOB = [
    "reach",
    "touch",
    "lift",
    "wait",
    "carry",
    "put",
    "open",
    "leave",
    "back",
    "spin",
    "-",
    "fold",
    "wave",
    "rest",
]
DECIDED = [
    "reach",
    "touch",
    "lift",
    "-",
    "carry",
    "lower",
    "open",
    "leave",
    "back",
    "shove",
    "-",
    "fold",
    "-",
    "rest",
]
"""What is to be final; a dash is nothing."""

WHOSE = {1: 2, 3: 1, 5: 1, 7: 2, 10: 2, 12: 0}
"""By slot, the number that decides it; what is not here is labelled in a third way."""

SECOND_THOUGHTS = (5, 10)
"""Where the other side is taken first, and that is undone."""

CTRL, ALT, SHIFT = (
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.AltModifier,
    Qt.KeyboardModifier.ShiftModifier,
)
Key = Qt.Key
NUMBERS = (Key.Key_0, Key.Key_1, Key.Key_2)


def main() -> int:
    """Decide all of it, accept it, and accept Ann's work."""
    with review_page(Path(sys.argv[1]), "ann") as page:
        Adjudicator(page).work()
    return 0


class Adjudicator:
    """Presses the keys. Each waits until the one before is on the disk, so a kill loses one at most."""

    def __init__(self, page: ReviewPage) -> None:
        self._page = page
        self._adjudicating = page.labelling.adjudicating
        self._comparing = page.labelling.comparing
        self._desk = page.labelling.desk

    def work(self) -> None:
        self._say("opened")
        self._press(Key.Key_A, "turn to deciding", modifiers=SHIFT)
        desk = self._desk
        assert wait_until(lambda: desk.reviewer == FINAL and desk.ready, PATIENCE_MS)
        assert wait_until(lambda: len(self._adjudicating.sides) == 2, PATIENCE_MS)
        self._page.labelling.poll()
        self._say("agreed")
        self._page.labelling._texts = ()
        self._page.labelling._offer_texts(("shove",))
        while self._adjudicating.open:
            self._decide(self._here())
        for stretch in self._comparing.differing:
            if not self._as_wanted(stretch):
                self._seek(stretch.start_ns)
                self._decide(stretch)
        if desk.judgement.progress is not Progress.ACCEPTED:
            self._press(Key.Key_D, "accepted")
        while self._adjudicating.progress_of("ann") is not Progress.ACCEPTED:
            before = self._adjudicating.progress_of("ann")
            self._press(Key.Key_1, "judge", modifiers=CTRL | ALT)
            assert wait_until(
                lambda was=before: self._adjudicating.progress_of("ann") is not was, PATIENCE_MS
            )
        self._say("done")

    def _here(self) -> Stretch:
        """The open stretch at the playhead, where the window has gone; else the next one, or the one before."""
        for key in (Key.Key_Down, Key.Key_Up):
            stretch = self._adjudicating.at(self._page.position_ns)
            if stretch in self._adjudicating.open:
                break
            self._press(key, "on", modifiers=CTRL)
        stretch = self._adjudicating.at(self._page.position_ns)
        assert stretch is not None
        return stretch

    def _decide(self, stretch: Stretch) -> None:
        slot = slot_of(stretch)
        if slot not in WHOSE:
            self._label(stretch)
            return
        if slot in SECOND_THOUGHTS and stretch in self._adjudicating.open:
            self._press(NUMBERS[3 - WHOSE[slot]], "wrong")
            self._press(Key.Key_Z, "undo")
            self._press(Key.Key_Up, "back", modifiers=CTRL)
            if (
                self._adjudicating.at(self._page.position_ns) != stretch
            ):  # the last one: the window stayed there
                self._seek(stretch.start_ns)
        self._press(NUMBERS[WHOSE[slot]], "decide")

    def _label(self, stretch: Stretch) -> None:
        there = self._desk.labels.subtask_at(stretch.start_ns)
        if there is None:
            self._press(Key.Key_Return, "begin")
            self._seek(stretch.end_ns)
            self._press(Key.Key_Return, "end")
        else:  # the window was killed before it had its name
            self._desk.select(there.id)
        self._press(Key.Key_1, "name")
        self._desk.select("")

    def _as_wanted(self, stretch: Stretch) -> bool:
        there = self._desk.labels.subtask_at(stretch.start_ns)
        text = there.text if there is not None else "-"
        return is_decided(self._desk.labels, stretch) and text == DECIDED[slot_of(stretch)]

    def _seek(self, time_ns: int) -> None:
        self._desk.select("")
        self._page.timeline.sought.emit(time_ns)

    def _press(self, key: Qt.Key, what: str, *, modifiers: Qt.KeyboardModifier = NO_MODIFIER) -> None:
        assert wait_until(lambda: self._desk.is_kept, PATIENCE_MS)
        strike(self._page, key, modifiers)
        self._say(what)

    def _say(self, what: str) -> None:
        deciding = self._adjudicating.differing
        say(f"{what}: {deciding - len(self._adjudicating.open)} decided" if deciding else what)


def slot_of(stretch: Stretch) -> int:
    """Which slot it is."""
    return (stretch.start_ns - START_NS) // SLOT_NS


if __name__ == "__main__":
    sys.exit(main())
