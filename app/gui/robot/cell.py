"""What the cell of a servo shows, as it shows it: rounded, so that only what one would see change is repainted."""

from __future__ import annotations

import math
from dataclasses import dataclass

from app.gui.robot.condition import WELL, Condition, Level, position_words, servo_condition
from app.gui.robot.groups import Place
from app.gui.wording import counted
from app.session.view import ServoView, Snapshot

LOAD_STEPS = 50
"""Steps of the bar of load from nothing to the limit."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One servo.

    Attributes:
        condition: how it is.
        known: whether the rest is of now.
        holds: whether it has torque.
        position, temperature, voltage: in words; empty for what is not known.
        load_steps: 0 to `LOAD_STEPS` and beyond.
    """

    condition: Condition = WELL
    known: bool = False
    holds: bool = False
    position: str = "–"
    temperature: str = ""
    voltage: str = ""
    load_steps: int = 0


def cell_of(place: Place, servo: ServoView | None, snapshot: Snapshot) -> Cell:
    """What to show of a servo; a cell that knows nothing for one that is not heard."""
    if servo is None:
        return Cell()
    return Cell(
        condition=servo_condition(servo),
        known=servo.answers,
        holds=servo.torque_on,
        position=servo_position(place, servo, snapshot),
        temperature=f"{servo.temperature_c:.0f} °C" if math.isfinite(servo.temperature_c) else "",
        voltage=f"{servo.voltage_v:.1f} V" if math.isfinite(servo.voltage_v) else "",
        load_steps=round(LOAD_STEPS * abs(servo.load)) if math.isfinite(servo.load) else 0,
    )


def servo_position(place: Place, servo: ServoView, snapshot: Snapshot) -> str:
    """Where a servo stands by the newest tick, in the unit of what it turns; in ticks where there is no such number."""
    value = math.nan
    if snapshot.tick is not None and place.slot >= 0:
        vector = snapshot.tick.leader if place.leader else snapshot.tick.position
        value = float(vector[place.slot])
    return position_words(value, place.unit, servo.position_ticks)


def group_words(servos: list[ServoView], cells: list[Cell]) -> str:
    """A device in two lines: how many servos, and how warm they are."""
    if not servos:
        return "not heard"
    known = [servo.temperature_c for servo in servos if math.isfinite(servo.temperature_c)]
    ailing = sum(cell.condition.level >= Level.WARNING for cell in cells)
    warmth = "" if not known else f"{min(known):.0f} to {max(known):.0f} °C"
    if min(known, default=0) == max(known, default=1):
        warmth = f"{known[0]:.0f} °C"
    return (
        f"{ailing} of {len(servos)} ailing\n{warmth}"
        if ailing
        else f"{counted(len(servos), 'servo')}\n{warmth}"
    )
