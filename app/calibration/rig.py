"""What a calibration asks of the robot; a session is one."""

from __future__ import annotations

from typing import Protocol

from app.messages import Mode, Nudge


class Rig(Protocol):
    """Every method returns at once; what came of it is seen in a later snapshot."""

    def set_torque(self, on: bool, *, lent: bool = False) -> None:
        """Power the followers' servos, or let them go; lent, they are powered again should nobody watch any more."""

    def set_mode(self, mode: Mode) -> None:
        """Hand the robot to a source; hold ends every small move."""

    def nudge(self, nudge: Nudge) -> None:
        """Make a small slow move out of hold."""

    def probe_lift(self, lift: str, distance_m: float) -> None:
        """Move a lift a little."""

    def home_lifts(self) -> None:
        """Let the lifts look for their zero."""
