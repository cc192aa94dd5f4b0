"""Beside the board: what is chosen in figures and words, what can be done about it, and how that went."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PyQt6.QtCore import QRectF, Qt
from PyQt6.QtGui import QPainter, QPaintEvent
from PyQt6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from app.gui import tokens
from app.gui.actions import Actions
from app.gui.robot.condition import Condition, Level, bus_condition, camera_condition, servo_condition
from app.gui.robot.groups import Group, Place
from app.gui.robot.mending import Stage
from app.gui.robot.pick import Kind, Pick
from app.gui.theme import Theme
from app.gui.widgets.action_button import ActionButton
from app.gui.widgets.board import LEVEL_LOOKS
from app.gui.widgets.camera_list import spread_ms
from app.gui.widgets.histogram import AXIS_PX, paint_histogram
from app.gui.widgets.label import Label, rule
from app.gui.widgets.servo_grid import servo_position
from app.gui.wording import age, amount, plain_name, sentence
from app.session.view import BusView, CameraView, ServoView, Snapshot

_NOTHING = "Choose a servo, a line or a camera: a click, or the arrow keys."
_STAGE_LOOKS = {
    Stage.UNDER_WAY: (tokens.TELEOP, "mdi6.progress-wrench"),
    Stage.DONE: (tokens.GOOD, "mdi6.check-bold"),
    Stage.IN_VAIN: (tokens.ALARM, "mdi6.alert-octagon"),
}
_HISTOGRAM_PX = 72
_AGAIN = "Again: the arms fall"
WHOLE = ("robot.power", "robot.let_go", "lift.home", "robot.calibrate")


class Facts(QWidget):
    """Names and values in two columns; the labels stay, their words change."""

    def __init__(self) -> None:
        super().__init__()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(tokens.steps(3))
        self._grid.setVerticalSpacing(tokens.steps(1))
        self._grid.setColumnStretch(1, 1)
        self._rows: list[tuple[Label, Label]] = []

    def fill(self, facts: Sequence[tuple[str, str]]) -> None:
        """Show these."""
        while len(self._rows) < len(facts):
            pair = (Label(size_px=tokens.TEXT_SMALL_PX, dim=True).fit(), Label(size_px=tokens.TEXT_SMALL_PX))
            for column, label in enumerate(pair):
                self._grid.addWidget(label, len(self._rows), column)
            self._rows.append(pair)
        for number, (name, value) in enumerate(self._rows):
            shown = number < len(facts)
            name.setVisible(shown)
            value.setVisible(shown)
            if shown:
                name.say(facts[number][0])
                value.say(facts[number][1])
                value.setToolTip(facts[number][1])


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
        self.facts = Facts()
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
        column = QVBoxLayout(self)
        column.setContentsMargins(*([tokens.steps(4)] * 4))
        column.setSpacing(tokens.steps(3))
        for widget in (self.title, self._hint, self.trouble, self.facts, self._histogram):
            column.addWidget(widget)
        for action_id in ("robot.reboot", "robot.reopen"):
            self._buttons[action_id] = ActionButton(actions[action_id], self._theme)
            column.addWidget(self._buttons[action_id])
        column.addWidget(self.reason)
        column.addWidget(self.told)
        column.addStretch()
        column.addWidget(rule())
        column.addWidget(Label("The whole robot", size_px=tokens.TEXT_SMALL_PX, dim=True))
        for action_id in WHOLE:
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
            self.title.say(f"{sentence(plain_name(pick.name))} bus")
            self.facts.fill(bus_facts(bus) if bus is not None else ())
            if bus is not None:
                self._histogram.show_bus(bus)
            return bus_condition(bus) if bus is not None else None
        camera = next((c for c in snapshot.cameras if c.name == pick.name), None)
        self.title.say(f"{sentence(plain_name(pick.name))} camera")
        self.facts.fill(camera_facts(camera, snapshot) if camera is not None else ())
        return camera_condition(camera) if camera is not None else None


def extremes(snapshot: Snapshot) -> list[tuple[str, str]]:
    """The servos, line and camera that are nearest to trouble, while there is none."""
    facts = []
    warm = [servo for servo in snapshot.servos if math.isfinite(servo.temperature_c)]
    if warm:
        hottest = max(warm, key=lambda servo: servo.temperature_c)
        facts.append(("Warmest", f"{hottest.label}, {hottest.temperature_c:.0f} °C"))
        lowest = min(warm, key=lambda servo: servo.voltage_v)
        facts.append(("Lowest supply", f"{lowest.label}, {lowest.voltage_v:.1f} V"))
    loaded = [servo for servo in snapshot.servos if math.isfinite(servo.load)]
    if loaded:
        most = max(loaded, key=lambda servo: abs(servo.load))
        facts.append(("Greatest load", f"{most.label}, {abs(most.load):.0%}"))
    read = [bus for bus in snapshot.buses if math.isfinite(bus.latency_p99_ms)]
    if read:
        slowest = max(read, key=lambda bus: bus.latency_p99_ms)
        facts.append(("Slowest line", f"{plain_name(slowest.name)}, 99 % in {slowest.latency_p99_ms:.1f} ms"))
    return facts


def servo_facts(place: Place, servo: ServoView, snapshot: Snapshot) -> list[tuple[str, str]]:
    """A servo's figures, name and value."""
    ticks = "" if servo.position_ticks is None else f"{servo.position_ticks} ticks"
    stands = servo_position(place, servo, snapshot)
    load = "not measured" if math.isnan(servo.load) else f"{abs(servo.load):.0%} of its full load"
    if math.isfinite(servo.current_a) and math.isfinite(servo.load):
        load = f"{abs(servo.current_a):.2f} of {servo.current_limit_a:.2f} A, {abs(servo.load):.0%}"
    torque = "on" if servo.torque_on else "off, let go"
    if servo.torque_on != servo.wanted:
        torque = "off, and it should hold" if servo.wanted else "on, and it should be let go"
    return [
        ("Servo", f"{servo.id} on {plain_name(servo.bus)}"),
        ("Position", stands if stands == ticks or not ticks else f"{stands}, {ticks}"),
        ("Load", load),
        ("Temperature", _of(servo.temperature_c, "°C", f"stops at {servo.max_temperature_c:.0f}", 0)),
        (
            "Voltage",
            _of(servo.voltage_v, "V", f"bears {servo.min_voltage_v:.1f} to {servo.max_voltage_v:.1f}", 1),
        ),
        ("Torque", torque),
        ("Asked", f"{age((snapshot.time_ns - servo.polled_ns) / 1e6)} ago" if servo.polled_ns else "not yet"),
    ]


