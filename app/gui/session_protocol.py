"""What the window asks of a session: a snapshot to show, pictures, and somewhere to hand the operator's wishes.

Nothing here blocks: results and failures come back as changed snapshots and notices.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

from numpy.typing import NDArray

from app.autonomy.choice import PolicyChoice
from app.collection.plan import CollectionPlan
from app.messages import Jog, Mode, Nudge
from app.session.view import FrameView, Snapshot
from app.speech.transcribing import Transcribing
from drivers.profile.schema import RobotProfile


class VoiceLike(Protocol):
    """The way from a microphone to a subtask, as the window sees it."""

    def switch(self, on: bool, *, device: str = "", transcribing: Transcribing | None = None) -> None:
        """Have a microphone and a reader of utterances, or no longer; another call changes how."""

    def talk(self, on: bool) -> None:
        """The talk key is held, or let go."""

    def choose(self, utterance: int, phrase: str) -> None:
        """Answer what an utterance that could not be told was; the subtask is then applied."""

    def correct(self, utterance: int, text: str) -> None:
        """Say what an utterance really was; kept as a transcript pair, and applied in place of what was heard."""


class AutonomyLike(Protocol):
    """A policy and what it is told, as the window sees it."""

    def load(self, choice: PolicyChoice | None) -> None:
        """Load a policy, or another, or none."""

    def listen(self, *, dead_man: bool = False) -> None:
        """Verbal mode: the policy carries out the subtasks that a person names."""

    def go_alone(self, task: str, *, dead_man: bool = False) -> None:
        """Autonomous mode: the policy names its own subtasks of a task."""

    def tell(self, subtask: str, *, origin: str, pinned: bool = False) -> None:
        """Name a subtask, by `key` or `typed`; spoken ones come of themselves. In autonomous mode an interjection."""

    def unpin(self) -> None:
        """Let the model name subtasks again."""

    def veto(self, subtask: str) -> None:
        """Not this one, for half a minute; an empty one lifts every veto."""

    def thumb(self, applied_ns: int, up: int) -> None:
        """Judge a subtask: 1 up, -1 down, 0 takes it back. Kept as a label."""


class SessionLike(Protocol):
    """The session as the window sees it. Every method may be called from the GUI thread and returns at once."""

    @property
    def profile(self) -> RobotProfile:
        """The robot that is driven."""

    @property
    def runtime_dir(self) -> Path:
        """Where the session's processes meet; a simulated world is looked at through it."""

    @property
    def voice(self) -> VoiceLike:
        """Speech to subtasks."""

    @property
    def autonomy(self) -> AutonomyLike:
        """The policy."""

    def snapshot(self) -> Snapshot:
        """Everything to show, at this moment."""

    def frame(self, camera: str) -> FrameView | None:
        """The newest picture of a camera, or None before its first; may be asked for from any thread."""

    def ticks(self, since_ns: int) -> NDArray[Any]:
        """The ticks after a time, at most ten seconds back: `time_ns` (n,), `position`, `sent`, `requested` (n, D)."""

    def beat(self) -> None:
        """Tell the robot that the window is alive; without it, the robot holds."""

    def set_mode(self, mode: Mode) -> None:
        """Hand the robot to a source."""

    def stop(self, reason: str) -> None:
        """Emergency stop."""

    def release(self) -> None:
        """Leave `STOPPED`."""

    def home_lifts(self) -> None:
        """Find the zero of every lift."""

    def set_torque(self, on: bool, *, lent: bool = False) -> None:
        """Power the followers' servos, or let them go; lent, they are powered again should the window end."""

    @property
    def profile_source(self) -> str:
        """What the profile was read from: a shipped one's name, or a path."""

    def nudge(self, nudge: Nudge) -> None:
        """Make a small slow move out of hold, for a calibration."""

    def probe_lift(self, lift: str, distance_m: float) -> None:
        """Move a lift a little, up where the profile says that up is."""

    def set_speed(self, factor: float) -> None:
        """Scale the velocity limits of base and lift, in (0, 1]."""

    def reboot_servo(self, bus: str, servo_id: int) -> None:
        """Clear a servo's hardware error."""

    def reopen_camera(self, name: str) -> None:
        """Close a camera and open it again."""

    def start_episode(self, task: str, *, tags: tuple[str, ...] = ()) -> None:
        """Begin an episode that no collection asks for, such as a trial's."""

    def end_episode(self, outcome: str = "unset") -> None:
        """Close such an episode: `success`, `failure` or `unset`."""

    def discard_episode(self) -> None:
        """Close such an episode and put it into the trash."""

    def set_plan(self, plan: CollectionPlan) -> None:
        """Say what is collected from the next episode on."""

    def begin(self, *, at_once: bool = False) -> None:
        """Go for the next episode: countdown, gate, ramp, recording; or record at once, whatever the robot does."""

    def cancel(self) -> None:
        """Give up the countdown or the alignment of an episode that has not begun."""

    def judge(self, outcome: str, *, aim: str) -> None:
        """End or judge an episode as `success`, `failure`, `unset` or `discard`.

        Args:
            outcome: of the four above; `discard` puts it into the trash.
            aim: `snapshot().collection.aim` as it was when the operator decided. It is refused when that episode is
                neither running nor the last one.
        """

    def take_back(self) -> None:
        """Put the last episode into the trash, or take it out again when it was just put there."""

    def presses(self) -> tuple[str, ...]:
        """Triggers given since the last call by gamepad, leader handles or voice, oldest first; see `app.inputs`."""

    def stop_on(self, triggers: frozenset[str]) -> None:
        """Let these triggers stop the robot as soon as they are heard; the window need not stop it again."""

    def listen(self, on: bool, *, device: str = "", triggers: tuple[str, ...] | None = None) -> None:
        """Listen for spoken words, or no longer; while it is on, another call changes what is listened to."""

    def hushed(self, until_ns: int) -> None:
        """Say that the app itself speaks until then (monotonic); words heard meanwhile are not its operator's."""

    def annotate_episode(
        self,
        episode_id: str,
        *,
        outcome: str | None = None,
        notes: str | None = None,
        tags: tuple[str, ...] | None = None,
    ) -> None:
        """Change what is said about an episode; None leaves it as it is."""

    def trash_episode(self, episode_id: str) -> None:
        """Put an episode into the trash."""

    def restore_episode(self, episode_id: str) -> None:
        """Take an episode out of the trash."""

    def delete_episodes(self, episode_ids: tuple[str, ...]) -> None:
        """Delete episodes from the trash for good; each leaves `snapshot().trashed` as it goes."""

    def replay(self, episode_id: str) -> None:
        """Repeat an episode on the robot."""

    def jog(self, jog: Jog) -> None:
        """What keys and handles want now."""

    def run_script(self, name: str, seed: int) -> None:
        """Let the scripted operator do a task."""

    def stop_script(self) -> None:
        """Take the scripted operator's hands off."""

    def reset_world(self, seed: int) -> None:
        """Place the simulated kitchen's objects anew."""

    def do(self, action: str) -> None:
        """Perform a notice's action."""

    def close(self) -> None:
        """End the session and its processes. May take a moment."""
