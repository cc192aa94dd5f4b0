"""Whose fault it is that a trial cannot go on: the policy's, which counts, or the rig's, which does not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from app.autonomy.choice import PolicyKind
from app.messages import Mode
from app.session.view import Snapshot

NEEDED = ("simworld", "robot", "cameras", "recorder", "hands", "policy")
"""Processes whose loss spoils a trial."""
HELD = "robot: Holding: "
"""How a line of the log begins in which the robot says why it holds."""
RIG_HOLDS = (
    "no answer from ",
    "a leader arm stopped answering",
    "nobody watches the robot",
    "the policy process is lost",
    *(f"{code} on " for code in ("silent", "encoder", "overheating", "torque off", "shadow", "settings")),
)
"""Reasons that are the rig's. What else makes it hold is the policy's doing: it sends nothing more, nothing that can be
run, or strains a servo until it gives up."""


ELSEWHERE = (PolicyKind.SERVER, PolicyKind.SCRIPTED)
"""Policies that need something beyond their process, a network or the simulated world. They fail by its being away, and
come back by themselves; what they answer wrongly is told as a refused chunk."""
NO_POLICY = ("the policy has failed", "the policy is not ready yet")
"""How the robot says that a policy is away."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a trial ends before its time.

    Attributes:
        rig: whether the rig is to blame; otherwise the policy is, or a person thought so.
        reason: in words.
        person: whether a person ended the policy's turn, and should say when the robot may move again.
    """

    rig: bool
    reason: str
    person: bool = False


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


def new_lines(before: tuple[str, ...], now: tuple[str, ...]) -> tuple[str, ...]:
    """What was added to a log that forgets its oldest lines."""
    if before == now:
        return ()
    for kept in range(min(len(before), len(now)), 0, -1):
        if before[len(before) - kept :] == now[:kept]:
            return now[kept:]
    return now


def reasons_to_hold(lines: Iterable[str]) -> tuple[str, ...]:
    """Why the robot has held, in its own words, oldest first."""
    return tuple(line.removeprefix(HELD) for line in lines if line.startswith(HELD))


def turn_ended(now: Snapshot, wanted: Mode, reasons: Sequence[str]) -> Trouble | None:
    """What ended the policy's turn: itself, the rig, or a person.

    A person who stops the robot or takes it over has judged. If such trials were repeated, the worst would be left out.

    Args:
        now: how everything stands.
        wanted: the mode in which it is the policy's turn.
        reasons: why the robot has held since the turn began, oldest first. The first is the cause.
    """
    elsewhere = now.policy is not None and now.policy.choice.kind in ELSEWHERE
    if now.policy is not None and now.policy.state == "failed":
        return Trouble(elsewhere, f"the policy failed: {now.policy.detail or 'it does not say why'}")
    if now.mode is wanted:
        return None
    match now.mode:
        case Mode.STOPPED:
            return Trouble(False, "the robot was stopped", person=True)
        case Mode.TELEOP:
            return Trouble(False, "a person took over", person=True)
        case Mode.HOLD if reasons:
            gone = elsewhere and any(words in reasons[0] for words in NO_POLICY)
            return Trouble(gone or reasons[0].startswith(RIG_HOLDS), f"the robot holds: {reasons[0]}")
        case Mode.HOLD:
            return Trouble(False, "a person let the robot hold", person=True)
        case _:
            return Trouble(False, f"the robot was given to another: {now.mode.name.lower()}", person=True)
