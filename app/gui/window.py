"""The window: calm while the session starts, plain when it cannot, and the frame once it runs."""

from __future__ import annotations

import logging
from collections.abc import Callable

from PyQt6.QtCore import QSize, Qt, pyqtSignal
from PyQt6.QtGui import QCloseEvent, QGuiApplication
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QMainWindow, QPushButton, QVBoxLayout, QWidget

from app.gui import tokens
from app.gui.catalogue.labels import add_losing
from app.gui.frame import REFRESH_INTERVAL_MS, Frame
from app.gui.labels.desk import LabelDesk
from app.gui.labels.losing import Losing
from app.gui.pulse import Pulse
from app.gui.session_protocol import SessionLike
from app.gui.settings import Settings
from app.gui.spoken import Voice
from app.gui.theme import Theme
from app.gui.widgets.label import Label
from app.gui.wording import counted

log = logging.getLogger("understudy.window")

_START_SIZE = (1440, 900)
_LEAST_SIZE = (1120, 680)
_UNSEEN = ("offscreen", "minimal")
"""Qt's platforms without a screen."""
_ON_THEIR_WAY_S = 0.5
"""Labels are on the disk within milliseconds, unless it refuses them."""


class Window(QMainWindow):
    """Holds a starting view, an error view, or the frame of a session.

    Attributes:
        pulse: how fast and how evenly the window refreshes.
        closed: emitted once, when the operator has closed it.
        profile_wanted: with the path of a profile, when the operator wants to go on with another.
        reopens: whether it was closed to be opened again.
        attended: whether somebody can answer; where nobody can, nothing is asked when it is closed.
    """

    closed = pyqtSignal()
    profile_wanted = pyqtSignal(str)

    def __init__(self, *, settings: Settings, theme: Theme, voice: Voice | None = None) -> None:
        super().__init__()
        self._settings = settings
        self._voice = voice
        self._theme = theme
        self.pulse = Pulse(interval_ms=REFRESH_INTERVAL_MS, parent=self)
        self.frame: Frame | None = None
        self.reopens = False
        self.attended = QGuiApplication.platformName() not in _UNSEEN
        self.losing: Losing | None = None
        self._loses = False
        self._desks: list[LabelDesk] = []
        self.setWindowTitle("Understudy")
        self.setWindowIcon(theme.icon("mdi6.drama-masks", tokens.TELEOP))
        self.setMinimumSize(*_LEAST_SIZE)
        self.resize(_start_size())
        geometry = settings.geometry
        if geometry is not None:
            self.restoreGeometry(geometry)
        self.show_starting()

    def show_starting(self) -> None:
        """While the processes come up."""
        self.setCentralWidget(
            _message(
                self._theme,
                "mdi6.drama-masks",
                tokens.TELEOP,
                "Understudy",
                "Waking the robot, its cameras and the recorder.",
            )
        )

    def show_failed(self, error: str, *, retry: Callable[[], None]) -> None:
        """When the session could not start: what is wrong, and the way to try again."""
        again = QPushButton("Try again")
        again.setFont(tokens.font(tokens.TEXT_PX, bold=True))
        again.setFixedHeight(tokens.CONTROL_HEIGHT_PX)
        again.clicked.connect(retry)
        self.setCentralWidget(
            _message(
                self._theme, "mdi6.alert-octagon", tokens.ALARM, "The session could not start", error, again
            )
        )
        again.setFocus()

    def attach(self, session: SessionLike) -> None:
        """Show a session."""
        self.frame = Frame(
            session, settings=self._settings, theme=self._theme, pulse=self.pulse, voice=self._voice
        )
        self.setCentralWidget(self.frame)
        self._desks = [*(desk for desk in self._desks if desk.unkept), self.frame.review_page.labelling.desk]
        add_losing(self.frame.actions_registry, stay=lambda: losing.close_over(), lose=lambda: losing.lose())
        losing = self.losing = Losing(self.frame.stack, self.frame.actions_registry, self._theme)
        losing.stayed.connect(self._stay)
        losing.chosen.connect(self._lose)
        losing.looks.connect(self._look_again)
        self.frame.calibration.profile_wanted.connect(self.profile_wanted)
        self.setWindowTitle(f"Understudy, {session.profile.name}")
        self.frame.restart_wanted.connect(self._restart)
        self.frame.begin()

    def let_go(self) -> None:
        """Show no session any more; the one that was shown is about to be closed."""
        if self.frame is not None:
            self.frame.end()
            self.frame = self.losing = None
        self.pulse.probe(False)
        self.show_starting()

    def _restart(self) -> None:
        self.reopens = True
        self.close()

    def closeEvent(self, event: QCloseEvent | None) -> None:
        """Remember the geometry and let go of everything; labels are not lost unasked where somebody can answer."""
        if event is not None and self._asks_first():
            event.ignore()
            return
        if self._loses:
            for desk in self._desks:
                desk.give_up()
        if self.frame is not None:
            self.frame.end()
        self._let_labels_go()
        self.pulse.probe(False)
        self._settings.geometry = self.saveGeometry()
        self._settings.save()
        self.closed.emit()
        super().closeEvent(event)

    def _asks_first(self) -> bool:
        """Ask whether labels may be lost, if any would be and there is somebody who can say so."""
        if (
            self._loses
            or self.losing is None
            or self.frame is None
            or not (self.attended and self.isVisible())
        ):
            return False
        self.frame.review_page.labelling.hand_over()
        unkept = sum(desk.settle(_ON_THEIR_WAY_S) for desk in self._desks)
        if unkept:
            self.losing.ask(unkept, self._label_problem)
        return bool(unkept)

    def _stay(self) -> None:
        self.reopens = False

    def _lose(self) -> None:
        self._loses = True
        self.close()

    def _look_again(self) -> None:
        unkept = sum(desk.unkept for desk in self._desks)
        if self.losing is not None and unkept:
            self.losing.ask(unkept, self._label_problem)
        elif self.losing is not None:
            self.losing.hide()
            self.close()

    def _let_labels_go(self) -> None:
        """Let go of what the disk refuses; what nobody chose to lose is told in the log."""
        for desk in self._desks:
            desk.give_up()
        for desk in self._desks:
            desk.join(_ON_THEIR_WAY_S)
        unkept = sum(desk.unkept for desk in self._desks)
        if unkept and not self._loses:
            log.error(
                "%s lost when the window was closed: %s", counted(unkept, "label step"), self._label_problem
            )
        self._desks = []

    @property
    def _label_problem(self) -> str:
        return next((problem for desk in self._desks if (problem := desk.problem)), "")


