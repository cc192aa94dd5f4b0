"""The plan in the side column: the task, where and who in one line, and word that the scene has stood for long."""

from __future__ import annotations

from PyQt6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.collection.plan import CollectionPlan
from app.gui import tokens
from app.gui.actions import Actions
from app.gui.collecting import Collecting
from app.gui.theme import Theme
from app.gui.widgets.action_button import ActionButton
from app.gui.widgets.key_label import KeyLabel
from app.gui.widgets.label import Label
from app.gui.widgets.remembered_edit import RememberedEdit
from app.session.view import Snapshot


def place_words(plan: CollectionPlan) -> str:
    """Where: "flat 2, kitchen, cups on the left"."""
    return ", ".join(words for words in (plan.home, plan.room, plan.scene) if words) or "Where is this?"


def operator_words(plan: CollectionPlan) -> str:
    """Who."""
    return plan.operator or "Who drives?"


class PlanLine(QWidget):
    """Calm: everything else of the plan is one key away."""

    def __init__(self, actions: Actions, theme: Theme, task: RememberedEdit, collecting: Collecting) -> None:
        super().__init__()
        self._collecting = collecting
        self._place = Label(size_px=tokens.TEXT_SMALL_PX, dim=True)
        self._operator = Label(size_px=tokens.TEXT_SMALL_PX, dim=True)
        self._nudge = Label(size_px=tokens.TEXT_PX, wrap=True)
        self._nudge_box = QWidget()
        self._head_box, self._place_box = QWidget(), QWidget()
        head = QHBoxLayout(self._head_box)
        head.setContentsMargins(0, 0, 0, 0)
        head.addWidget(Label("Task", size_px=tokens.TEXT_SMALL_PX, dim=True).fit())
        head.addStretch()
        head.addWidget(KeyLabel("{task.edit}", actions, size_px=tokens.TEXT_SMALL_PX, dim=True).fit())
        where = QVBoxLayout()
        where.setSpacing(0)
        where.addWidget(self._place)
        where.addWidget(self._operator)
        place = QHBoxLayout(self._place_box)
        place.setContentsMargins(0, 0, 0, 0)
        place.setSpacing(tokens.steps(2))
        place.addLayout(where, stretch=1)
        place.addWidget(ActionButton(actions["plan.edit"], theme, title="Plan", compact=True))
        nudge = QHBoxLayout(self._nudge_box)
        nudge.setContentsMargins(0, 0, 0, 0)
        nudge.setSpacing(tokens.steps(2))
        nudge.addWidget(self._nudge, stretch=1)
        nudge.addWidget(ActionButton(actions["scene.edit"], theme, title="New scene", compact=True))
        self._nudge_box.setVisible(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(tokens.steps(2))
        layout.addWidget(self._head_box)
        layout.addWidget(task)
        layout.addWidget(self._place_box)
        layout.addWidget(self._nudge_box)

    def show_brief(self, brief: bool) -> None:
        """The task alone, where the room is needed for something else."""
        for box in (self._head_box, self._place_box):
            if box.isVisibleTo(self) is brief:
                box.setVisible(not brief)

    @property
    def nudge(self) -> str:
        """The words that ask for another scene; empty while there are none."""
        return self._nudge.text() if self._nudge_box.isVisibleTo(self) else ""

    def apply(self, snapshot: Snapshot) -> None:
        """Follow the plan and the nudge."""
        plan = self._collecting.plan
        self._place.say(place_words(plan))
        self._operator.say(operator_words(plan))
        nudge = snapshot.collection.nudge
        self._nudge.say(nudge)
        if bool(nudge) != self._nudge_box.isVisibleTo(self):
            self._nudge_box.setVisible(bool(nudge))
