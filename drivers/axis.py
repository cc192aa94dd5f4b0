"""Axes in a straight line from a servo's ticks: arm joints, gripper openings, leader joints and handles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drivers.dynamixel.bus import Reading
from drivers.dynamixel.registers import MODELS, RAD_PER_TICK, RAD_S_PER_UNIT

Vector = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """One axis: `value = (ticks - zero_ticks) * value_per_tick`.

    Attributes:
        servo_id: the servo read and commanded.
        slot: the axis's place in the D numbers.
        zero_ticks: where the value is zero.
        value_per_tick: rad, or opening, for each tick; negative for an axis that turns the other way.
        minimum, maximum: the least and the greatest value that is ever sent.
        model: the servo's model.
    """

    servo_id: int
    slot: int
    zero_ticks: float
    value_per_tick: float
    minimum: float
    maximum: float
    model: str


class AxisGroup:
    """The axes of one bus, converted all at once.

    Args:
        axes: N axes.
        bus_ids: the bus's servos in the order of its readings.
    """

    def __init__(self, axes: Sequence[Axis], bus_ids: Sequence[int]) -> None:
        self.ids = tuple(axis.servo_id for axis in axes)
        self.slots = np.array([axis.slot for axis in axes], np.intp)
        self._rows = np.array([list(bus_ids).index(axis.servo_id) for axis in axes], np.intp)
        self._zero = np.array([axis.zero_ticks for axis in axes], np.float64)
        self._per_tick = np.array([axis.value_per_tick for axis in axes], np.float64)
        self._per_velocity = self._per_tick * (RAD_S_PER_UNIT / RAD_PER_TICK)
        amperes = [MODELS[axis.model].ampere_per_unit or np.nan for axis in axes]
        self._per_current = np.sign(self._per_tick) * np.array(amperes)
        self._minimum = np.array([axis.minimum for axis in axes], np.float64)
        self._maximum = np.array([axis.maximum for axis in axes], np.float64)

    def fresh(self, reading: Reading) -> NDArray[np.bool_]:
        """(N,) which axes were read."""
        return reading.fresh[self._rows]

    def positions(self, reading: Reading) -> NDArray[np.float64]:
        """(N,) rad or opening; meaningless where not fresh."""
        return (reading.positions[self._rows] - self._zero) * self._per_tick

    def velocities(self, reading: Reading) -> NDArray[np.float64]:
        """(N,) rad/s or opening a second; meaningless where not fresh."""
        return reading.velocities[self._rows] * self._per_velocity

    def currents(self, reading: Reading) -> NDArray[np.float64]:
        """(N,) ampere, positive where it pushes the value up; NaN for models that do not measure it."""
        amperes: NDArray[np.float64] = reading.currents[self._rows] * self._per_current
        return amperes

    def goals(self, values: NDArray[np.floating]) -> dict[int, int]:
        """Goal ticks by servo id for (N,) values, clamped to their limits; what is not finite is left out."""
        with np.errstate(invalid="ignore"):
            clamped = np.clip(np.asarray(values, np.float64), self._minimum, self._maximum)
            ticks = np.rint(clamped / self._per_tick + self._zero)
        return {
            servo_id: int(tick)
            for servo_id, tick in zip(self.ids, ticks.tolist(), strict=True)
            if np.isfinite(tick)
        }
