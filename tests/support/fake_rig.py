"""A robot, a policy and a kitchen of make-believe, fast, for evaluations: what a policy does is said beforehand."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from app.autonomy.choice import PolicyChoice
from app.evaluation import loading, patience, trial_runner, turn_watch
from app.evaluation.rig import FAR_AWAY
from app.messages import Mode
from app.session.policy_view import PolicyView, SubtaskView
from app.session.view import BusView, CameraView, EpisodeView, Notice, ProcessView, RecordingView, Snapshot
from drivers.profile import load_profile
from drivers.sim.interface import Truth
from drivers.sim.kitchen.geometry import OBJECTS
from drivers.sim.operator.places import COUNTER_LIFT_M
from drivers.sim.remote import SimRemoteError

QUICK = {
    trial_runner: {"LOOK_S": 0.003, "SETTLED_S": 0.02, "SUCCESS_HELD_S": 0.05},
    loading: {"SETTLED_S": 0.02, "AWAY_S": 0.1},
    patience: {"POLL_S": 0.003},
    turn_watch: {"CAUSE_S": 0.1, "DARK_S": 0.1, "DONE_S": 0.1},
}
"""Waits that make-believe has no use for."""


@contextmanager
def quick() -> Iterator[None]:
    """Have trials hurry."""
    before = {(module, name): getattr(module, name) for module, waits in QUICK.items() for name in waits}
    for module, waits in QUICK.items():
        for name, value in waits.items():
            setattr(module, name, value)
    try:
        yield
    finally:
        for (module, name), value in before.items():
            setattr(module, name, value)


@dataclass(frozen=True)
class Turn:
    """What the policy, or the rig, does after a while in autonomous mode.

    Attributes:
        does: `succeed`, `touch` (succeeds for a moment only), `nothing`, `fail`, `hold`, `strain`, `no answer`,
            `hold, then a line is lost`, `lose the robot`, `lose the policy`, `go dark`, `stop`, `take over`,
            `world silent`, `say done`.
        after_s: when.
    """

    does: str = "succeed"
    after_s: float = 0.02


@dataclass
class FakeRig:
    """A session and its world in one.

    Attributes:
        turns: what happens in a trial, by task, high level, seed and how often this trial was begun before.
        calls: what was asked.
    """

    turns: Callable[[str, str, int, int], Turn] = lambda task, level, seed, again: Turn()
    calls: list[tuple[Any, ...]] = field(default_factory=list)
    simulated: bool = True
    loads: Callable[[PolicyChoice], str] = lambda choice: "ready"

    def __post_init__(self) -> None:
        self.profile = load_profile("sim-kitchen")
        self.profile_source = "sim-kitchen"
        self.autonomy = self
        self.mode = Mode.HOLD
        self.recording: RecordingView | None = None
        self.episodes: list[EpisodeView] = []
        self.tags: dict[str, tuple[str, ...]] = {}
        self.choice: PolicyChoice | None = None
        self.subtask: SubtaskView | None = None
        self.notices: tuple[Notice, ...] = ()
        self.beats = 0
        self.log: tuple[str, ...] = ("robot: Holding: no answer from body", "robot: Mode: hold")
        self.objects = {name: np.array([0.7, -0.4, 0.92, 1, 0, 0, 0], float) for name in OBJECTS}
        self.lift_m, self.drawer_m = 0.0, 0.0
        self._pids = {
            name: 100 + index for index, name in enumerate(("robot", "cameras", "recorder", "simworld"))
        }
        self._begun: dict[tuple[str, str, int], int] = {}
        self._seed = -1
        self._turn, self._turn_began_s, self._task = Turn("nothing"), 0.0, ""
        self._bus_lost_s = 0.0
        self._policy_state, self._dark, self._silent = "ready", False, False

    # -- the session ---------------------------------------------------------------------------------------------------

    def beat(self) -> None:
        self.beats += 1

    def snapshot(self) -> Snapshot:
        self._advance()
        now_ns = time.monotonic_ns()
        lost = self._bus_lost_s and time.monotonic() > self._bus_lost_s
        return Snapshot(
            time_ns=now_ns,
            profile_name="sim-kitchen",
            mode=self.mode,
            ready=True,
            homed=True,
            simulated=self.simulated,
            cameras=(CameraView("front", 30.0, 5.0, 0, self._dark, 640, 480),),
            buses=(BusView("left_follower", not lost, 0, 0, 0, 1.0, 1.0, "cable?" if lost else ""),),
            processes=tuple(ProcessView(name, "running", pid, 0.1, "") for name, pid in self._pids.items()),
            notices=self.notices,
            log=self.log,
            recording=self.recording,
            policy=self._policy(),
        )

    def set_mode(self, mode: Mode) -> None:
        self.calls.append(("set_mode", mode))
        self.mode = mode
        self._heal()

    def set_speed(self, factor: float) -> None:
        self.calls.append(("set_speed", factor))

    def home_lifts(self) -> None:
        self.calls.append(("home_lifts",))

    def run_script(self, name: str, seed: int = 0) -> None:
        self.calls.append(("run_script", name))

    def stop_script(self) -> None:
        self.calls.append(("stop_script",))

    def reset_world(self, seed: int) -> None:
        self.calls.append(("reset_world", seed))
        self._seed = seed
        self._heal()
        self.lift_m = self.drawer_m = 0.0
        for name in self.objects:
            self.objects[name] = np.array([0.7, -0.4, 0.92, 1, 0, 0, 0], float)

    def start_episode(self, task: str, *, tags: tuple[str, ...] = ()) -> None:
        number = f"ep-{len(self.tags) + 1:06d}"
        self.tags[number] = tags
        self.calls.append(("start_episode", task, tags))
        self.recording = RecordingView(number, task, time.monotonic_ns(), 0.0, 0, 0, 0, 0)

    def end_episode(self, outcome: str = "unset") -> None:
        self.calls.append(("end_episode", outcome))
        self._keep(outcome)

    def discard_episode(self) -> None:
        self.calls.append(("discard_episode",))
        self.recording = None

    def _keep(self, outcome: str) -> None:
        if self.recording is not None:
            self.episodes.append(
                EpisodeView(self.recording.episode_id, self.recording.task, outcome, "", 1.0, True)
            )
        self.recording = None

    # -- the policy ----------------------------------------------------------------------------------------------------

    def load(self, choice: PolicyChoice | None) -> None:
        self.calls.append(("load", choice.high_level.value if choice is not None else None))
        self.choice = choice

    def listen(self, *, dead_man: bool = False) -> None:
        self.calls.append(("listen",))
        self._go(Mode.VERBAL, self.recording.task if self.recording is not None else "")

    def go_alone(self, task: str, *, dead_man: bool = False) -> None:
        self.calls.append(("go_alone", task))
        self._go(Mode.AUTONOMOUS, task)

    def _go(self, mode: Mode, task: str) -> None:
        assert self.choice is not None
        key = (task, self.choice.high_level.value, self._seed)
        again = self._begun[key] = self._begun.get(key, -1) + 1
        self._turn, self._task = self.turns(*key, again), task
        self._turn_began_s = time.monotonic()
        self.subtask = SubtaskView(time.monotonic_ns(), task, "task")
        self.mode = mode

    def _policy(self) -> PolicyView | None:
        if self.choice is None:
            return None
        state = self.loads(self.choice)
        if state != "ready":
            return PolicyView(choice=self.choice, state=state, detail="no such file")
        return PolicyView(
            choice=self.choice,
            state=self._policy_state,
            detail="NaN in its chunk" if self._policy_state == "failed" else "",
            subtask=self.subtask,
        )

    # -- the world -----------------------------------------------------------------------------------------------------

    def truth(self) -> Truth:
        self._advance()
        if self._silent:
            raise SimRemoteError("the simulated world did not answer")
        return Truth(
            time_ns=time.monotonic_ns(),
            sim_time_s=0.0,
            objects={name: pose.copy() for name, pose in self.objects.items()},
            drawer_m=self.drawer_m,
            base_pose=(0.0, 0.0, 0.0),
            lift_m=self.lift_m,
            arm_rad={side: np.zeros(6) for side in ("left", "right")},
            gripper_opening=dict.fromkeys(("left", "right"), 1.0),
        )

    def displace(self) -> Callable[[Truth], bool]:
        self._silent = False
        name = min(self.objects)
        self.objects[name] = np.array(FAR_AWAY, float)
        return lambda truth: bool(truth.objects[name][0] > 0)

    def close(self) -> None:
        self.calls.append(("close",))

    # -- what happens --------------------------------------------------------------------------------------------------

    def _advance(self) -> None:
        if self.mode not in (Mode.AUTONOMOUS, Mode.VERBAL):
            return
        since_s = time.monotonic() - self._turn_began_s - self._turn.after_s
        if since_s < 0:
            return
        match self._turn.does:
            case "succeed":
                self._do_task()
            case "touch":
                self._do_task()
                if since_s > 0.02:
                    self.lift_m = self.drawer_m = 0.0
            case "fail":
                self._policy_state = "failed"
                self.mode = Mode.HOLD
            case "hold":
                self.mode = Mode.HOLD
            case "strain" | "no answer":
                self.mode = Mode.HOLD
                said = "overload on left elbow" if self._turn.does == "strain" else "no answer from body"
                self.log += (f"robot: Holding: {said}", "robot: All is well again; holding")
            case "hold, then a line is lost":
                self.mode = Mode.HOLD
                self._bus_lost_s = time.monotonic() + 0.03
            case "lose the robot":
                self._pids["robot"] += 1000
                self._turn = replace(self._turn, does="nothing")
                self.mode = Mode.HOLD
            case "lose the policy":
                self._policy_state = "lost"
            case "go dark":
                self._dark = True
            case "stop":
                self.mode = Mode.STOPPED
            case "take over":
                self.mode = Mode.TELEOP
            case "world silent":
                self._silent = True
            case "say done":
                if self.subtask is not None:
                    self.subtask = replace(self.subtask, done=True)

    def _do_task(self) -> None:
        if self._task == "raise the lift":
            self.lift_m = COUNTER_LIFT_M
        elif self._task == "open the drawer":
            self.drawer_m = 0.3

    def _heal(self) -> None:
        self._bus_lost_s, self._policy_state, self._dark, self._silent = 0.0, "ready", False, False
        self.notices = ()