def bus_facts(bus: BusView) -> list[tuple[str, str]]:
    """A line's figures, name and value."""
    return [
        ("State", "connected" if bus.connected else "lost"),
        ("Reads", f"{amount(bus.reads)}, {'fast' if bus.fast_sync_read else 'plain'} sync read"),
        ("Asked again", amount(bus.retries)),
        ("Failed", amount(bus.failures)),
        ("Corrupted", amount(bus.corrupted)),
        ("Reconnected", "never" if not bus.reconnects else f"{amount(bus.reconnects)} times"),
        ("Silent servos", ", ".join(map(str, bus.silent_servos)) or "none"),
        ("Median, 95 %", f"{bus.latency_p50_ms:.2f} ms, {bus.latency_p95_ms:.2f} ms"),
        ("99 %, worst", f"{bus.latency_p99_ms:.2f} ms, {bus.latency_max_ms:.2f} ms"),
        ("Last error", bus.last_error or "none"),
    ]


def camera_facts(camera: CameraView, snapshot: Snapshot) -> list[tuple[str, str]]:
    """A camera's figures, name and value."""
    skew = "not known" if math.isnan(camera.skew_ms) else f"{camera.skew_ms:+.1f} ms".replace("-", "−")
    spread = spread_ms(snapshot)
    return [
        ("Picture", f"{camera.width_px} × {camera.height_px}"),
        ("Rate", f"{camera.rate_hz:.1f} of {camera.wanted_hz:.0f} Hz"),
        ("Age", age(camera.age_ms) if math.isfinite(camera.age_ms) else "no picture yet"),
        ("Skew to joints", skew),
        ("All cameras", "–" if math.isnan(spread) else f"within {spread:.0f} ms"),
        ("Dropped", amount(camera.dropped)),
        ("Lost", amount(camera.lost)),
        ("Reopened", "never" if not camera.reopened else f"{amount(camera.reopened)} times"),
    ]


def _of(value: float, unit: str, bears: str, digits: int) -> str:
    if math.isnan(value):
        return "not known yet"
    return f"{value:.{digits}f} {unit}" + ("" if "nan" in bears else f", {bears}")


def _words_of(condition: Condition) -> str:
    remedy = sentence(condition.remedy)
    return f"{sentence(condition.what).rstrip('.')}. {remedy}" + (
        "." if remedy and not remedy.endswith(".") else ""
    )
