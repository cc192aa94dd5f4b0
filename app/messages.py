"""Every message that crosses from one process to another, in one place.

Commands are small typed values sent over the control plane and answered with a `Reply`; statuses and events are
published on the data plane as JSON. The 50 Hz tick and the camera frames have fixed binary layouts of their own, in
`app.dataplane.layouts`.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any, ClassVar

import msgspec


class Mode(IntEnum):
    """Who moves the robot. `VERBAL` and `AUTONOMOUS` are the policy's, told and alone."""

    STOPPED = 0
    HOLD = 1
    TELEOP = 2
    REPLAY = 3
    VERBAL = 4
    AUTONOMOUS = 5


AUTOMATIC_MODES = frozenset({Mode.REPLAY, Mode.VERBAL, Mode.AUTONOMOUS})
"""The robot moves without a hand on the leaders; teleoperation out of one of these is an intervention."""

POLICY_MODES = frozenset({Mode.VERBAL, Mode.AUTONOMOUS})
"""A policy's chunks move the robot."""


class Source(IntEnum):
    """Who asked for the action of a row: the codes of `recordings.ActionSource`, which a test holds equal.

    It stands here too because the 50 Hz process has no use for the storage library behind that name.
    """

    HOLD = 0
    TELEOP = 1
    POLICY = 2
    REPLAY = 3
    INTERVENTION = 4
    VERBAL = 5


