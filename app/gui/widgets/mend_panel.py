"""Beside the board: what is chosen in figures and words, what can be done about it, and how that went."""

from __future__ import annotations

from PyQt6.QtCore import QRectF, Qt
from PyQt6.QtGui import QPainter, QPaintEvent
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from app.gui import tokens
from app.gui.actions import Actions
from app.gui.robot.condition import Condition, Level, bus_condition, camera_condition, servo_condition
from app.gui.robot.facts import bus_facts, camera_facts, extremes, servo_facts
from app.gui.robot.groups import Group, Place
from app.gui.robot.mending import Stage
from app.gui.robot.pick import Kind, Pick
from app.gui.theme import Theme
from app.gui.widgets.action_button import ActionButton
from app.gui.widgets.board import LEVEL_LOOKS
from app.gui.widgets.fact_table import FactTable
from app.gui.widgets.histogram import AXIS_PX, paint_histogram
from app.gui.widgets.label import Label, rule
from app.gui.widgets.scroll import scrolled
from app.gui.wording import plain_name, sentence
from app.session.view import BusView, Snapshot

_NOTHING = "Choose a servo, a line or a camera: a click, or the arrow keys."
_STAGE_LOOKS = {
    Stage.UNDER_WAY: (tokens.TELEOP, "mdi6.progress-wrench"),
    Stage.DONE: (tokens.GOOD, "mdi6.check-bold"),
    Stage.IN_VAIN: (tokens.ALARM, "mdi6.alert-octagon"),
}
_HISTOGRAM_PX = 72
_AGAIN = "Again: the arms fall"
WHOLE = ("robot.power", "robot.let_go", "lift.home", "robot.calibrate")


class BigHistogram(QWidget):
    """A line's latencies with their scale."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._bus: BusView | None = None
        self.setFixedHeight(_HISTOGRAM_PX + AXIS_PX)
        self.setAccessibleName("Latencies of the last reads")

    def show_bus(self, bus: BusView) -> None:
        """Show this line's."""
        if self._bus is None or bus.latency_counts != self._bus.latency_counts:
            self.update()
        self._bus = bus

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """The histogram."""
        if self._bus is not None:
            painter = QPainter(self)
            paint_histogram(painter, QRectF(self.rect()), self._bus, self._theme.palette, scale=True)


