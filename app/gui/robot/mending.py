"""How a repair goes on that was asked for: under way, done, or in vain, told where it was asked."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from app.gui.robot.pick import Kind, Pick
from app.session.view import CameraView, ServoView, Snapshot

REBOOT_LIMIT_S = 12.0
REOPEN_LIMIT_S = 10.0
TOLD_S = 20.0
"""How long the end of a repair is told."""


class Stage(Enum):
    """How far it is."""

    UNDER_WAY = "under way"
    DONE = "done"
    IN_VAIN = "in vain"


@dataclass(slots=True)
class _Repair:
    pick: Pick
    began_ns: int
    had_fault: bool
    reopened: int = 0
    seen_in_hand: bool = False
    stage: Stage = Stage.UNDER_WAY
    words: str = ""
    ended_ns: int = 0


class Mending:
    """Follows the newest repair of each thing by what the snapshots show of it."""

    def __init__(self) -> None:
        self._repairs: dict[Pick, _Repair] = {}

    def reboot(self, servo: ServoView, *, now_ns: int) -> None:
        """The restart of a servo was asked for."""
        pick = Pick(Kind.SERVO, servo.bus, servo.id)
        self._repairs[pick] = _Repair(pick, now_ns, had_fault=bool(servo.faults), words="Rebooting")

    def reopen(self, camera: CameraView, *, now_ns: int) -> None:
        """A camera was to be closed and opened again."""
        pick = Pick(Kind.CAMERA, camera.name)
        self._repairs[pick] = _Repair(
            pick, now_ns, had_fault=camera.stale, reopened=camera.reopened, words="Reopening"
        )

    def of(self, pick: Pick | None) -> tuple[Stage, str] | None:
        """How far the repair of a thing is, and that in words; None when none was asked for lately."""
        repair = self._repairs.get(pick) if pick is not None else None
        return None if repair is None else (repair.stage, repair.words)

    def apply(self, snapshot: Snapshot) -> None:
        """Learn from a snapshot."""
        for pick, repair in list(self._repairs.items()):
            if repair.stage is Stage.UNDER_WAY:
                self._follow(repair, snapshot)
            elif (snapshot.time_ns - repair.ended_ns) / 1e9 > TOLD_S:
                del self._repairs[pick]

    def _follow(self, repair: _Repair, snapshot: Snapshot) -> None:
        refusals = (
            notice.what
            for notice in snapshot.notices
            if notice.key == "command" and notice.since_ns > repair.began_ns
        )
        refusal = next(refusals, "")
        took_s = (snapshot.time_ns - repair.began_ns) / 1e9
        if refusal:
            _end(repair, Stage.IN_VAIN, f"Refused: {refusal}", snapshot.time_ns)
        elif repair.pick.kind is Kind.SERVO:
            self._follow_reboot(repair, snapshot, took_s)
        else:
            self._follow_reopening(repair, snapshot, took_s)

    def _follow_reboot(self, repair: _Repair, snapshot: Snapshot, took_s: float) -> None:
        servo = next(
            (s for s in snapshot.servos if (s.bus, s.id) == (repair.pick.name, repair.pick.servo_id)), None
        )
        if servo is None:
            return
        repair.seen_in_hand |= servo.in_hand
        restarted = repair.seen_in_hand or (repair.had_fault and not servo.faults)
        asked_since = servo.polled_ns > repair.began_ns
        well = servo.answers and not servo.in_hand and not servo.faults and servo.torque_on == servo.wanted
        if restarted and asked_since and well:
            words = "Rebooted, torque on again" if servo.wanted else "Rebooted; it is let go, as it was"
            _end(repair, Stage.DONE, words, snapshot.time_ns)
        elif took_s > REBOOT_LIMIT_S:
            still = f"still {servo.faults[0].code}" if servo.faults else "it does not answer as it should"
            words = f"Rebooting it did not help: {still}"
            _end(repair, Stage.IN_VAIN, words, snapshot.time_ns)

    def _follow_reopening(self, repair: _Repair, snapshot: Snapshot, took_s: float) -> None:
        camera = next((c for c in snapshot.cameras if c.name == repair.pick.name), None)
        if camera is None:
            return
        if not camera.stale and (camera.reopened > repair.reopened or repair.had_fault):
            _end(repair, Stage.DONE, "Reopened, and it delivers again", snapshot.time_ns)
        elif took_s > REOPEN_LIMIT_S:
            words = (
                "Reopening it did not help"
                if camera.stale
                else "It was not reopened; it delivers all the while"
            )
            _end(repair, Stage.IN_VAIN, words, snapshot.time_ns)


def _end(repair: _Repair, stage: Stage, words: str, now_ns: int) -> None:
    repair.stage, repair.words, repair.ended_ns = stage, words, now_ns
