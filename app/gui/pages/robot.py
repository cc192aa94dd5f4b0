"""Robot: whether it is well, at a glance, and the way to mend it."""

from __future__ import annotations

import math
import time

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QResizeEvent
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from app.gui import tokens
from app.gui.actions import Actions
from app.gui.pages.page import Page
from app.gui.robot.condition import Level
from app.gui.robot.facts import spread_ms
from app.gui.robot.groups import servo_groups
from app.gui.robot.mending import Mending
from app.gui.robot.pick import Kind, Pick
from app.gui.robot.troubles import Trouble, troubles, verdict
from app.gui.second_press import SecondPress
from app.gui.session_protocol import SessionLike
from app.gui.theme import Theme
from app.gui.widgets.action_button import ActionButton
from app.gui.widgets.board import LEVEL_LOOKS
from app.gui.widgets.bus_list import BusList
from app.gui.widgets.camera_list import CameraList
from app.gui.widgets.label import Label
from app.gui.widgets.loop_panel import PLOT_PX, LoopPanel
from app.gui.widgets.mend_panel import MendPanel
from app.gui.widgets.no_robot import NoRobot
from app.gui.widgets.row_board import ROW_PX
from app.gui.widgets.scroll import scrolled
from app.gui.widgets.servo_grid import CELL_PX, ServoGrid
from app.session.view import CameraView, ServoView, Snapshot

REDRAW_NS = 240_000_000
"""Four times a second: nobody reads figures faster."""

TOLD_HERE = frozenset({"servo:", "bus:", "camera:", "homing", "torque"})
"""Notices whose matter this page shows, with what to do about it."""