def _start_size() -> QSize:
    """The first size, no larger than the screen: what lies beyond it, STOP first of all, could not be reached."""
    wanted, screen = QSize(*_START_SIZE), QGuiApplication.primaryScreen()
    room = screen.availableSize() if screen is not None else wanted
    # A screen smaller than the least window, such as Qt's own off screen, says nothing about what can be seen.
    return wanted.boundedTo(room) if room.width() >= _LEAST_SIZE[0] else wanted


def _message(
    theme: Theme, icon: str, hue: str, title: str, words: str, button: QPushButton | None = None
) -> QWidget:
    view = QWidget()
    view.setObjectName("ground")
    view.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
    column = QVBoxLayout(view)
    column.setSpacing(tokens.steps(4))
    column.addStretch()
    mark = QLabel()
    mark.setPixmap(theme.pixmap(icon, 2 * tokens.ICON_BANNER_PX, hue))
    mark.setAlignment(Qt.AlignmentFlag.AlignHCenter)
    column.addWidget(mark)
    for text, size_px, bold in ((title, tokens.TEXT_BANNER_PX, True), (words, tokens.TEXT_LARGE_PX, False)):
        label = Label(text, size_px=size_px, bold=bold, dim=not bold, wrap=True)
        if "\n" in text:  # a list of mistakes reads better flush left
            label.setWordWrap(False)
            label.fit()
            column.addWidget(label, alignment=Qt.AlignmentFlag.AlignHCenter)
            continue
        label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(label)
    if button is not None:
        row = QHBoxLayout()
        row.addStretch()
        row.addWidget(button)
        row.addStretch()
        column.addLayout(row)
    column.addStretch()
    return view
