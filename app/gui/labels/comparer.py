"""Reads what others say of an episode and compares it, in a thread, so that the window never waits; free of Qt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.gui.labels.closing import ClosingThread
from app.gui.labels.desk import NO_FRAMES
from recordings import RecordingError
from recordings.labels import Change, EpisodeLabels, LabelStore, Progress
from recordings.labels.adjudicate import Stretch, compare, decide_work, take_agreed, take_beside
from recordings.labels.agreement import Agreement, agreement
from recordings.labels.journal import read_history
from recordings.labels.stamped import StampedCache

SETTLE_S = 0.2
"""What is compared has to stay as it is for this long: a run of key presses is compared once."""

RECHECK_S = 2.0
"""How often others' labels are looked at again while they are compared; they may be at work in another window."""

IDLE_RECHECK_S = 10.0
"""How often it is looked who else has labelled the episode."""

_LOOK_S = 0.1

NO_LABELS = EpisodeLabels()
"""One for all wishes without labels: two wishes are the same where their labels are the very same."""


@dataclass(frozen=True, eq=False)
class Wish:
    """What is to be compared.

    Attributes:
        sides: of whom, in order; fewer than two compare nothing, and None compares all others among themselves.
        own_name: whose labels `own` are.
        own: labels as they stand in the window, which the disk need not have yet.
        frames_ns: (F,) the frames to compare at; empty for 25 a second.
    """

    sides: tuple[str, ...] | None = ()
    own_name: str = ""
    own: EpisodeLabels = field(default_factory=lambda: NO_LABELS)
    frames_ns: NDArray[np.int64] = field(default_factory=lambda: NO_FRAMES)

    def same(self, other: Wish) -> bool:
        """Whether both wish for the very same."""
        return (
            self.sides == other.sides
            and self.own_name == other.own_name
            and self.own is other.own
            and self.frames_ns is other.frames_ns
        )


@dataclass(frozen=True, eq=False)
class Comparison:
    """What came of it.

    Attributes:
        others: what each other reviewer says who has labelled the episode, by name.
        sides: the labels that were compared, by name.
        stretches: the episode, where each says one thing; none where nothing is compared.
        differing: those of them in which not all say the same.
        agreements: of each pair of sides.
        agreed: what makes the agreed stretches final, where nothing is final yet.
    """

    others: Mapping[str, EpisodeLabels] = field(default_factory=dict)
    sides: Mapping[str, EpisodeLabels] = field(default_factory=dict)
    stretches: tuple[Stretch, ...] = ()
    differing: tuple[Stretch, ...] = ()
    agreements: tuple[tuple[str, str, Agreement], ...] = ()
    agreed: tuple[Change, ...] = ()


class Comparer(ClosingThread):
    """Works from the moment it is made until `close`; what is to be decided by then is decided.

    Args:
        store: the dataset's labels.
        episode_id: of which episode.
        apart_from: who is no other: the reviewer in the window.
        after: who still writes labels of the episode from this window; nothing is read before these have ended, for
            what is agreed by labels that are not all on the disk is not agreed.
    """

    def __init__(
        self, store: LabelStore, episode_id: str, *, apart_from: str, after: Sequence[ClosingThread] = ()
    ) -> None:
        super().__init__("compare")
        self._before = tuple(after)
        self._store, self._episode_id, self._apart_from = store, episode_id, apart_from
        self._wish = Wish()
        self._decisions: list[tuple[str, Progress]] = []
        self._comparison: Comparison | None = None
        self._compared: Wish | None = None
        self._problem = ""
        self._labels: StampedCache[EpisodeLabels] = StampedCache(_labels_of)
        self._begin()

    @property
    def comparison(self) -> Comparison | None:
        """The newest; None while nothing has been read."""
        return self._comparison

    @property
    def problem(self) -> str:
        """Why others' labels cannot be read, or somebody's work not be judged; empty for nothing."""
        return self._problem

    def want(self, wish: Wish) -> None:
        """Compare this from now on."""
        with self._changed:
            if not wish.same(self._wish):
                self._wish = wish
                self._changed.notify()

    def decide(self, reviewer: str, progress: Progress) -> None:
        """Judge another's work on the episode, on the disk."""
        with self._changed:
            self._decisions.append((reviewer, progress))
            self._changed.notify()

    def _run(self) -> None:
        self._wait_for_others()
        wish, undecided = Wish(), ""
        while True:
            with self._changed:
                decisions, self._decisions = self._decisions, []
                closing = self._closing
            if decisions:
                undecided = "; ".join(problem for one in decisions if (problem := self._decided(*one)))
            try:
                if not closing:
                    self._compare(wish)
                unread = ""
            except (RecordingError, OSError, ValueError) as error:
                unread = str(error)
            self._problem = undecided or unread
            if closing:
                return
            wish = self._next(wish)

    def _wait_for_others(self) -> None:
        for writer in self._before:
            while not writer.join(_LOOK_S) and not self._closing:
                self._problem = "not compared yet: labels of this episode are still being written to the disk"
        self._before = ()

    def _decided(self, reviewer: str, progress: Progress) -> str:
        """Judge one's work; why that cannot be done, empty where it was."""
        try:
            decide_work(self._store, reviewer, self._episode_id, progress)
        except (RecordingError, OSError, ValueError) as error:
            return str(error)
        return ""

    def _next(self, done: Wish) -> Wish:
        """The newest wish, once it has settled; the one before, where it is time to look at others again."""
        with self._changed:
            if self._wish.same(done) and not self._decisions and not self._closing:
                self._changed.wait(IDLE_RECHECK_S if done.sides == () else RECHECK_S)
            newest = self._wish
            # Only labels that are being changed are waited for; whom to compare is a choice, and is followed at once.
            while (
                newest.sides == done.sides
                and not newest.same(done)
                and not (self._decisions or self._closing)
            ):
                self._changed.wait(SETTLE_S)
                if self._wish is newest:
                    break
                newest = self._wish
            return newest

    def _compare(self, wish: Wish) -> None:
        others = {
            name: labels
            for name in self._store.reviewers()
            if name != self._apart_from
            and (labels := self._labels.get(self._store.journal_path(name, self._episode_id))) is not None
            and len(labels)
        }
        before = self._comparison
        same = self._compared is not None and wish.same(self._compared)
        if (
            same
            and before is not None
            and list(map(id, others.values())) == list(map(id, before.others.values()))
        ):
            return
        self._comparison = compared(others, wish)
        self._compared = wish


def compared(others: Mapping[str, EpisodeLabels], wish: Wish) -> Comparison:
    """Compare those wished for, as far as they are there."""
    known = {**others, wish.own_name: wish.own} if wish.own_name else dict(others)
    names = sides_to_settle(others) if wish.sides is None else wish.sides
    sides = {name: known[name] for name in names if name in known}
    if len(sides) < 2:
        return Comparison(others)
    frames_ns = wish.frames_ns if len(wish.frames_ns) else None
    stretches = compare(sides)
    return Comparison(
        others,
        sides,
        stretches,
        tuple(one for one in stretches if not one.agreed),
        tuple(
            (one, other, agreement(sides[one], sides[other], frames_ns))
            for one, other in combinations(sides, 2)
        ),
        (*take_agreed(EpisodeLabels(), stretches), *take_beside(others)) if wish.sides is None else (),
    )


def sides_to_settle(others: Mapping[str, EpisodeLabels]) -> tuple[str, ...]:
    """Those between whom there is something to decide: who has subtasks."""
    return tuple(name for name, labels in others.items() if labels.subtasks)


def _labels_of(path: Path) -> EpisodeLabels:
    return read_history(path).labels
