"""How a servo, a bus or a camera is, in a word: well, worth a look, or in need of a hand."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import IntEnum

from app.gui.wording import age
from app.session.view import BusView, CameraView, ServoView

HOT_MARGIN_C = 10.0
"""From so far below its limit on a servo counts as hot: then there is still time to let it rest."""
LOW_MARGIN_V = 0.5
FAILED_SHARE = 0.01
"""From this share of failed reads on a line counts as unreliable."""
FEW_READS = 500
"""Fewer reads than this say nothing about a share."""
SLOW_SHARE = 0.9
"""A camera below this share of its rate is slow."""

WORDS = {"silent": "no reply", "torque off": "no torque", "settings": "not set up", "shadow": "shadow is off"}
"""A fault's code as it is said, where it is not said as it is called."""


class Level(IntEnum):
    """How much it matters; the greater, the more."""

    WELL = 0
    BUSY = 1
    WARNING = 2
    ERROR = 3


@dataclass(frozen=True, slots=True)
class Condition:
    """How something is.

    Attributes:
        level: how much it matters.
        word: in a word or three; empty when it is well.
        what: in a sentence, with the values seen.
        remedy: what to do.
    """

    level: Level = Level.WELL
    word: str = ""
    what: str = ""
    remedy: str = ""


WELL = Condition()
UNHEARD = Condition(what="not heard")
"""Of what no process tells anything."""


def servo_condition(servo: ServoView) -> Condition:
    """The worst that is wrong with a servo."""
    if servo.in_hand:
        return Condition(
            Level.BUSY, "set up", "It is being set up.", "Wait a moment; it takes hold by itself."
        )
    if servo.faults:
        fault = servo.faults[0]
        return Condition(Level.ERROR, WORDS.get(fault.code, fault.code), fault.message, fault.remedy)
    if not servo.answers:
        return Condition(
            Level.ERROR,
            "no reply",
            "It does not answer, and what stands here is from before.",
            "check its cable and power",
        )
    if servo.temperature_c > servo.max_temperature_c - HOT_MARGIN_C:
        return Condition(
            Level.WARNING,
            "hot",
            f"It is at {servo.temperature_c:.0f} °C and stops at {servo.max_temperature_c:.0f} °C.",
            "let it rest, and see what it holds up",
        )
    if servo.voltage_v < servo.min_voltage_v + LOW_MARGIN_V:
        return Condition(
            Level.WARNING,
            "low voltage",
            f"It gets {servo.voltage_v:.1f} V and stops below {servo.min_voltage_v:.1f} V.",
            "check the power supply and its cable",
        )
    if servo.voltage_v > servo.max_voltage_v:
        return Condition(
            Level.WARNING,
            "high voltage",
            f"It gets {servo.voltage_v:.1f} V and bears {servo.max_voltage_v:.1f} V.",
            "check the power supply",
        )
    return WELL


def bus_condition(bus: BusView) -> Condition:
    """The worst that is wrong with a serial line as a whole."""
    if not bus.connected:
        return Condition(
            Level.ERROR,
            "lost",
            bus.last_error or "The line does not answer.",
            "check its cable and power; it is taken up again by itself",
        )
    if bus.faults:
        fault = bus.faults[0]
        return Condition(Level.WARNING, WORDS.get(fault.code, fault.code), fault.message, fault.remedy)
    if bus.reads >= FEW_READS and bus.failures / bus.reads > FAILED_SHARE and not bus.silent_servos:
        return Condition(
            Level.WARNING,
            "loses reads",
            f"{bus.failures / bus.reads:.1%} of its reads lacked a servo after all tries.",
            "check the cable's length, shield and plugs, and plug the adapter into the computer itself",
        )
    return WELL


def camera_condition(camera: CameraView) -> Condition:
    """The worst that is wrong with a camera."""
    if camera.stale:
        waited = age(camera.age_ms) if math.isfinite(camera.age_ms) else ""
        what = f"Its newest picture is {waited} old." if waited else "It has not delivered a picture yet."
        return Condition(
            Level.ERROR,
            "frozen" if waited else "no picture",
            f"{what} {camera.error}".strip(),
            "check its cable, then reopen it" if camera.can_reopen else "it is taken up again by itself",
        )
    if camera.is_black:
        return Condition(
            Level.WARNING, "black", "It shows nothing at all.", "take its cover off, or give it light"
        )
    if 0 < camera.rate_hz < SLOW_SHARE * camera.wanted_hz:
        return Condition(
            Level.WARNING,
            "slow",
            f"It delivers {camera.rate_hz:.1f} of {camera.wanted_hz:.0f} pictures a second.",
            "give it light or a shorter exposure; at most two cameras on a hub",
        )
    return WELL


def position_words(value: float, unit: str, ticks: int | None) -> str:
    """Where a servo stands: in the unit of what it turns, else in ticks, else a dash."""
    if math.isfinite(value):
        if unit == "opening":
            return f"{100 * value + 0.0:.0f} %"
        return (
            f"{value:.3f} m"
            if unit == "m"
            else f"{value:+.2f}".replace("-", "−") + (f" {unit}" if unit else "")
        )
    return "–" if ticks is None else f"{ticks} ticks"
