"""Whose fault it is that a trial cannot go on: the policy's, which counts, or the rig's, which does not."""

from __future__ import annotations

from dataclasses import dataclass

from app.messages import Mode
from app.session.view import Snapshot

NEEDED = ("simworld", "robot", "cameras", "recorder", "hands", "policy")
"""Processes whose loss spoils a trial."""
POLICY = "policy"


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a trial ends before its time.

    Attributes:
        rig: whether the rig is to blame; otherwise the policy is, or a person thought so.
        reason: in words.
    """

    rig: bool
    reason: str


def rig_trouble(before: Snapshot, now: Snapshot) -> Trouble | None:
    """What has failed of the rig since the trial began: a process, a line, a camera, the recording.

    A process of another number than before has been lost and started again, perhaps between two looks.
    """
    pids = {process.name: process.pid for process in before.processes}
    for process in now.processes:
        if process.name in NEEDED and process.name in pids:
            if process.state in ("lost", "restarting", "ended"):
                return Trouble(True, f"the {process.name} process was lost")
            if process.pid != pids[process.name]:
                return Trouble(True, f"the {process.name} process was lost and started again")
    if now.policy is not None and now.policy.state == "lost":
        return Trouble(True, "the policy process was lost")
    for bus in now.buses:
        if not bus.connected:
            return Trouble(True, f"the line {bus.name} is lost: {bus.last_error or 'it does not answer'}")
    if before.recording is not None and (
        now.recording is None or now.recording.episode_id != before.recording.episode_id
    ):
        return Trouble(True, "the recording ended by itself")
    return None


def dark_cameras(now: Snapshot) -> tuple[str, ...]:
    """The cameras that show no present picture. For a moment that is no fault."""
    return tuple(camera.name for camera in now.cameras if camera.stale)


def policy_trouble(now: Snapshot, wanted: Mode) -> Trouble | None:
    """What ended the policy's turn: itself, the robot's doubt about it, or a person.

    A person who stops the robot or takes it over has judged. If such trials were repeated, the worst would be left out.
    """
    if now.policy is not None and now.policy.state == "failed":
        return Trouble(False, f"the policy failed: {now.policy.detail or 'it does not say why'}")
    if now.mode is wanted:
        return None
    cause = _causes(now)
    match now.mode:
        case Mode.STOPPED:
            return Trouble(False, f"the robot was stopped{cause}")
        case Mode.TELEOP:
            return Trouble(False, "a person took over")
        case Mode.HOLD:
            return Trouble(False, f"the robot holds{cause}")
        case _:
            return Trouble(False, f"the robot was given to another: {now.mode.name.lower()}")


def _causes(now: Snapshot) -> str:
    """What the notices say that may be the cause."""
    refusal = now.policy.refusal if now.policy is not None else ""
    said = [notice.what for notice in now.notices if notice.level != "info"]
    lines = [line for line in (refusal, *said[:2]) if line]
    return f": {'; '.join(dict.fromkeys(lines))}" if lines else ""
