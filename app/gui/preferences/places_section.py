"""Places: which robot this is, and where things are kept, to be read and copied."""

from __future__ import annotations

from pathlib import Path

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QApplication, QHBoxLayout, QLineEdit, QPushButton

from app.gui import tokens
from app.gui.preferences.section import Section
from app.session.view import Snapshot


class PlacesSection(Section):
    """Lines to read and copy.

    Args:
        folder: of the settings.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__("Robot and folders")
        self.robot = self._place("Robot profile")
        self.recordings = self._place("Recordings go to")
        self.settings = self._place("Settings are kept in")
        self.settings.setText(str(folder))

    def apply(self, snapshot: Snapshot) -> None:
        """Follow the session."""
        for line, words in ((self.robot, snapshot.profile_name), (self.recordings, snapshot.dataset)):
            if line.text() != words:
                line.setText(words)
                line.setCursorPosition(0)

    def _place(self, caption: str) -> QLineEdit:
        self.caption(caption)
        line = QLineEdit()
        line.setReadOnly(True)
        line.setFont(tokens.font())
        line.setFixedHeight(tokens.CONTROL_HEIGHT_PX)
        line.setAccessibleName(caption)
        line.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        copy = QPushButton("Copy")
        copy.setFont(tokens.font())
        copy.setFixedHeight(tokens.CONTROL_HEIGHT_PX)
        copy.setAccessibleName(f"Copy: {caption}")
        copy.clicked.connect(lambda _=False: _copy(line.text()))
        row = QHBoxLayout()
        row.setSpacing(tokens.steps(2))
        row.addWidget(line, stretch=1)
        row.addWidget(copy)
        self.body.addLayout(row)
        return line


def _copy(text: str) -> None:
    if (clipboard := QApplication.clipboard()) is not None:
        clipboard.setText(text)