class Command(msgspec.Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Base of everything that can be asked of another process; the class's name is its tag on the wire.

    Attributes:
        good_late: whether it is done even when it is read after its asker was told that nobody answers.
    """

    good_late: ClassVar[bool] = False


class Shutdown(Command, frozen=True):
    """End in good order."""


# -- to the robot ------------------------------------------------------------------------------------------------------


class SetMode(Command, frozen=True, kw_only=True):
    """Hand the robot to a source. Teleoperation starts with the alignment gate; leaving `STOPPED` takes `Release`.

    Attributes:
        mode: the source.
        dead_man: for the policy's modes: whether the robot moves only while the dead man's switch is held.
    """

    mode: Mode
    dead_man: bool = False


class Stop(Command, frozen=True, kw_only=True):
    """Emergency stop: hold where it is, wheels at zero, deaf to every source until `Release`."""

    good_late: ClassVar[bool] = True

    reason: str


class Release(Command, frozen=True):
    """Leave `STOPPED` for `HOLD`; the deliberate act after an emergency stop."""


class HomeLifts(Command, frozen=True):
    """Find the zero of every lift."""


class SetTorque(Command, frozen=True, kw_only=True):
    """Power the followers' servos, or let them go. Without torque the arms fall: only on the operator's word.

    Attributes:
        on: whether they hold.
        lent: let go for a while only: they are powered again, where they are, when the owner is no longer heard.
    """

    on: bool
    lent: bool = False


class Nudge(Command, frozen=True, kw_only=True):
    """From hold, turn the base slowly for a moment, or open or close a gripper; for a calibration.

    Attributes:
        twist: vx, vy in m/s and wz in rad/s, at full speed between a soft start and a soft end.
        for_s: how long the base moves.
        gripper: name of the one to move; empty for none.
        opening: where to, in [0, 1].
    """

    twist: tuple[float, float, float] = (0.0, 0.0, 0.0)
    for_s: float = 0.0
    gripper: str = ""
    opening: float = 0.0


class ProbeLift(Command, frozen=True, kw_only=True):
    """From hold, move a lift a little, up where the profile says that up is, whether its zero is known or not."""

    lift: str
    distance_m: float


class SetSpeed(Command, frozen=True, kw_only=True):
    """Scale the velocity limits of base and lift, and the pace of a policy's chunks, by a factor in (0, 1]."""

    factor: float


class RebootServo(Command, frozen=True, kw_only=True):
    """Clear a servo's hardware error by rebooting it, then restore it."""

    bus: str
    servo_id: int


class LoadReplay(Command, frozen=True, kw_only=True):
    """Actions to replay: little-endian float32 of shape (T, D), at the control rate. Start with `SetMode(REPLAY)`."""

    episode_id: str
    rows: int
    actions: bytes


class Relatch(Command, frozen=True, kw_only=True):
    """For a while, take the measured pose for the one to hold: the world is moved under the robot by a reset."""

    for_s: float


# -- to the recorder ---------------------------------------------------------------------------------------------------


class StartEpisode(Command, frozen=True, kw_only=True):
    """Begin an episode."""

    task: str
    operator: str = ""
    home: str = ""
    room: str = ""
    scene: str = ""
    tags: tuple[str, ...] = ()
    notes: str = ""


class EndEpisode(Command, frozen=True, kw_only=True):
    """Close the running episode with an outcome: `success`, `failure` or `unset`.

    Attributes:
        outcome: how it was judged.
        episode_id: which one is meant; it is refused when another is running. Empty for whichever runs.
    """

    outcome: str
    episode_id: str = ""


class DiscardEpisode(Command, frozen=True, kw_only=True):
    """Close the running episode (see `EndEpisode`) and put it into the trash, from where it can be restored."""

    episode_id: str = ""


# -- to the hands (operator's inputs) ----------------------------------------------------------------------------------


class Jog(Command, frozen=True, kw_only=True):
    """What the keyboard, the gamepad's owner or the on-screen handles want now; it expires 200 ms after it was sent.

    Attributes:
        time_ns: `time.monotonic_ns()` of the input.
        hand: which leader is moved, by name; empty for none.
        linear_m_s: velocity of the grasp point, frame of the lift carriage.
        angular_rad_s: angular velocity of the grasp point, same frame.
        opening_rate: change of the gripper's opening per second.
        base_twist: vx, vy in m/s and wz in rad/s.
        lift_m_s: speed of the lift.
    """

    time_ns: int
    hand: str = ""
    linear_m_s: tuple[float, float, float] = (0.0, 0.0, 0.0)
    angular_rad_s: tuple[float, float, float] = (0.0, 0.0, 0.0)
    opening_rate: float = 0.0
    base_twist: tuple[float, float, float] = (0.0, 0.0, 0.0)
    lift_m_s: float = 0.0


class MoveHand(Command, frozen=True, kw_only=True):
    """Dragging an on-screen handle: put a hand's grasp point here, in the frame of the lift carriage."""

    hand: str
    position_m: tuple[float, float, float]
    opening: float | None = None


class RunScript(Command, frozen=True, kw_only=True):
    """Let the scripted operator do a task on the simulated robot."""

    script: str
    seed: int = 0


class StopScript(Command, frozen=True):
    """Take the scripted operator's hands off."""


# -- to the cameras ----------------------------------------------------------------------------------------------------


class ReopenCamera(Command, frozen=True, kw_only=True):
    """Close a camera and open it again."""

    name: str


# -- to the speech process ---------------------------------------------------------------------------------------------


class Listen(Command, frozen=True):
    """Read anew, from the session's directory, which microphone is listened to and for which words."""


class Hush(Command, frozen=True, kw_only=True):
    """The app itself speaks until then (monotonic): what is heard meanwhile, but for urgent words, is not obeyed."""

    until_ns: int


# -- to the transcriber ------------------------------------------------------------------------------------------------


class Transcribe(Command, frozen=True):
    """Read anew, from the session's directory, which model is used, how, and which subtasks are known."""


class Talk(Command, frozen=True, kw_only=True):
    """Push to talk: an utterance begins or ends.

    Attributes:
        on: whether the key, pedal or button is held.
        time_ns: when it was pressed or let go, monotonic.
    """

    on: bool
    time_ns: int


class CorrectUtterance(Command, frozen=True, kw_only=True):
    """What was really said, as a person typed or chose it; the sound is kept with it as a transcript pair.

    Attributes:
        utterance: its number, see the event `utterance`.
        text: what was said.
    """

    utterance: int
    text: str


# -- to the policy -----------------------------------------------------------------------------------------------------


class LoadPolicy(Command, frozen=True):
    """Read anew, from the session's directory, which policy is to be loaded, and how it names subtasks."""


class Follow(Command, frozen=True, kw_only=True):
    """Carry out a subtask that a person named; it replaces the one before within one hand-over of chunks.

    In verbal mode it stands until the next. In autonomous mode it is an interjection: it overrides the model for a
    while, or for good where it is pinned.

    Attributes:
        subtask: in words, at most 160 bytes of UTF-8.
        origin: `voice`, `key` or `typed`.
        confidence: of the transcript, 0 to 1; 1 for what was typed or chosen.
        utterance: number of the utterance it came from; 0 for none.
        pinned: whether it stands until `Unpin`.
    """

    subtask: str
    origin: str
    confidence: float = 1.0
    utterance: int = 0
    pinned: bool = False


class GoAlone(Command, frozen=True, kw_only=True):
    """What to do in autonomous mode, which `SetMode` then starts."""

    task: str


class Veto(Command, frozen=True, kw_only=True):
    """Do not do this subtask for some seconds, and name another at once; an empty one lifts every veto."""

    subtask: str
    for_s: float = 30.0


class Unpin(Command, frozen=True):
    """Let the model name subtasks again."""


class Rest(Command, frozen=True):
    """Make no more chunks until told what to do; the robot stands when the last has run out."""


AnyCommand = (
    Shutdown
    | SetMode
    | Stop
    | Release
    | HomeLifts
    | SetTorque
    | Nudge
    | ProbeLift
    | SetSpeed
    | RebootServo
    | LoadReplay
    | Relatch
    | StartEpisode
    | EndEpisode
    | DiscardEpisode
    | Jog
    | MoveHand
    | RunScript
    | StopScript
    | ReopenCamera
    | Listen
    | Hush
    | Transcribe
    | Talk
    | CorrectUtterance
    | LoadPolicy
    | Follow
    | GoAlone
    | Veto
    | Unpin
    | Rest
)


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a command. `error` is empty on success, else one line: what, the value seen, what to do."""

    error: str = ""
    data: dict[str, Any] = {}


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened; it is shown, logged, and kept in the running episode.

    Attributes:
        time_ns: `time.monotonic_ns()` when it happened.
        kind: such as `mode`, `fault`, `fault_cleared`, `episode`, `process`, `late`, `drop`, `utterance`, `subtask`,
            `proposal`, `input`; docs/voice.md has what the last few carry.
        source: the process that says so.
        message: one line for a person.
        key: what it is about; a later event of the same key replaces it on screen (`bus:left_follower`).
        level: `info`, `warning` or `error`.
        remedy: what the operator can do, if anything.
        data: details for machines.
    """

    time_ns: int
    kind: str
    source: str
    message: str
    key: str = ""
    level: str = "info"
    remedy: str = ""
    data: dict[str, Any] = {}


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """A process's heartbeat, several times a second: alive, in which state, and its own figures."""

    time_ns: int
    process: str
    pid: int
    state: str
    detail: dict[str, Any] = {}
