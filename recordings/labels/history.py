"""Labels and how they came to be: every step can be taken back, and taken again, without end."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from recordings.labels.label import Label
from recordings.labels.view import EpisodeLabels


class Change(msgspec.Struct, frozen=True, array_like=True):
    """One label before and after; None where it is not there."""

    before: Label | None
    after: Label | None

    @property
    def id(self) -> str:
        """Of the label."""
        label = self.after if self.after is not None else self.before
        return label.id if label is not None else ""

    @property
    def reversed(self) -> Change:
        """The change that takes it back."""
        return Change(self.after, self.before)


class Step(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one press of a key did. It says all that it changes, so it is right whatever became of those before it.

    Attributes:
        number: Counts from 1 in each journal.
        what: In a word or two: "split", "move an edge".
        changes: In order.
        undoes: The step that it takes back, 0 for none.
        redoes: The step that it takes once more after that, 0 for none.
        utc_ns: When, by the clock on the wall, ns since 1970.
    """

    number: int
    what: str
    changes: tuple[Change, ...]
    undoes: int = 0
    redoes: int = 0
    utc_ns: int = 0


class History:
    """The labels as they stand, and the steps to go back and forth by.

    Attributes:
        labels: As they stand now.
    """

    def __init__(self) -> None:
        self.labels = EpisodeLabels()
        self._done: list[Step] = []
        self._undone: list[Step] = []
        self._last = 0

    @property
    def undoable(self) -> str:
        """What `undo` would take back; empty for nothing."""
        return self._done[-1].what if self._done else ""

    @property
    def undoable_utc_ns(self) -> int:
        """When that step was taken, ns since 1970; 0 for none."""
        return self._done[-1].utc_ns if self._done else 0

    @property
    def redoable(self) -> str:
        """What `redo` would do again; empty for nothing."""
        return self._undone[-1].what if self._undone else ""

    def step(self, changes: Sequence[Change], what: str, *, utc_ns: int) -> Step | None:
        """The next step, of these changes, not taken yet; None where they change nothing."""
        real = tuple(change for change in changes if change.before != change.after)
        return Step(self._last + 1, what, real, utc_ns=utc_ns) if real else None

    def undo(self, *, utc_ns: int) -> Step | None:
        """The step that takes the last one back, not taken yet; None where there is none."""
        if not self._done:
            return None
        last = self._done[-1]
        back = tuple(change.reversed for change in reversed(last.changes))
        return Step(self._last + 1, last.what, back, undoes=last.number, utc_ns=utc_ns)

    def redo(self, *, utc_ns: int) -> Step | None:
        """The step that does again what was taken back last, not taken yet; None where there is none."""
        if not self._undone:
            return None
        again = self._undone[-1]
        return Step(self._last + 1, again.what, again.changes, redoes=again.number, utc_ns=utc_ns)

    def take(self, *steps: Step, damage: tuple[str, ...] = ()) -> EpisodeLabels:
        """Take steps, of this run or of one before; returns the labels as they stand then."""
        kept = dict(self.labels.by_id)
        for step in steps:
            for change in step.changes:
                if change.after is None:
                    kept.pop(change.id, None)
                else:
                    kept[change.id] = change.after
            self._remember(step)
        self.labels = EpisodeLabels(kept.values(), damage=(*self.labels.damage, *damage))
        return self.labels

    def _remember(self, step: Step) -> None:
        self._last = max(self._last, step.number)
        if step.undoes:
            self._undone += _taken_out(self._done, step.undoes)
        elif step.redoes:
            self._done += _taken_out(self._undone, step.redoes)
        else:
            self._done.append(step)
            self._undone.clear()


def _taken_out(steps: list[Step], number: int) -> list[Step]:
    """The step of a number, taken out of the list; none where a damaged line has lost it."""
    found = [step for step in steps if step.number == number]
    for step in found:
        steps.remove(step)
    return found
