"""What the window shows: frozen views of the session, replaced whole about thirty times a second.

Nothing here knows Qt, and nothing here can be changed by who reads it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from app.collection.view import CollectionView
from app.messages import Mode
from app.session.policy_view import PolicyView
from app.session.voice_view import VoiceView
from drivers.measurement import LATENCY_BIN_MS

Vector = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class TickView:
    """The newest 50 Hz tick; vectors have the profile's D numbers.

    Attributes:
        time_ns: when the positions were read.
        position, velocity, effort: measured; NaN where a device did not answer in this tick.
        requested, sent: the action asked for, and the one that passed the safety filter.
        leader: the leaders' pose in the followers' slots; NaN where there is no leader or it did not answer.
    """

    time_ns: int
    position: Vector
    velocity: Vector
    effort: Vector
    requested: Vector
    sent: Vector
    leader: Vector


@dataclass(frozen=True, slots=True)
class GateView:
    """The way into teleoperation.

    Attributes:
        phase: `aligning` (leaders must come to the followers), `driving` (powered leaders go there by themselves) or
            `ramping` (the blend into following).
        error_rad: leader minus follower per slot of the vector, NaN where the gate does not look.
        within: per slot, whether it is close enough.
        ramp: 0 to 1 while ramping.
    """

    phase: str
    error_rad: Vector
    within: NDArray[np.bool_]
    ramp: float


@dataclass(frozen=True, slots=True)
class LoopView:
    """Health of the 50 Hz loop since it started."""

    rate_hz: float = 0.0
    ticks: int = 0
    late_ticks: int = 0
    max_lateness_ms: float = 0.0
    realtime: bool = False


@dataclass(frozen=True, slots=True)
class CameraView:
    """One camera.

    Attributes:
        rate_hz, age_ms: measured rate, and age of its newest frame.
        dropped: frames that came and nobody took in time, or that are missing from their numbering.
        stale: whether the newest frame is older than the profile allows.
        wanted_hz: the rate that the profile asks for.
        newest_ns: when the newest frame was captured, monotonic; 0 before the first.
        skew_ms: that time less the nearest tick's; NaN while there is none, or while the camera is stale.
        lost: frames that the camera says it took and nobody saw.
        reopened: how often it was opened again.
        intervals_ms: from frame to frame over the last two seconds, oldest first.
        can_reopen: whether it can be closed and opened again; a simulated one cannot.
        is_black: whether it shows nothing at all, as with its cover on.
        error: what is wrong with it now, in words; empty when nothing is.
    """

    name: str
    rate_hz: float
    age_ms: float
    dropped: int
    stale: bool
    width_px: int
    height_px: int
    wanted_hz: float = 0.0
    newest_ns: int = 0
    skew_ms: float = float("nan")
    lost: int = 0
    reopened: int = 0
    intervals_ms: tuple[float, ...] = ()
    can_reopen: bool = False
    is_black: bool = False
    error: str = ""


@dataclass(frozen=True, slots=True)
class FrameView:
    """The newest picture of a camera: (H, W, 3) uint8 RGB, read-only; `sequence` changes when the picture does."""

    camera: str
    time_ns: int
    sequence: int
    image: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class BusView:
    """A serial line: connected or lost, failures, and the latency of a read in milliseconds.

    Attributes:
        reads, retries, failures: state reads, those asked for again, and those that lacked a servo after all tries.
        latency_p50_ms, latency_p95_ms, latency_p99_ms, latency_max_ms: over the last ten seconds; NaN before the first.
        last_error: the latest failure in words.
        corrupted: packets that arrived damaged.
        reconnects: how often the line came back.
        fast_sync_read: whether its servos answer the fast kind of read.
        latency_counts: how many of the last reads fell into each bin of `latency_bin_ms`; the last bin is open.
        silent_servos: ids that do not answer now.
        faults: what ails the line as a whole, such as a tripped watchdog.
    """

    name: str
    connected: bool
    reads: int
    retries: int
    failures: int
    latency_p50_ms: float
    latency_p99_ms: float
    last_error: str
    latency_p95_ms: float = float("nan")
    latency_max_ms: float = float("nan")
    corrupted: int = 0
    reconnects: int = 0
    fast_sync_read: bool = False
    latency_counts: tuple[int, ...] = ()
    latency_bin_ms: float = LATENCY_BIN_MS
    silent_servos: tuple[int, ...] = ()
    faults: tuple[FaultView, ...] = ()


@dataclass(frozen=True, slots=True)
class FaultView:
    """What ails a servo or a line: a code such as `overload`, a sentence, what to do, whether a reboot helps."""

    code: str
    message: str
    remedy: str
    needs_reboot: bool = False


@dataclass(frozen=True, slots=True)
class ServoView:
    """One servo. What was not read lately is NaN, and a position None.

    Attributes:
        label: what a person calls it, such as `left elbow`.
        answers: whether it answers; a silent one shows its values from before.
        in_hand: whether it is being set up, as after a reboot.
        wanted, torque_on: whether it is meant to hold, and whether it did when it was last asked.
        position_ticks: where it stood when the figures were made.
        load: signed share of what it may draw, about -1 to 1.
        current_a, current_limit_a: signed, and the most; NaN for models that do not measure current.
        temperature_c, max_temperature_c, voltage_v, min_voltage_v, max_voltage_v: and what it bears.
        polled_ns: when it was last asked for its condition, monotonic; 0 when never.
        faults: what ails it now.
    """

    bus: str
    id: int
    label: str
    answers: bool = True
    in_hand: bool = False
    wanted: bool = False
    torque_on: bool = False
    position_ticks: int | None = None
    load: float = float("nan")
    current_a: float = float("nan")
    current_limit_a: float = float("nan")
    temperature_c: float = float("nan")
    max_temperature_c: float = float("nan")
    voltage_v: float = float("nan")
    min_voltage_v: float = float("nan")
    max_voltage_v: float = float("nan")
    polled_ns: int = 0
    faults: tuple[FaultView, ...] = ()


@dataclass(frozen=True, slots=True)
class ProcessView:
    """A process of the app: `starting`, `running`, `lost` (no heartbeat), `restarting` or `ended`."""

    name: str
    state: str
    pid: int
    cpu_share: float
    detail: str


@dataclass(frozen=True, slots=True)
class Notice:
    """A line in place: what is wrong, why, what to do, and the action (a method of `Session`) that does it, if any."""

    key: str
    level: str
    what: str
    remedy: str = ""
    action: str = ""
    action_label: str = ""
    since_ns: int = 0


@dataclass(frozen=True, slots=True)
class RecordingView:
    """The running episode."""

    episode_id: str
    task: str
    started_ns: int
    duration_s: float
    rows: int
    frames: int
    dropped: int
    bytes_written: int


@dataclass(frozen=True, slots=True)
class EpisodeView:
    """One episode of the list."""

    episode_id: str
    task: str
    outcome: str
    started_at: str
    duration_s: float
    complete: bool
    damage: str = ""
    tags: tuple[str, ...] = ()
    notes: str = ""
    operator: str = ""
    home: str = ""
    room: str = ""
    scene: str = ""
    bytes_written: int = 0
    source_rows: tuple[tuple[str, int], ...] = ()
    """Rows by who asked for them, such as `teleop` or `intervention`; empty where the episode does not say."""


@dataclass(frozen=True, slots=True)
class SpeechView:
    """The ear for spoken words, while it is switched on.

    Attributes:
        state: `starting`, `listening`, `hushed` (the app itself speaks) or `no microphone`.
        device: the microphone that is open, or empty.
        trouble: why there is none.
        devices: the microphones to choose from.
        rms_dbfs, peak_dbfs: level of the last tenth of a second, decibels below full scale.
        clipped: samples at the end of the scale in it.
        hearing: whether somebody speaks now.
        words: what is listened for.
        last_word: the last one heard, or empty; said at `last_word_ns`, monotonic.
    """

    state: str = "starting"
    device: str = ""
    trouble: str = ""
    devices: tuple[str, ...] = ()
    rms_dbfs: float = -96.0
    peak_dbfs: float = -96.0
    clipped: int = 0
    hearing: bool = False
    words: tuple[str, ...] = ()
    last_word: str = ""
    last_word_ns: int = 0


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything the window shows, at one moment.

    Attributes:
        ready: the robot answers and every camera has delivered a frame.
        homed: every lift knows its zero.
        script: the scripted operator's running script, or empty; `script_phase` is what it does now.
        buses, servos: the robot's lines and every servo on them; empty while the robot process is starting or lost.
        replay_progress: 0 to 1 while an episode is replayed.
        intervening: a person has taken over from a replay or a policy, and leads the robot.
        speech: the microphone and the ear for spoken words; None while both are switched off.
        voice: the way from speech to subtasks; None while it is switched off.
        policy: the policy and its subtasks; None while none is wanted.
        episodes: newest first; `trashed` can be restored.
        say: short words to speak or flash, such as "Recording"; `say_id` changes when there is a new one.
    """

    time_ns: int
    profile_name: str
    mode: Mode = Mode.HOLD
    ready: bool = False
    homed: bool = False
    torque: bool = True
    speed: float = 1.0
    intervening: bool = False
    gate: GateView | None = None
    tick: TickView | None = None
    loop: LoopView = LoopView()
    cameras: tuple[CameraView, ...] = ()
    buses: tuple[BusView, ...] = ()
    servos: tuple[ServoView, ...] = ()
    processes: tuple[ProcessView, ...] = ()
    notices: tuple[Notice, ...] = ()
    recording: RecordingView | None = None
    collection: CollectionView = field(default_factory=CollectionView)
    episodes: tuple[EpisodeView, ...] = ()
    trashed: tuple[EpisodeView, ...] = ()
    disk_free_bytes: int = 0
    dataset: str = ""
    simulated: bool = False
    scripts: tuple[str, ...] = ()
    script: str = ""
    script_phase: str = ""
    replay_progress: float = 0.0
    gamepad: str = ""
    gesture: tuple[str, float] = ("", 0.0)
    """The handles' gesture under way (`app.inputs`) and how far it is, 0 to 1; an empty name when there is none."""
    speech: SpeechView | None = None
    voice: VoiceView | None = None
    policy: PolicyView | None = None
    log: tuple[str, ...] = field(default=())
    say: str = ""
    say_id: int = 0
