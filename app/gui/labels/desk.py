"""The labels of the episode that is open, and the one that is chosen; free of Qt, and it never waits for the disk.

What is done shows at once and is handed to the keeper in the same breath, so there is nothing to save.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from app.gui.labels.keeper import Keeper
from recordings.labels import (
    BoxLabel,
    Change,
    EpisodeLabel,
    EpisodeLabels,
    History,
    LabelStore,
    SpanLabel,
    Step,
    Tier,
    edits,
)

NO_FRAMES = np.zeros(0, np.int64)

_LOOK_S = 0.005

Journal = tuple[str, str]
"""Whose labels, and of which episode."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """The episode's bounds, and the stored frames that edges are nudged along.

    Attributes:
        start_ns, end_ns: its first and last moment.
        frames_ns: (F,) capture times of the main camera.
    """

    start_ns: int = 0
    end_ns: int = 0
    frames_ns: NDArray[np.int64] = field(default_factory=lambda: NO_FRAMES)

    def within(self, time_ns: int) -> int:
        """The moment, or the end that it lies beyond."""
        return min(max(time_ns, self.start_ns), self.end_ns)


class LabelDesk:
    """Holds the labels of one reviewer and episode; `segmenting`, `suggesting` and `box_work` say what is done to them.

    Attributes:
        journal: whose labels, and of which episode, whose id is empty for none; both change at once.
        stretch: bounds and frames of the episode.
        revision: counts everything that changes what is shown.
    """

    def __init__(self) -> None:
        self._keeper: Keeper | None = None
        self._left: list[Keeper] = []
        self._history: History | None = None
        self._preview: EpisodeLabels | None = None
        self._selected_id = ""
        self.journal: Journal = ("", "")
        self.stretch = Stretch()
        self.revision = 0

    def open(self, store: LabelStore, reviewer: str, episode_id: str) -> None:
        """Turn to the labels of an episode; they are there once `poll` has found them."""
        self.close()
        self.journal = (reviewer, episode_id)
        self._keeper = Keeper(store, reviewer, episode_id, after=self._left)
        self.touch()

    def close(self) -> None:
        """Let go of the episode; what was done is kept."""
        if self._keeper is not None:
            self._keeper.close()
            ended = [keeper for keeper in self._left if keeper.join(0.0) and not keeper.waiting]
            self._left = [keeper for keeper in self._left if keeper not in ended] + [self._keeper]
        self._keeper = self._history = self._preview = None
        self._selected_id = ""
        self.journal = (self.reviewer, "")
        self.touch()

    def give_up(self) -> None:
        """Let go of what the disk refuses, now that the window is closed."""
        for keeper in self._keepers:
            keeper.give_up()

    def settle(self, timeout_s: float) -> int:
        """Wait for steps on their way to the disk; how many are not there even then."""
        until_s = time.monotonic() + timeout_s
        while self.unkept and time.monotonic() < until_s:
            time.sleep(_LOOK_S)
        return self.unkept

    def join(self, timeout_s: float) -> bool:
        """Wait until all that was closed is kept; whether it was."""
        until = time.monotonic() + timeout_s
        return all(keeper.join(max(0.0, until - time.monotonic())) for keeper in self._left)

    def closing(self, episode_id: str) -> tuple[Keeper, ...]:
        """Those who still write labels of an episode that were closed, whoever's."""
        return tuple(keeper for keeper in self._left if keeper.episode_id == episode_id)

    def poll(self) -> None:
        """Take over what the keeper has read."""
        if self._history is None and self._keeper is not None and self._keeper.history is not None:
            self._history = self._keeper.history
            self.touch()

    @property
    def reviewer(self) -> str:
        """Whose labels."""
        return self.journal[0]

    @property
    def episode_id(self) -> str:
        """Of which episode; empty for none."""
        return self.journal[1]

    @property
    def opening(self) -> bool:
        """Whether labels are being read, and can be changed once they are."""
        keeper = self._keeper  # read once: it is also asked from another thread
        return keeper is not None and self._history is None and not keeper.read_only

    @property
    def ready(self) -> bool:
        """Whether labels can be changed."""
        return self._history is not None and self._keeper is not None and not self._keeper.read_only

    @property
    def loaded(self) -> bool:
        """Whether labels can be looked at."""
        return self._history is not None

    @property
    def is_kept(self) -> bool:
        """Whether all that was done is on the disk."""
        keeper = self._keeper  # read once: it is also asked from another thread
        return keeper is None or not keeper.waiting

    @property
    def unkept(self) -> int:
        """Steps that are not on the disk, in labels that were closed as well."""
        return sum(keeper.waiting for keeper in self._keepers)

    @property
    def problem(self) -> str:
        """What stands in the way of keeping labels, with what to do; empty for nothing."""
        unkept = (keeper.problem for keeper in self._left if keeper.waiting)
        return (self._keeper.problem if self._keeper is not None else "") or next(unkept, "")

    @property
    def labels(self) -> EpisodeLabels:
        """As they stand; what is being dragged is where it is dragged to."""
        if self._preview is not None:
            return self._preview
        return self._history.labels if self._history is not None else EpisodeLabels()

    @property
    def judgement(self) -> EpisodeLabel:
        """Of the whole episode, by this reviewer."""
        return self.labels.episode

    def judge(self, **judged: object) -> None:
        """Judge the whole episode, by the names of `EpisodeLabel`."""
        self.do(edits.judge(self.labels, **judged), "judge the episode")

    # -- steps ---------------------------------------------------------------------------------------------------------

    @property
    def undoable(self) -> str:
        """What `undo` would take back; empty for nothing."""
        return self._history.undoable if self._history is not None and self.ready else ""

    @property
    def undoable_utc_ns(self) -> int:
        """When the step was taken that `undo` would take back, ns since 1970; 0 for none."""
        return self._history.undoable_utc_ns if self._history is not None else 0

    @property
    def redoable(self) -> str:
        """What `redo` would do again; empty for nothing."""
        return self._history.redoable if self._history is not None and self.ready else ""

    def undo(self) -> None:
        """Take the last step back."""
        if self._history is not None:
            self._take(self._history.undo(utc_ns=time.time_ns()))

    def redo(self) -> None:
        """Take the step again that was taken back last."""
        if self._history is not None:
            self._take(self._history.redo(utc_ns=time.time_ns()))

    def do(self, changes: Sequence[Change], what: str, *, choose_new: bool = False) -> None:
        """Make changes, in one step.

        Args:
            changes: as `edits` or `boxes` work them out.
            what: in a word or two, for undo.
            choose_new: the last label that is new among them is chosen then.
        """
        self._preview = None
        if self._history is None or not self.ready:
            return
        self._take(self._history.step(changes, what, utc_ns=time.time_ns()))
        new = [change.id for change in changes if change.before is None]
        if choose_new and new:
            self.select(new[-1])

    def preview(self, changes: Sequence[Change]) -> None:
        """Show changes that are not made yet, while something is dragged; no changes end it."""
        if self._history is not None and self.ready:
            self._preview = with_changes(self._history.labels, changes) if changes else None
            self.touch()

    @property
    def kept_labels(self) -> EpisodeLabels:
        """As they stand, whatever is being dragged."""
        return self._history.labels if self._history is not None else EpisodeLabels()

    def touch(self) -> None:
        """Something that is shown has changed."""
        self.revision += 1

    # -- choosing ------------------------------------------------------------------------------------------------------

    @property
    def selected(self) -> SpanLabel | BoxLabel | None:
        """The label that edits are about."""
        label = self.labels.by_id.get(self._selected_id)
        return label if isinstance(label, SpanLabel | BoxLabel) else None

    @property
    def selected_span(self) -> SpanLabel | None:
        """The same where it is a span."""
        label = self.selected
        return label if isinstance(label, SpanLabel) else None

    @property
    def selected_box(self) -> BoxLabel | None:
        """The same where it is a box."""
        label = self.selected
        return label if isinstance(label, BoxLabel) else None

    def select(self, label_id: str) -> None:
        """Choose a label; none for the empty id."""
        if label_id != self._selected_id:
            self._selected_id = label_id
            self.touch()

    def select_beside(self, way: int, position_ns: int) -> SpanLabel | None:
        """Choose the next (1) or the last (-1) span of the tier, from the chosen one or the playhead; returns it."""
        chosen = self.selected_span
        spans = self.labels.spans(chosen.tier if chosen is not None else Tier.SUBTASK)
        if chosen in spans:
            at = spans.index(chosen) + way
        else:
            begun = sum(span.start_ns <= position_ns for span in spans)
            at = begun if way > 0 else begun - 1
        if not 0 <= at < len(spans):
            return None
        self.select(spans[at].id)
        return spans[at]

    @property
    def _keepers(self) -> list[Keeper]:
        return self._left + ([self._keeper] if self._keeper is not None else [])

    def _take(self, step: Step | None) -> None:
        if step is None or self._history is None or self._keeper is None or self._keeper.read_only:
            return
        self._preview = None
        self._keeper.append(step)
        self._history.take(step)
        self.touch()


def with_changes(labels: EpisodeLabels, changes: Sequence[Change]) -> EpisodeLabels:
    """The labels after some changes."""
    kept = dict(labels.by_id)
    for change in changes:
        if change.after is None:
            kept.pop(change.id, None)
        else:
            kept[change.id] = change.after
    return EpisodeLabels(kept.values())
