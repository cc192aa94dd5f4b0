"""What the side says of other reviewers: who they are, how far they agree, and what is left to decide."""

from __future__ import annotations

from PyQt6.QtWidgets import QVBoxLayout, QWidget

from app.gui import tokens
from app.gui.actions import Actions
from app.gui.labels.labelling import Labelling
from app.gui.told.number_board import Cell
from app.gui.told_keys import with_keys
from app.gui.widgets.label import Label
from app.gui.wording import amount
from recordings.labels import Progress

NOTHING_SAID = "nothing"
PROGRESS_WORDS = {
    Progress.OPEN: "",
    Progress.DONE: "done",
    Progress.ACCEPTED: "accepted",
    Progress.REJECTED: "to be done again",
}


class ReviewersView(QWidget):
    """Hidden while nobody else has labelled the episode.

    Args:
        labelling: what it is about.
        actions: for their keys.
    """

    def __init__(self, labelling: Labelling, actions: Actions) -> None:
        super().__init__()
        self._labelling = labelling
        self._actions = actions
        self.state = Label(bold=True, wrap=True)
        self.agreement = Label(size_px=tokens.TEXT_SMALL_PX, wrap=True)
        self.work = Label(size_px=tokens.TEXT_SMALL_PX, wrap=True)
        self.hint = Label(size_px=tokens.TEXT_SMALL_PX, dim=True, wrap=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(tokens.steps(1))
        for label in (self.state, self.agreement, self.work, self.hint):
            column.addWidget(label)

    def refresh(self, *, terse: bool) -> None:
        """Show how things stand; in few words where there is no room for what can be done."""
        comparing, deciding = self._labelling.comparing, self._labelling.adjudicating.on
        self.setVisible(deciding or bool(comparing.others))
        if self.isHidden():
            return
        for label, words in (
            (self.state, self._state()),
            (self.agreement, "\n".join(comparing.words)),
            (self.work, self._work()),
            (self.hint, comparing.problem or ("" if terse else self._hint())),
        ):
            label.say(with_keys(words, self._actions))
            label.setVisible(bool(words))

    def side_cells(self, position_ns: int) -> list[Cell]:
        """What each reviewer says at the playhead, where it is to be decided; none elsewhere."""
        adjudicating = self._labelling.adjudicating
        stretch = adjudicating.at(position_ns)
        if stretch is None or self._labelling.segmenting.begun is not None:
            return []
        taken = adjudicating.taken(stretch)
        said = stretch.texts
        return [
            Cell(f"{name}: {NOTHING_SAID if said[name] is None else said[name] or '?'}", lit=name in taken)
            for name in adjudicating.sides
        ]

    def _state(self) -> str:
        comparing, adjudicating = self._labelling.comparing, self._labelling.adjudicating
        if adjudicating.on:
            return adjudicating.words
        if not comparing.other:
            return f"Also labelled by {', '.join(comparing.others)}"
        count = len(comparing.differing)
        return f"Beside {comparing.other}: {'1 stretch differs' if count == 1 else f'{amount(count)} stretches differ'}"

    def _work(self) -> str:
        adjudicating = self._labelling.adjudicating
        return ", ".join(
            f"{number} {name} ({PROGRESS_WORDS[adjudicating.progress_of(name)] or 'not done'})"
            for number, name in enumerate(adjudicating.sides, start=1)
        )

    def _hint(self) -> str:
        adjudicating = self._labelling.adjudicating
        if not adjudicating.on:
            jump = (
                "{labels.differ_next} goes to where they differ. "
                if self._labelling.comparing.differing
                else ""
            )
            return jump + "{labels.compare} compares with the next, {labels.adjudicate} decides between them."
        if not adjudicating.sides:
            return "{labels.adjudicate} goes back to your own labels."
        left = len(adjudicating.agreed_left)
        agreed = f"{{labels.take_agreed}} takes {left} agreed. " if left else ""
        return agreed + (
            "A number takes that side, {labels.leave_final} leaves it as it is. {labels.done} accepts it all,"
            " {labels.work_1} judges the work of 1, {labels.adjudicate} goes back."
        )
