"""Another's labels beside one's own: whose, how far both agree, and where not; free of Qt."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from app.gui.labels.comparer import Comparer, Comparison, Wish, sides_to_settle
from app.gui.labels.desk import LabelDesk
from recordings.labels import EpisodeLabels, LabelStore, Progress
from recordings.labels.adjudicate import Stretch
from recordings.labels.agreement import Agreement

NOTHING = Comparison()


class Comparing:
    """Compares the labels on a desk with another's, or those of all others among themselves.

    Args:
        desk: with one's own labels.
    """

    def __init__(self, desk: LabelDesk) -> None:
        self._desk = desk
        self._comparer: Comparer | None = None
        self._left: list[Comparer] = []
        self._comparison = NOTHING
        self._other = ""
        self.among_others = False

    def open(self, store: LabelStore, reviewer: str, episode_id: str) -> None:
        """Turn to an episode. Whom one compares with stays the same."""
        self.close()
        self._comparer = Comparer(
            store, episode_id, apart_from=reviewer, after=self._desk.closing(episode_id)
        )

    def close(self) -> None:
        """Let go of it."""
        if self._comparer is not None:
            self._comparer.close()
            self._left = [one for one in self._left if not one.join(0.0)] + [self._comparer]
        self._comparer = None
        self._comparison = NOTHING

    def poll(self) -> None:
        """Say what is to be compared, and take over what came of it."""
        comparer, desk = self._comparer, self._desk
        if comparer is None:
            return
        if self.among_others:
            comparer.want(Wish(sides=None, frames_ns=desk.stretch.frames_ns))
        elif self.other and desk.loaded:
            sides = (desk.reviewer, self.other)
            comparer.want(Wish(sides, desk.reviewer, desk.kept_labels, desk.stretch.frames_ns))
        else:
            comparer.want(Wish())
        if comparer.comparison is not None and comparer.comparison is not self._comparison:
            self._comparison = comparer.comparison
            desk.touch()

    @property
    def others(self) -> tuple[str, ...]:
        """Who else has labelled the episode."""
        return tuple(self._comparison.others)

    @property
    def other(self) -> str:
        """Whom one compares with; empty for nobody, and where that one has not labelled the episode."""
        return self._other if self._other in self._comparison.others and not self.among_others else ""

    def cycle(self) -> None:
        """Compare with the next of the others; after the last, with nobody."""
        names = ("", *self.others)
        self._other = names[(names.index(self.other) + 1) % len(names)]
        self._desk.touch()

    @property
    def shown(self) -> dict[str, EpisodeLabels]:
        """The labels to be seen beside one's own, by name."""
        others = self._comparison.others
        names: Sequence[str] = (
            sides_to_settle(others) if self.among_others else [self.other] * bool(self.other)
        )
        return {name: others[name] for name in names}

    @property
    def stretches(self) -> tuple[Stretch, ...]:
        """The episode, where each says one thing."""
        return self._comparison.stretches

    @property
    def differing(self) -> tuple[Stretch, ...]:
        """Where they differ, in order."""
        return self._comparison.differing

    @property
    def comparison(self) -> Comparison:
        """All that is known."""
        return self._comparison

    @property
    def problem(self) -> str:
        """What stands in the way; empty for nothing."""
        return self._comparer.problem if self._comparer is not None else ""

    def decide(self, reviewer: str, progress: Progress) -> None:
        """Judge another's work on the episode."""
        if self._comparer is not None:
            self._comparer.decide(reviewer, progress)

    @property
    def words(self) -> tuple[str, ...]:
        """How far they agree, a line for each pair."""
        return tuple(agreement_words(*pair) for pair in self._comparison.agreements)

    def join(self, timeout_s: float) -> bool:
        """Wait for what was closed; whether it has ended."""
        return all(comparer.join(timeout_s) for comparer in self._left)


def beside(stretches: Sequence[Stretch], way: int, position_ns: int) -> Stretch | None:
    """The next stretch (1) after a moment, or the last one (-1) before it."""
    if way > 0:
        return next((one for one in stretches if one.start_ns > position_ns), None)
    return next((one for one in reversed(stretches) if one.start_ns < position_ns), None)


def stretch_at(stretches: Sequence[Stretch], time_ns: int) -> Stretch | None:
    """The stretch of a moment, of some that are in order."""
    at = bisect_right(stretches, time_ns, key=lambda one: one.start_ns) - 1
    return stretches[at] if at >= 0 and time_ns < stretches[at].end_ns else None


def agreement_words(one: str, other: str, found: Agreement) -> str:
    """How far two agree, as short as can be."""
    who = f"{one} and {other}"
    if found.unlabelled:
        without = " and ".join({"A": one, "B": other}[side] for side in found.unlabelled)
        return f"{who}: nothing to compare, no subtasks by {without}"
    if found.kappa is None:
        return f"{who}: nothing to compare, no frames"
    iou = f"IoU {found.mean_iou:.2f}" if found.mean_iou is not None else "no segment in common"
    edges = f"edges {found.edge_median_ms:.0f} ms apart" if found.edge_errors_ns else "no edge in common"
    return f"{who}: κ {found.kappa:.2f}, {iou}, {edges}"