class Said(QWidget):
    """A shape, and words beside it."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._look = ("", "")
        self._mark = QLabel()
        self._mark.setFixedWidth(tokens.ICON_PX)
        self.words = Label(wrap=True)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(tokens.steps(2))
        row.addWidget(self._mark, alignment=Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.words, stretch=1)
        self.setVisible(False)
        theme.changed.connect(self._recolour)

    def say(self, words: str, look: tuple[str, str] = ("", "")) -> None:
        """Show words with the shape of a hue and an icon; nothing for no words."""
        if look != self._look:
            self._look = look
            self._recolour()
        self.words.say(words)
        self.setVisible(bool(words))

    def _recolour(self) -> None:
        hue, icon = self._look
        if icon:
            ink = tokens.ink_of(hue, self._theme.palette)
            self._mark.setPixmap(self._theme.pixmap(icon, tokens.ICON_PX, ink))


class MendPanel(QWidget):
    """Follows the page's choice.

    Args:
        groups: the servos, for their names and units.
        theme: colours.
    """

    def __init__(self, groups: tuple[Group, ...], theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._places: dict[Pick, tuple[Group, Place]] = {
            place.pick: (group, place) for group in groups for place in group.places
        }
        self._buttons: dict[str, ActionButton] = {}
        self._actions: Actions | None = None
        self.title = Label(size_px=tokens.TEXT_LARGE_PX, bold=True)
        self.facts = FactTable()
        self.trouble = Said(theme)
        self.told = Said(theme)
        self.reason = Label(size_px=tokens.TEXT_SMALL_PX, dim=True, wrap=True)
        self._hint = Label(_NOTHING, dim=True, wrap=True)
        self._histogram = BigHistogram(theme)
        self.setObjectName("side")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedWidth(tokens.SIDE_WIDTH_PX)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)

    def build(self, actions: Actions) -> None:
        """Lay out, once the actions are registered."""
        self._actions = actions
        chosen = QWidget()
        upper = QVBoxLayout(chosen)
        upper.setContentsMargins(0, 0, 0, 0)
        upper.setSpacing(tokens.steps(3))
        for widget in (self.title, self._hint, self.trouble, self.facts, self._histogram):
            upper.addWidget(widget)
        for action_id in ("robot.reboot", "robot.reopen"):
            self._buttons[action_id] = ActionButton(actions[action_id], self._theme)
            upper.addWidget(self._buttons[action_id])
        upper.addWidget(self.reason)
        upper.addWidget(self.told)
        upper.addStretch()
        column = QVBoxLayout(self)
        column.setContentsMargins(*([tokens.steps(4)] * 4))
        column.setSpacing(tokens.steps(3))
        column.addWidget(scrolled(chosen), stretch=1)
        column.addWidget(rule())
        column.addWidget(Label("The whole robot", size_px=tokens.TEXT_SMALL_PX, dim=True))
        lifted = any(place.unit == "m" for _, place in self._places.values())
        for action_id in WHOLE:
            if action_id == "lift.home" and not lifted:
                continue
            self._buttons[action_id] = ActionButton(actions[action_id], self._theme)
            column.addWidget(self._buttons[action_id])

    def apply(
        self, snapshot: Snapshot, pick: Pick | None, told: tuple[Stage, str] | None, *, letting_go: bool
    ) -> None:
        """Show what is chosen as a snapshot has it.

        Args:
            snapshot: the newest.
            pick: what is chosen.
            told: how far its repair is, and that in words; None when none was asked for.
            letting_go: whether one more press lets the servos go.
        """
        kind = pick.kind if pick is not None else None
        self._hint.setVisible(pick is None)
        self._histogram.setVisible(kind is Kind.BUS)
        condition = self._show(snapshot, pick)
        worth = condition is not None and condition.level >= Level.BUSY and bool(condition.what)
        look = LEVEL_LOOKS.get(condition.level, ("", "")) if condition is not None else ("", "")
        self.trouble.say(_words_of(condition) if condition is not None and worth else "", look)
        self.told.say(
            told[1] if told is not None else "", _STAGE_LOOKS[told[0]] if told is not None else ("", "")
        )
        self._buttons["robot.reboot"].setVisible(kind is Kind.SERVO)
        self._buttons["robot.reopen"].setVisible(kind is Kind.CAMERA)
        shown = (
            {Kind.SERVO: "robot.reboot", Kind.CAMERA: "robot.reopen"}.get(kind) if kind is not None else None
        )
        reason = self._actions[shown].why_not() if self._actions is not None and shown is not None else ""
        self.reason.say(reason)
        self.reason.setVisible(bool(reason))
        self._buttons["robot.let_go"].set_title(_AGAIN if letting_go else "Let the servos go")
        for button in self._buttons.values():
            button.refresh()

    def _show(self, snapshot: Snapshot, pick: Pick | None) -> Condition | None:
        if pick is None:
            self.title.say("The robot's health")
            self.facts.fill(extremes(snapshot))
            return None
        if pick.kind is Kind.SERVO:
            group, place = self._places[pick]
            servo = next((s for s in snapshot.servos if (s.bus, s.id) == (pick.name, pick.servo_id)), None)
            self.title.say(sentence(servo.label if servo is not None else f"{group.title}, {place.part}"))
            self.facts.fill(servo_facts(place, servo, snapshot) if servo is not None else ())
            return servo_condition(servo) if servo is not None else None
        if pick.kind is Kind.BUS:
            bus = next((b for b in snapshot.buses if b.name == pick.name), None)
            self.title.say(f"{sentence(plain_name(pick.name))} line")
            self.facts.fill(bus_facts(bus) if bus is not None else ())
            if bus is not None:
                self._histogram.show_bus(bus)
            return bus_condition(bus) if bus is not None else None
        camera = next((c for c in snapshot.cameras if c.name == pick.name), None)
        self.title.say(f"{sentence(plain_name(pick.name))} camera")
        self.facts.fill(camera_facts(camera, snapshot) if camera is not None else ())
        return camera_condition(camera) if camera is not None else None


def _words_of(condition: Condition) -> str:
    remedy = sentence(condition.remedy)
    return f"{sentence(condition.what).rstrip('.')}. {remedy}" + (
        "." if remedy and not remedy.endswith(".") else ""
    )
