"""A kiwi base: three omni wheels in velocity mode, from the wanted twist to wheel speeds and back.

Each row of the wheel matrix is [cos a, sin a, R] for a wheel that rolls along the angle `a` and sits at the distance R
from the centre: the wheel's ground speed is that row times the twist (vx, vy, wz).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from drivers.dynamixel.registers import RAD_S_PER_UNIT, OperatingMode
from drivers.dynamixel.setup import ServoPlan, Unit
from drivers.profile.schema import Base


class KiwiBase:
    """The kinematics of one base.

    Args:
        base: its geometry and limits.
    """

    def __init__(self, base: Base) -> None:
        self.ids = base.ids
        self.max_wheel_rad_s = base.max_wheel_rad_s
        angles = np.radians(base.wheel_angles_deg)
        rows = np.stack([np.cos(angles), np.sin(angles), np.full(3, base.base_radius_m)], axis=1)
        signs = np.where(base.inverted, -1.0, 1.0)
        self._wheels_of_twist = rows * (signs / base.wheel_radius_m)[:, None]
        self._twist_of_wheels = np.linalg.inv(self._wheels_of_twist).astype(np.float64)

    def wheel_speeds(self, twist: NDArray[np.floating]) -> NDArray[np.float64]:
        """(3,) wheel speeds in rad/s for a twist (vx, vy in m/s, wz in rad/s).

        When a wheel would exceed its limit all three are scaled together, so that the base goes the wanted way, slower.
        """
        speeds: NDArray[np.float64] = self._wheels_of_twist @ np.asarray(twist, np.float64)
        excess = max(1.0, float(np.max(np.abs(speeds))) / self.max_wheel_rad_s)
        return speeds / excess

    def twist(self, wheel_rad_s: NDArray[np.floating]) -> NDArray[np.float64]:
        """(3,) twist (vx, vy in m/s, wz in rad/s) from the measured wheel speeds in rad/s."""
        measured: NDArray[np.float64] = self._twist_of_wheels @ np.asarray(wheel_rad_s, np.float64)
        return measured

    def goals(self, twist: NDArray[np.floating]) -> dict[int, int]:
        """Goal velocities by servo id; a twist that is not finite stops the wheels."""
        speeds = self.wheel_speeds(twist) if np.isfinite(twist).all() else np.zeros(3)
        # Rounding towards zero keeps the fastest wheel within its limit.
        return {
            servo_id: int(speed / RAD_S_PER_UNIT) for servo_id, speed in zip(self.ids, speeds, strict=True)
        }


class Odometry:
    """Where the base is, by summing up its measured twists from where it started. Drifts, as wheels slip."""

    def __init__(self) -> None:
        self.x_m = 0.0
        self.y_m = 0.0
        self.yaw_rad = 0.0

    def advance(self, twist: NDArray[np.floating], duration_s: float) -> None:
        """Move on by a twist (vx, vy, wz) in the base's frame that lasted so long: an exact arc, not a chord."""
        vx, vy, wz = (float(rate) for rate in twist)
        turn = wz * duration_s
        if abs(turn) < 1e-9:
            along, across = duration_s, 0.5 * turn * duration_s
        else:
            along, across = math.sin(turn) / wz, (1.0 - math.cos(turn)) / wz
        dx, dy = vx * along - vy * across, vx * across + vy * along
        cos, sin = math.cos(self.yaw_rad), math.sin(self.yaw_rad)
        self.x_m += cos * dx - sin * dy
        self.y_m += sin * dx + cos * dy
        self.yaw_rad += turn


def base_units(base: Base) -> tuple[Unit, ...]:
    """How the wheels' servos must be set up: velocity mode, with a limit that allows the wheels' greatest speed."""
    limit = math.ceil(base.max_wheel_rad_s / RAD_S_PER_UNIT)
    return tuple(
        Unit(
            (
                ServoPlan(
                    id=servo_id,
                    label=f"wheel {place}",
                    model=base.model,
                    mode=OperatingMode.VELOCITY,
                    powered=True,
                    velocity_limit_units=limit,
                ),
            )
        )
        for place, servo_id in enumerate(base.ids, start=1)
    )
