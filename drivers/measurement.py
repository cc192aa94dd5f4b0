"""What the robot tells: its measured state, what ails it, and who answered when it was connected."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import msgspec
import numpy as np
from numpy.typing import NDArray

from drivers.dynamixel.health import LATENCY_BIN_MS, LATENCY_BINS, BusHealth, ServoState

__all__ = [
    "LATENCY_BINS",
    "LATENCY_BIN_MS",
    "BusCheck",
    "BusHealth",
    "ConnectionReport",
    "Fault",
    "HomingState",
    "Measurement",
    "ServoCheck",
    "ServoState",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One tick's reading of the whole robot. D numbers in the profile's order; NaN wherever not read this tick.

    Attributes:
        time_ns: `time.monotonic_ns()` at which the servos sampled, best estimate: for each bus halfway between the
            end of the request and the reply (at most the reply's wire time later), averaged over the buses.
        position: (D,) float32; arms rad, grippers opening in [0, 1], base measured vx, vy in m/s and wz in rad/s,
            lift m (NaN until it is homed).
        velocity: (D,) float32; the time derivative of `position`, for the base the same as `position`.
        effort: (D,) float32; signed current in ampere (positive pushes the position up), base 0. NaN for models that
            do not measure current.
        fresh: (D,) bool; whether the entry was read in this tick. Only fresh entries may be used.
        leader: (D,) float32; leader angles and handle openings in their follower's slots, NaN where there is none.
        leader_fresh: (D,) bool; as `fresh`, for `leader`.
        lost: names of the buses that are now lost.
    """

    time_ns: int
    position: NDArray[np.float32]
    velocity: NDArray[np.float32]
    effort: NDArray[np.float32]
    fresh: NDArray[np.bool_]
    leader: NDArray[np.float32]
    leader_fresh: NDArray[np.bool_]
    lost: tuple[str, ...]


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """Something that ails a servo or a bus now.

    Attributes:
        bus: name of the bus.
        servo_id: id of the servo; None when it is the whole bus.
        label: what a person calls the servo, such as `left elbow`, or the bus's name.
        code: `voltage`, `overheating`, `encoder`, `shock`, `overload`, `silent`, `torque off`, `watchdog`, `shadow`,
            `settings` or `lost`.
        message: one sentence with the values seen.
        remedy: what to do.
        needs_reboot: whether `Robot.reboot` is the way out.
    """

    bus: str
    servo_id: int | None
    label: str
    code: str
    message: str
    remedy: str
    needs_reboot: bool = False


class HomingState(Enum):
    """Where a lift stands with its zero."""

    NOT_HOMED = "not homed"
    SEARCHING = "searching"
    RISING = "rising"
    HOMED = "homed"
    FAILED = "failed"


class ServoCheck(msgspec.Struct, frozen=True, kw_only=True):
    """How one servo answered at connection."""

    id: int
    label: str
    answered: bool
    problem: str = ""
    remedy: str = ""


class BusCheck(msgspec.Struct, frozen=True, kw_only=True):
    """How one bus and its servos answered at connection."""

    name: str
    path: str
    servos: tuple[ServoCheck, ...] = ()
    fast_sync_read: bool = False
    problem: str = ""
    remedy: str = ""

    @property
    def ok(self) -> bool:
        """Whether the bus opened and each of its servos is ready."""
        return not self.problem and all(servo.answered and not servo.problem for servo in self.servos)


class ConnectionReport(msgspec.Struct, frozen=True, kw_only=True):
    """The whole tree of what answered and what did not."""

    buses: tuple[BusCheck, ...]

    @property
    def ok(self) -> bool:
        """Whether everything in the profile answered."""
        return all(bus.ok for bus in self.buses)

    def __str__(self) -> str:
        lines = []
        for bus in self.buses:
            ready = sum(servo.answered and not servo.problem for servo in bus.servos)
            reading = "fast sync read" if bus.fast_sync_read else "plain sync read"
            lines.append(
                f"{bus.name} on {bus.path}: "
                + (bus.problem or f"{ready} of {len(bus.servos)} servos ready, {reading}")
            )
            if bus.remedy:
                lines.append(f"  → {bus.remedy}")
            for servo in bus.servos:
                if servo.problem:
                    lines.append(f"  servo {servo.id} ({servo.label}): {servo.problem}")
                    lines.append(f"    → {servo.remedy}")
        return "\n".join(lines)
