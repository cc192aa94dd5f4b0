"""What stands in place of the robot's health while no robot answers: what is known, and what to do."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.gui import tokens
from app.gui.theme import Theme
from app.gui.widgets.copy_line import CopyLine
from app.gui.widgets.fact_table import FactTable
from app.gui.widgets.label import Label
from app.gui.widgets.mark import Mark
from app.gui.wording import plain_name
from app.session.view import Snapshot

_WIDTH_PX = 620


class NoRobot(QWidget):
    """Names each line with what is wrong with it, and the command that looks closer.

    Args:
        theme: colours.
        profile_name: the robot's, for the command.
    """

    def __init__(self, theme: Theme, profile_name: str) -> None:
        super().__init__()
        self._title = Label(size_px=tokens.TEXT_TITLE_PX, bold=True)
        self._why = Label(dim=True, wrap=True)
        self.lines = FactTable()
        self.command = CopyLine("The command that looks at every device", f"understudy check {profile_name}")
        mark = Mark("mdi6.robot-off", theme)
        box = QWidget()
        box.setFixedWidth(_WIDTH_PX)
        column = QVBoxLayout(box)
        column.setSpacing(tokens.steps(3))
        column.addStretch()
        for label in (self._title, self._why):
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        for widget in (mark, self._title, self._why, self.lines):
            column.addWidget(widget)
        told = (
            "To see device by device what answers, close this window and run (with the file of your profile):"
        )
        column.addWidget(Label(told, size_px=tokens.TEXT_SMALL_PX, dim=True, wrap=True))
        column.addWidget(self.command)
        column.addStretch()
        whole = QHBoxLayout(self)
        whole.addStretch()
        whole.addWidget(box)
        whole.addStretch()

    def apply(self, snapshot: Snapshot) -> None:
        """Say what is known."""
        process = next((process for process in snapshot.processes if process.name == "robot"), None)
        if snapshot.buses:
            self._title.say("No robot answers")
            self._why.say(
                "Not one of its serial lines does. Check its power, and the USB cables to the computer."
            )
        elif process is not None and process.state == "restarting":
            self._title.say("The robot's process is lost")
            self._why.say("It is started again by itself; the servos hold by themselves until then.")
        else:
            self._title.say("Looking for the robot")
            self._why.say("Its lines are being opened and its servos set up; that takes a few seconds.")
        self.lines.fill(
            [(plain_name(bus.name), bus.last_error or "does not answer") for bus in snapshot.buses]
        )
