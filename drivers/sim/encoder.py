"""The servo's encoder: the joint's angle in ticks, as mount, drive mode and homing offset make it read."""

from __future__ import annotations

from drivers.sim import control_table as ct
from drivers.sim.shared_joint import JointPort


class Encoder:
    """Absolute within one turn; it counts turns while it has power and forgets them without.

    Without reversal the servo reads `zero_ticks + mount · angle · 4096/2π + turns · 4096`; with its drive mode reversed
    it reads 4096 minus that. The homing offset is added last.

    Args:
        table: registers of the servo, for drive mode and homing offset.
        port: the joint it sits on.
        mount: +1 where it counts up as the joint's angle grows in normal drive mode, else −1.
        zero_ticks: its reading at the joint's zero in normal drive mode.
    """

    def __init__(self, table: ct.ControlTable, port: JointPort, *, mount: int, zero_ticks: int) -> None:
        self._table = table
        self._port = port
        self._mount = mount
        self._zero_ticks = zero_ticks
        self._turns = 0

    @property
    def sense(self) -> int:
        """+1 or −1: the way the servo's numbers count against the joint's angle, mount and drive mode together."""
        return -self._mount if self._reversed else self._mount

    @property
    def position_ticks(self) -> int:
        """What the servo reads now."""
        ticks = self._unreversed_ticks()
        if self._reversed:
            ticks = ct.TICKS_PER_TURN - ticks
        return round(ticks) + self._table.get(ct.HOMING_OFFSET)

    def joint_rad(self, position_ticks: float) -> float:
        """The joint's angle at which the servo reads a position."""
        ticks = position_ticks - self._table.get(ct.HOMING_OFFSET)
        if self._reversed:
            ticks = ct.TICKS_PER_TURN - ticks
        turned = ticks - self._turns * ct.TICKS_PER_TURN - self._zero_ticks
        return self._mount * turned / ct.TICKS_PER_RAD

    def forget_turns(self) -> None:
        """Read within one turn again, as after power-up."""
        self._turns = 0
        self._turns = -(round(self._unreversed_ticks()) // ct.TICKS_PER_TURN)

    @property
    def _reversed(self) -> bool:
        return bool(self._table.get(ct.DRIVE_MODE) & ct.DRIVE_MODE_REVERSE)

    def _unreversed_ticks(self) -> float:
        turned = self._mount * self._port.position_rad * ct.TICKS_PER_RAD
        return self._zero_ticks + turned + self._turns * ct.TICKS_PER_TURN
