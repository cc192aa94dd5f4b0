"""The side column's part of the policy's modes: the subtask, what was said, what the model thinks, what was before."""

from __future__ import annotations

from PyQt6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from app.gui import tokens
from app.gui.actions import Actions
from app.gui.theme import Theme
from app.gui.told.alone_card import AloneCard, ChunkLine
from app.gui.told.past_subtasks import PastSubtasks
from app.gui.told.spoken_card import SpokenCard
from app.gui.told.subtask_card import SubtaskCard
from app.gui.told.telling import TOLD_MODES, Telling
from app.gui.widgets.label import rule
from app.messages import Mode
from app.session.view import Snapshot


class ToldSide(QWidget):
    """Shown in verbal and autonomous mode, and for a moment after something was said in any other."""

    def __init__(self, actions: Actions, theme: Theme, telling: Telling) -> None:
        super().__init__()
        self.card = SubtaskCard(actions, theme)
        self.spoken = SpokenCard(actions, theme, telling)
        self.alone = AloneCard(theme)
        self.chunks = ChunkLine(theme)
        self.past = PastSubtasks(theme)
        self.past.judged.connect(telling.judge)
        self._rule = rule()
        self._gap_px = tokens.steps(3)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(self._gap_px)
        for part in (self._rule, self.card, self.spoken, self.alone, self.chunks):
            column.addWidget(part)
        column.addWidget(self.past, stretch=1)
        column.addStretch()
        for part in (self.card, self.spoken):
            part.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def wanted(self, snapshot: Snapshot) -> bool:
        """Whether there is anything to show."""
        return snapshot.mode in TOLD_MODES or self.spoken.wanted(snapshot)

    @property
    def least_px(self) -> int:
        """The height without which what was said could not be read."""
        return self._rule.height() + self._gap_px + self.spoken.sizeHint().height()

    def apply(self, snapshot: Snapshot, *, room_px: int) -> None:
        """Show a snapshot.

        Args:
            snapshot: what is so.
            room_px: how high it may be; what matters least is left out first, and nothing is cut.
        """
        told, alone = snapshot.mode in TOLD_MODES, snapshot.mode is Mode.AUTONOMOUS
        self.spoken.apply(snapshot)
        asks = self.spoken.asks
        wanted = (  # what matters most comes first
            (self.spoken, self.spoken.wanted(snapshot)),
            (self.card, told),
            (self.alone, alone and not asks),  # an answer is worth more than a thought
            (self.chunks, told and not asks),
            (self.past, told),
        )
        left_px = room_px - self._rule.height()
        spoken_px = self._gap_px + self._needed_px(self.spoken) if self.spoken.wanted(snapshot) else 0
        self.card.show_brief(left_px - spoken_px < self._gap_px + self.card.needed_px(brief=False))
        for part, shown in wanted:
            needed_px = self._gap_px + self._needed_px(part)
            shown = shown and needed_px <= left_px
            if shown:
                left_px -= needed_px
            if part.isVisibleTo(self) is not shown:
                part.setVisible(shown)
        if told:
            self.card.apply(snapshot)
            self.chunks.apply(snapshot)
            self.past.apply(snapshot)
        if alone:
            self.alone.apply(snapshot)

    def _needed_px(self, part: QWidget) -> int:
        if part is self.card:
            return self.card.needed_px(brief=self.card.brief)
        return max(part.sizeHint().height(), part.minimumSizeHint().height())