class RobotPage(Page):
    """The verdict over servos, lines, cameras and loop; beside them what is chosen, and what can be done about it.

    Attributes:
        stack: the health is its first page; whoever calibrates puts a page of their own beside it.
    """

    page_id = "robot"
    title = "Robot"
    key = "Ctrl+4"
    icon = "mdi6.robot-industrial"
    tells = TOLD_HERE

    def __init__(self, session: SessionLike, theme: Theme) -> None:
        super().__init__()
        self._session = session
        self._theme = theme
        self._groups = servo_groups(session.profile)
        self._drawn_ns = 0
        self._snapshot: Snapshot | None = None
        self._troubles: tuple[Trouble, ...] = ()
        self._let_go = SecondPress()
        self._loop: LoopPanel | None = None
        self._by_hand = False
        self.pick: Pick | None = None
        self.mending = Mending()
        self.stack = QStackedWidget()
        self.servos = ServoGrid(self._groups, theme)
        self.buses = BusList(session.profile, theme)
        self.cameras = CameraList(session.profile, theme)
        self.mend = MendPanel(self._groups, theme)
        self.empty = NoRobot(theme, session.profile.name)
        self.verdict = Label(size_px=tokens.TEXT_TITLE_PX, bold=True)
        self.named = Label(dim=True)
        self._mark = QLabel()
        self._mark_look = ("", "")
        self._next: ActionButton | None = None
        self._spread = Label(size_px=tokens.TEXT_SMALL_PX, dim=True)

    def build(self, actions: Actions) -> None:
        """Lay out, once the actions (which read this page's choice) are registered."""
        self._loop = LoopPanel(self._session, self._theme)
        self.mend.build(actions)
        self._next = ActionButton(actions["robot.next"], self._theme, title="Next", compact=True)
        self._health = QStackedWidget()
        self._area = self._build_health(self._loop, self._next)
        self._health.addWidget(self._area)
        self._health.addWidget(self.empty)
        main = QWidget()
        row = QHBoxLayout(main)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self._health, stretch=1)
        row.addWidget(self.mend)
        self.stack.addWidget(main)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self.stack)
        for board in (self.servos, self.buses, self.cameras):
            board.picked.connect(self.choose)
        self._theme.changed.connect(self._recolour)
        # While something else stands here, what ails the robot is told below again.
        self.stack.currentChanged.connect(lambda at: setattr(self, "tells", frozenset() if at else TOLD_HERE))

    # -- what the actions ask ------------------------------------------------------------------------------------------

    @property
    def servo(self) -> ServoView | None:
        """The servo that is chosen, as it was last shown."""
        if self.pick is None or self._snapshot is None or self.pick.kind is not Kind.SERVO:
            return None
        wanted = (self.pick.name, self.pick.servo_id)
        return next((servo for servo in self._snapshot.servos if (servo.bus, servo.id) == wanted), None)

    @property
    def camera(self) -> CameraView | None:
        """The camera that is chosen, as it was last shown."""
        if self.pick is None or self._snapshot is None or self.pick.kind is not Kind.CAMERA:
            return None
        name = self.pick.name
        return next((camera for camera in self._snapshot.cameras if camera.name == name), None)

    @property
    def troubled(self) -> bool:
        """Whether there is something to go to."""
        return any(trouble.pick is not None for trouble in self._troubles)

    def choose(self, pick: Pick | None) -> None:
        """Show this beside the board, as the operator chose it."""
        self._by_hand = True
        self._choose(pick)

    def _choose_worst(self) -> None:
        """Show what needs attention most, as long as it does and the operator has not chosen."""
        picks = [trouble.pick for trouble in self._troubles if trouble.pick is not None]
        if self.pick not in picks:
            self._choose(picks[0] if picks else None)

    def _choose(self, pick: Pick | None) -> None:
        self.pick = pick
        for board in (self.servos, self.buses, self.cameras):
            board.choose(pick)
        if self._snapshot is not None:
            self._show_chosen(self._snapshot)

    def choose_next_trouble(self) -> None:
        """Go on to the next thing that needs attention, the worst first."""
        picks = [trouble.pick for trouble in self._troubles if trouble.pick is not None]
        if picks:
            at = picks.index(self.pick) + 1 if self.pick in picks else 0
            self.choose(picks[at % len(picks)])

    def reboot(self) -> None:
        """Restart the chosen servo and restore it."""
        servo = self.servo
        if servo is not None:
            self._by_hand = True  # it stays chosen when it is well again, so that one sees that it is
            self.mending.reboot(servo, now_ns=time.monotonic_ns())
            self._session.reboot_servo(servo.bus, servo.id)
            self._drawn_ns = 0

    def reopen(self) -> None:
        """Close the chosen camera and open it again."""
        camera = self.camera
        if camera is not None:
            self._by_hand = True
            self.mending.reopen(camera, now_ns=time.monotonic_ns())
            self._session.reopen_camera(camera.name)
            self._drawn_ns = 0

    def let_go(self) -> None:
        """Let the servos go at the second press in a row: the arms fall."""
        if self._let_go.press():
            self._session.set_torque(False)
        self._drawn_ns = 0

    @property
    def letting_go(self) -> bool:
        """Whether one more press lets the servos go."""
        return self._let_go.waiting

    @property
    def can_calibrate(self) -> bool:
        """Whether there is a calibration to open: a second page of the stack."""
        return self.stack.count() > 1

    def open_calibration(self) -> None:
        """Show the calibration, the second page of the stack; whoever built it returns with `open_health`."""
        if self.can_calibrate:
            self.stack.setCurrentIndex(1)

    def open_health(self) -> None:
        """Show the health again."""
        self.stack.setCurrentIndex(0)
        self._drawn_ns = 0

    # -- following -----------------------------------------------------------------------------------------------------

    def entered(self) -> None:
        """Keys move among the servos at once; what is wrong is chosen already."""
        self._drawn_ns = 0
        self.servos.setFocus()

    def left(self) -> None:
        """A press to let go does not wait for the next visit, and the next visit begins with what is wrong then."""
        self._let_go.forget()
        self._by_hand = False

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Height that is to spare goes to the cells, the rows and the plot."""
        super().resizeEvent(event)
        if self._loop is None:
            return
        taken_px = _AROUND_PX + self.servos.row_count * (CELL_PX + tokens.steps(1))
        spare_px = max(0, self.height() - taken_px)
        self.servos.set_cell_height(CELL_PX + min(_SPARE_CELL_PX, spare_px // (2 * self.servos.row_count)))
        row_px = ROW_PX + min(
            _SPARE_ROW_PX, spare_px // (2 * max(len(self.buses.picks), len(self.cameras.picks), 1))
        )
        self.buses.set_row_height(row_px)
        self.cameras.set_row_height(row_px)
        self._loop.set_plot_height(PLOT_PX + min(_SPARE_PLOT_PX, spare_px // 2))

    def apply(self, snapshot: Snapshot) -> None:
        """Show a snapshot, a few times a second."""
        if snapshot.time_ns - self._drawn_ns < REDRAW_NS:
            return
        self._drawn_ns = snapshot.time_ns
        self._snapshot = snapshot
        self.mending.apply(snapshot)
        if self.stack.currentIndex() != 0 or self._loop is None:
            return
        self._troubles = troubles(snapshot, self._session.profile)
        heard = any(bus.connected for bus in snapshot.buses)
        self._health.setCurrentIndex(0 if heard else 1)
        if not self._by_hand:
            self._choose_worst()
        if heard:
            self._show_health(snapshot, self._loop)
        else:
            self.empty.apply(snapshot)
        self._show_chosen(snapshot)

    def _show_health(self, snapshot: Snapshot, loop: LoopPanel) -> None:
        self.verdict.say(verdict(snapshot, self._troubles))
        self.named.say("  ·  ".join(trouble.words for trouble in self._troubles))
        self.named.setToolTip("\n".join(trouble.words for trouble in self._troubles))
        self.named.setVisible(bool(self._troubles))
        if self._next is not None:
            self._next.setVisible(self.troubled)
            self._next.refresh()
        worst = self._troubles[0].condition.level if self._troubles else Level.WELL
        look = LEVEL_LOOKS.get(worst, (tokens.GOOD, "mdi6.check-circle"))
        if look != self._mark_look:
            self._mark_look = look
            self._recolour()
        self.servos.apply(snapshot)
        self.buses.apply(snapshot)
        self.cameras.apply(snapshot)
        spread = spread_ms(snapshot)
        self._spread.say("rate, age, skew" + ("" if math.isnan(spread) else f"; spread {spread:.0f} ms"))
        loop.apply(snapshot)

    def _show_chosen(self, snapshot: Snapshot) -> None:
        self.mend.apply(snapshot, self.pick, self.mending.of(self.pick), letting_go=self.letting_go)

    def _recolour(self) -> None:
        hue, icon = self._mark_look
        if icon:
            ink = tokens.ink_of(hue, self._theme.palette)
            self._mark.setPixmap(self._theme.pixmap(icon, tokens.TEXT_TITLE_PX + tokens.steps(1), ink))

    def _build_health(self, loop: LoopPanel, following: ActionButton) -> QScrollArea:
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(tokens.steps(4), tokens.steps(3), tokens.steps(4), tokens.steps(2))
        column.setSpacing(tokens.steps(1))
        top = QWidget()
        top.setFixedHeight(tokens.CONTROL_HEIGHT_PX)
        head = QHBoxLayout(top)
        head.setContentsMargins(0, 0, 0, 0)
        head.setSpacing(tokens.steps(3))
        head.addWidget(self._mark)
        head.addWidget(self.verdict.fit())
        head.addWidget(self.named, stretch=1)
        head.addStretch()
        head.addWidget(following)
        column.addWidget(top)
        column.addLayout(_heading("Servos", Label(_LEGEND, size_px=tokens.TEXT_SMALL_PX, dim=True)))
        column.addWidget(self.servos)
        column.addSpacing(tokens.steps(2))
        below = QHBoxLayout()
        below.setSpacing(tokens.steps(5))
        latencies = Label("median, 95, 99 % of a read", size_px=tokens.TEXT_SMALL_PX, dim=True)
        jitter = Label("lateness of each tick", size_px=tokens.TEXT_SMALL_PX, dim=True)
        for title, words, widget in (
            ("Serial lines", latencies, self.buses),
            ("Cameras", self._spread, self.cameras),
            ("Control loop", jitter, loop),
        ):
            part = QVBoxLayout()
            part.setSpacing(tokens.steps(1))
            part.addLayout(_heading(title, words))
            part.addWidget(widget)
            part.addStretch()
            below.addLayout(part, stretch=1)
        column.addLayout(below)
        column.addStretch()
        return scrolled(inner)


_AROUND_PX = 360
"""What everything but the servos takes in height where it is as small as it gets."""
_SPARE_CELL_PX, _SPARE_ROW_PX, _SPARE_PLOT_PX = 24, 20, 110
_LEGEND = "● holds   ○ let go   ▬ load of what it may draw"


def _heading(title: str, words: Label) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(tokens.steps(3))
    row.addWidget(Label(title, bold=True).fit())
    words.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    row.addWidget(words, stretch=1)
    return row
