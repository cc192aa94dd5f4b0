"""Deciding between reviewers, stretch by stretch: what is taken becomes the final labels; free of Qt."""

from __future__ import annotations

from dataclasses import dataclass

from app.gui.labels.comparing import Comparing, beside, stretch_at
from app.gui.labels.desk import LabelDesk
from recordings.labels import Change, EpisodeLabel, EpisodeLabels, Progress
from recordings.labels.adjudicate import Stretch, leave, sides_of, take, take_agreed
from recordings.labels.decided import Decided

_NEXT_PROGRESS = {Progress.ACCEPTED: Progress.REJECTED, Progress.REJECTED: Progress.DONE}


@dataclass(frozen=True, eq=False)
class _Left:
    """What is not decided, of these labels and stretches."""

    final: EpisodeLabels
    stretches: tuple[Stretch, ...]
    open: tuple[Stretch, ...]
    agreed: tuple[Stretch, ...]


class Adjudicating:
    """What is decided, on a desk with the final labels.

    That nothing is to be there is a decision too: what was said there is then kept as refused, in the final labels
    themselves, so that it can be undone like any other and is known when the episode is opened again.

    Args:
        desk: with the final labels, while this goes on.
        comparing: knows the others and where they differ.
    """

    def __init__(self, desk: LabelDesk, comparing: Comparing) -> None:
        self._desk = desk
        self._comparing = comparing
        self._left: _Left | None = None
        self._begun_with = ""

    @property
    def on(self) -> bool:
        """Whether the final labels are worked on, and not one's own."""
        return self._comparing.among_others

    @property
    def sides(self) -> tuple[str, ...]:
        """Between whom it is decided, in the order of their keys."""
        return tuple(self._comparing.comparison.sides) if self.on else ()

    @property
    def differing(self) -> int:
        """How many stretches there are to decide, decided or not."""
        return len(self._comparing.differing) if self.on else 0

    @property
    def open(self) -> tuple[Stretch, ...]:
        """Where the sides differ and nothing is decided yet."""
        return self._undecided.open if self.on else ()

    @property
    def agreed_left(self) -> tuple[Stretch, ...]:
        """Where the sides agree and it is not final yet."""
        return self._undecided.agreed if self.on else ()

    def turn(self, *, on: bool) -> None:
        """Work on the final labels of an episode that is opened next, or on one's own."""
        self._comparing.among_others = on
        self._begun_with = ""

    def poll(self) -> Stretch | None:
        """Take what is agreed, once, where nothing was ever final; then the first stretch to decide."""
        comparison, desk = self._comparing.comparison, self._desk
        if not self.on or not desk.ready or not comparison.sides or self._begun_with == desk.episode_id:
            return None
        self._begun_with = desk.episode_id
        if not len(desk.labels) and not desk.undoable and not desk.redoable:
            # Judged as open, the final labels do not count before they are accepted.
            desk.do((*comparison.agreed, Change(None, EpisodeLabel())), "take what is agreed")
        return self.open[0] if self.open else None

    def take_agreed(self) -> None:
        """Take all that is agreed and not final yet, in one step."""
        self._desk.do(take_agreed(self._desk.labels, self.agreed_left), "take what is agreed")

    def at(self, position_ns: int) -> Stretch | None:
        """The stretch to decide at the playhead, while nothing else is chosen that keys could be about."""
        if not self.on or not self._desk.ready or self._desk.selected is not None:
            return None
        return stretch_at(self._comparing.differing, position_ns)

    def taken(self, stretch: Stretch) -> tuple[str, ...]:
        """Whose side is the final one there, if it is decided."""
        return sides_of(self._desk.labels, stretch)

    def choose(self, number: int, position_ns: int) -> Stretch | None:
        """Take a side by its number, from 1, at the playhead; 0 leaves what is final as it is. The next to decide."""
        stretch = self.at(position_ns)
        if stretch is None or number > len(self.sides):
            return None
        final = self._desk.labels
        if number == 0:
            self._desk.do(leave(final, stretch), "leave it as it is")
        else:
            name = self.sides[number - 1]
            self._desk.do(take(final, stretch, name), f"decide for {name}")
        return beside(self.open, 1, stretch.start_ns) or next(iter(self.open), None)

    def progress_of(self, name: str) -> Progress:
        """Where a side's work stands."""
        return self._comparing.comparison.sides[name].episode.progress

    def judge_work(self, number: int) -> None:
        """Accept the work of a side, by its number from 1; again to have it done anew; again to leave it open."""
        if 1 <= number <= len(self.sides):
            name = self.sides[number - 1]
            self._comparing.decide(name, _NEXT_PROGRESS.get(self.progress_of(name), Progress.ACCEPTED))

    @property
    def words(self) -> str:
        """How far it is."""
        if len(self.sides) < 2:
            return "Nothing to decide: fewer than two have labelled this episode"
        left = len(self.open)
        count = self.differing
        if not count:
            return "Nothing differs"
        return f"{left} of {count} still differ" if left else f"All {count} decided"

    @property
    def _undecided(self) -> _Left:
        final, stretches = self._desk.kept_labels, self._comparing.stretches
        left = self._left
        if left is None or left.final is not final or left.stretches is not stretches:
            decided = Decided(final)
            left = self._left = _Left(
                final,
                stretches,
                tuple(
                    one
                    for one in self._comparing.differing
                    if not decided.throughout(one.start_ns, one.end_ns)
                ),
                tuple(
                    one for one in stretches if one.agreed and not decided.anywhere(one.start_ns, one.end_ns)
                ),
            )
        return left
