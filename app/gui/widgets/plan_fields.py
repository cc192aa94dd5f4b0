"""Numbers of the plan: seconds and counts, with a word in place of zero."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QDoubleSpinBox, QSpinBox

from app.gui import tokens

MOST_S = 3600.0
MOST = 100_000


class SecondsEdit(QDoubleSpinBox):
    """A time; steps in whole seconds, and shows "3 s" rather than "3.0 s"."""

    def __init__(self, name: str, *, zero: str) -> None:
        super().__init__()
        self.setRange(0.0, MOST_S)
        self.setDecimals(1)
        self.setSuffix(" s")
        self.setSpecialValueText(zero)
        _dress(self, name)

    def textFromValue(self, v: float) -> str:
        """Without a decimal where there is none."""
        return f"{v:g}"


class CountEdit(QSpinBox):
    """A number of episodes."""

    def __init__(self, name: str, *, zero: str) -> None:
        super().__init__()
        self.setRange(0, MOST)
        self.setSpecialValueText(zero)
        _dress(self, name)


def _dress(edit: QSpinBox | QDoubleSpinBox, name: str) -> None:
    edit.setKeyboardTracking(False)
    edit.setAccessibleName(name)
    edit.setFont(tokens.font())
    edit.setFixedHeight(tokens.CONTROL_HEIGHT_PX)
    edit.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    edit.setAlignment(Qt.AlignmentFlag.AlignRight)
