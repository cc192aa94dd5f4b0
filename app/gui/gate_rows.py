"""The alignment gate joint by joint: leader against robot, and what to turn which way. Free of Qt."""

from __future__ import annotations

import math
from dataclasses import dataclass

from app.gui.wording import plain_name
from app.session.view import GateView, TickView
from drivers.profile.schema import RobotProfile

TURN_UP, TURN_DOWN = "↺", "↻"
"""Towards larger and smaller angles: as a turn is drawn that is seen along its axis."""


@dataclass(frozen=True, slots=True)
class GateRow:
    """One joint or gripper.

    Attributes:
        slot: its place in the vector.
        name: such as "left elbow".
        leader, robot: where each is: "127°", or "60 %" for a gripper; "?" where it is not known.
        arrow: which way to turn the leader; empty once it is close enough.
        amount: by how much: "35°", "open 12 %".
        within: whether it is close enough.
        error: leader minus robot, in rad or opening.
    """

    slot: int
    name: str
    leader: str
    robot: str
    arrow: str
    amount: str
    within: bool
    error: float


class GateRows:
    """Names and kinds of a profile's slots."""

    def __init__(self, profile: RobotProfile) -> None:
        self._names = tuple(plain_name(name) for name in profile.vector_names)
        self._arms = frozenset(
            slot
            for segment in profile.segments
            if segment.kind == "arm"
            for slot in range(segment.start, segment.start + len(profile.arms[segment.name].joints))
        )

    def of(self, gate: GateView, tick: TickView | None) -> tuple[GateRow, ...]:
        """A row for each slot that the gate looks at: those still out of range first, the farthest on top."""
        rows = [
            self._row(slot, float(gate.error_rad[slot]), bool(gate.within[slot]), tick)
            for slot in range(len(gate.error_rad))
            if math.isfinite(float(gate.error_rad[slot]))
        ]
        return tuple(sorted(rows, key=lambda row: (row.within, 0.0 if row.within else -abs(row.error))))

    def instruction(self, row: GateRow) -> str:
        """The row as a sentence: "left elbow: move the leader +35°"."""
        if row.slot in self._arms:
            return f"{row.name}: move the leader {-math.degrees(row.error):+.0f}°".replace("-", "−")
        return f"{row.name}: {'close' if row.error > 0 else 'open'} the handle by {abs(row.error):.0%}"

    def _row(self, slot: int, error: float, within: bool, tick: TickView | None) -> GateRow:
        turns = slot in self._arms
        arrow = amount = ""
        if not within:
            arrow = (TURN_DOWN if error > 0 else TURN_UP) if turns else ""
            opening = f"{'close' if error > 0 else 'open'} {abs(100 * error):.0f} %"
            amount = f"{abs(math.degrees(error)):.0f}°" if turns else opening
        leader = float(tick.leader[slot]) if tick is not None else math.nan
        robot = float(tick.position[slot]) if tick is not None else math.nan
        return GateRow(
            slot=slot,
            name=self._names[slot],
            leader=_value(leader, turns=turns),
            robot=_value(robot, turns=turns),
            arrow=arrow,
            amount=amount,
            within=within,
            error=error,
        )


def _value(value: float, *, turns: bool) -> str:
    if not math.isfinite(value):
        return "?"
    whole = round(math.degrees(value) if turns else 100 * value)
    return f"{whole}°".replace("-", "−") if turns else f"{whole} %"
