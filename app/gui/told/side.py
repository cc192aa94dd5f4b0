"""The side column's part of the policy's modes: the subtask, what was said, what the model thinks, what was before."""

from __future__ import annotations

from PyQt6.QtWidgets import QVBoxLayout, QWidget

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
        self._shown: tuple[bool, ...] | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(tokens.steps(3))
        column.addWidget(rule())
        column.addWidget(self.card)
        column.addWidget(self.spoken)
        column.addWidget(self.alone)
        column.addWidget(self.chunks)
        column.addWidget(self.past, stretch=1)

    def wanted(self, snapshot: Snapshot) -> bool:
        """Whether there is anything to show."""
        return snapshot.mode in TOLD_MODES or self.spoken.wanted(snapshot)

    def apply(self, snapshot: Snapshot) -> None:
        """Show a snapshot."""
        told, alone = snapshot.mode in TOLD_MODES, snapshot.mode is Mode.AUTONOMOUS
        spoken = self.spoken.wanted(snapshot)
        self.spoken.apply(snapshot)
        asks = self.spoken.asks
        shown = (told, alone, spoken, asks)
        if shown != self._shown:
            self._shown = shown
            self.card.setVisible(told)
            self.alone.setVisible(alone and not asks)  # an answer is worth more than a thought
            self.spoken.setVisible(spoken)
            self.chunks.setVisible(told and not asks)
            self.past.setVisible(told)
        if told:
            self.card.apply(snapshot)
            self.chunks.apply(snapshot)
            self.past.apply(snapshot)
        if alone:
            self.alone.apply(snapshot)
