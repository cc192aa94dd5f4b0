"""What to calibrate: a checklist with when each was last done."""

from __future__ import annotations

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from app.calibration.wizard import Wizard
from app.gui import tokens
from app.gui.widgets.label import Label
from app.gui.widgets.scroll import scrolled
from app.gui.widgets.tick_box import TickBox
from drivers.profile.schema import RobotProfile

_EXPLAINED = "One step at a time. Nothing is written before the last, and any of them can be cancelled."

_TITLE_PX = tokens.steps(96)
"""So wide that the summaries stand in a column."""


class ChooseView(QWidget):
    """A row for each procedure; arrows move, Space chooses.

    Attributes:
        toggled: with the id of a procedure that was chosen, or is not any more.
    """

    toggled = pyqtSignal(str)

    def __init__(self, profile: RobotProfile, wizard: Wizard) -> None:
        super().__init__()
        self._wizard = wizard
        self.boxes: dict[str, TickBox] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(tokens.steps(3))
        column.addWidget(Label("What to calibrate", size_px=tokens.TEXT_TITLE_PX, bold=True))
        column.addWidget(Label(_EXPLAINED, dim=True, wrap=True))
        self.reference = Label(dim=True, wrap=True)
        column.addWidget(self.reference)
        inner = QWidget()
        rows = QVBoxLayout(inner)
        rows.setContentsMargins(0, 0, tokens.steps(3), 0)
        rows.setSpacing(tokens.steps(2))
        for procedure in wizard.procedures:
            rows.addWidget(self._row(procedure.id, procedure.title, procedure.summary, profile))
        rows.addStretch()
        column.addWidget(scrolled(inner), stretch=1)

    def show_choice(self) -> None:
        """Follow the wizard's choice."""
        for procedure_id, box in self.boxes.items():
            box.blockSignals(True)
            box.setChecked(procedure_id in self._wizard.chosen)
            box.blockSignals(False)
        self.reference.say(f"Zeros of the arms are found with each arm {self._wizard.reference.words}.")

    def take_focus(self) -> None:
        """Keys move in the list at once."""
        for box in list(self.boxes.values())[:1]:
            box.setFocus()

    def _row(self, procedure_id: str, title: str, summary: str, profile: RobotProfile) -> QWidget:
        card = QFrame()
        card.setObjectName("card")
        row = QHBoxLayout(card)
        row.setContentsMargins(tokens.steps(4), tokens.steps(2), tokens.steps(4), tokens.steps(2))
        row.setSpacing(tokens.steps(4))
        box = TickBox(title)
        box.setFont(tokens.font(tokens.TEXT_LARGE_PX))
        box.setAccessibleDescription(summary)
        box.toggled.connect(lambda _: self.toggled.emit(procedure_id))
        self.boxes[procedure_id] = box
        box.setMinimumWidth(_TITLE_PX)
        row.addWidget(box)
        row.addWidget(Label(summary, dim=True), stretch=1)
        date = profile.calibrated.get(procedure_id, "")
        row.addWidget(Label(f"last {date}" if date else "never", dim=True).fit())
        return card
