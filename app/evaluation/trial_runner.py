"""One trial in a live session: the scene in order, the policy alone, the verdict, and the recording of it all."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from app.autonomy.choice import PolicyChoice
from app.evaluation.console import Console, Spoiled
from app.evaluation.diagnosis import dark_cameras
from app.evaluation.loading import load_policy, policy_ready
from app.evaluation.patience import Patience, refusal
from app.evaluation.plan import SUCCESS_HELD_S, Judge, Plan, Trial, VariantName
from app.evaluation.results import Attempt, Milestone, Outcome
from app.evaluation.rig import Rig, World
from app.evaluation.tasks import TaskCheck, Tracker, check_of, judged_tasks
from app.evaluation.turn_watch import TurnWatch
from app.messages import Mode
from drivers.sim.remote import SimRemoteError
from recordings import EVALUATION_TAG

LOOK_S = 0.1
"""How often the world is looked at."""
READY_S, HOMED_S, BEGUN_S, RECORDER_S, RESET_S = 60.0, 90.0, 15.0, 15.0, 15.0
PREPARED_S = 180.0
SETTLED_S = 1.0
"""How long the scene is left alone after a reset."""


@dataclass(frozen=True, slots=True)
class _Ending:
    outcome: Outcome
    reason: str
    duration_s: float
    milestones: tuple[Milestone, ...] = ()


class TrialRunner:
    """Runs trials of a plan, one after the other.

    Args:
        rig: the session; somebody else keeps it going.
        plan: what is tried.
        evaluation_id: for the tags of the recordings.
        world: the simulated world; None on a real robot.

    Attributes:
        interrupted: whether a person ended the last trial's turn: nothing may move before they say so.
    """

    def __init__(self, rig: Rig, plan: Plan, *, evaluation_id: str, world: World | None) -> None:
        self._rig = rig
        self._plan = plan
        self._id = evaluation_id
        self._world = world
        self._loaded: PolicyChoice | None = None
        self.interrupted = False

    def run(self, trial: Trial, *, attempt: int, console: Console) -> Attempt:
        """Do a trial once.

        Raises:
            Stopped: when it was to end; nothing of it is kept but a recording in the trash.
            PolicyUnusable: when its policy cannot be loaded.
            PlanError: when the world cannot judge its task.
        """
        self.interrupted = False
        turn = _Turn(self, trial, attempt, console)
        try:
            return turn.take()
        finally:
            turn.leave()


class _Turn:
    """One try of one trial."""

    def __init__(self, runner: TrialRunner, trial: Trial, attempt: int, console: Console) -> None:
        self._runner = runner
        self._rig, self._plan, self._world = runner._rig, runner._plan, runner._world
        self._trial, self._attempt, self._console = trial, attempt, console
        self._patience = Patience(self._rig, console)
        self._by_person = self._plan.judge is Judge.PERSON
        self._check: TaskCheck | None = None
        if not self._by_person or self._world is not None:
            self._check = self._find_check()
        self._episode_id = ""
        self._before = self._rig.snapshot()

    def take(self) -> Attempt:
        """From the reset to the verdict."""
        try:
            self._set_scene()
            self._load()
            self._record()
            ending = self._let_go()
        except (Spoiled, SimRemoteError) as error:
            ending = _Ending(Outcome.SPOILED, str(error), 0.0)
        subtasks, late, refused = self._figures()
        ending = self._afterwards(ending, lambda: self._hold(after=True))
        if ending.outcome is not Outcome.SPOILED and self._by_person and not self._final(ending):
            ending = self._ask(ending)
        outcome = ending.outcome
        ending = self._afterwards(ending, lambda: self._close(outcome))
        return Attempt(
            number=self._trial.number,
            task=self._trial.task,
            variant=self._trial.variant,
            seed=self._trial.seed,
            attempt=self._attempt,
            outcome=ending.outcome,
            reason=ending.reason,
            duration_s=round(ending.duration_s, 2),
            milestones=ending.milestones,
            judged_by=self._plan.judge.value,
            episode_id=self._episode_id,
            subtasks=subtasks,
            late_chunks=late,
            refused_chunks=refused,
            ended_at=datetime.now(UTC).isoformat(timespec="seconds"),
        )

    def leave(self) -> None:
        """Leave nothing running, however it ended: the robot holds, what was recorded for nothing is in the trash."""
        now = self._rig.snapshot()
        if now.script:
            self._rig.stop_script()
        elif now.mode not in _PERSONS:
            self._rig.set_mode(Mode.HOLD)
        recording = now.recording
        if self._episode_id and recording is not None and recording.episode_id == self._episode_id:
            self._rig.discard_episode()

    # -- before --------------------------------------------------------------------------------------------------------

    def _set_scene(self) -> None:
        self._patience.wait("waiting for the robot and its cameras", lambda now: now.ready, READY_S)
        self._hold()
        if not self._rig.snapshot().homed:
            self._rig.home_lifts()
            self._patience.wait("homing the lift", lambda now: now.homed, HOMED_S)
        self._rig.set_speed(self._plan.speed)
        if self._world is not None:
            self._reset(self._world)
            if self._check is not None and self._check.prepare:
                self._prepare(self._check.prepare)
        else:
            self._console.ask_for_scene()
            while not self._console.scene_ready():
                self._patience.breathe("put the scene in order")
        self._patience.wait(
            "waiting for the robot and its cameras", lambda now: now.ready and not dark_cameras(now), READY_S
        )

    def _reset(self, world: World) -> None:
        was_reset = world.displace()
        self._rig.reset_world(self._trial.seed)
        asked_s = time.monotonic()
        while not was_reset(world.truth()):
            self._patience.breathe("resetting the kitchen")
            if time.monotonic() - asked_s > RESET_S:
                raise Spoiled(f"the kitchen was not reset{refusal(self._rig.snapshot())}")
        self._patience.pause("letting the kitchen settle", SETTLED_S)

    def _prepare(self, script: str) -> None:
        """Have the operator make what the task needs, such as a drawer that is open."""
        step = f"the operator prepares: {script}"
        self._rig.run_script(script, self._trial.seed)
        self._patience.wait(step, lambda now: now.script == script, BEGUN_S)
        self._patience.wait(step, lambda now: not now.script, PREPARED_S)
        self._hold()

    def _load(self) -> None:
        choice = self._plan.variant(self._trial.variant).choice
        if choice == self._runner._loaded and policy_ready(self._rig.snapshot(), choice):
            return
        self._runner._loaded = None
        load_policy(self._rig, choice, self._patience)
        self._runner._loaded = choice

    def _record(self) -> None:
        before = self._rig.snapshot().recording
        if before is not None:
            raise Spoiled(f"episode {before.episode_id} is being recorded already; end it")
        tags = [f"{EVALUATION_TAG}{self._runner._id}", f"trial:{self._trial.number}"]
        if not self._plan.blind:
            tags.append(f"variant:{self._trial.variant}")
        self._rig.start_episode(self._trial.task, tags=tuple(tags))
        now = self._patience.wait("starting the recording", lambda now: now.recording is not None, RECORDER_S)
        if now.recording is not None:
            self._episode_id = now.recording.episode_id

    # -- the policy's turn ---------------------------------------------------------------------------------------------

    def _let_go(self) -> _Ending:
        told = self._trial.variant is VariantName.HUMAN
        wanted = Mode.VERBAL if told else Mode.AUTONOMOUS
        tracker = self._tracker()
        if told:
            self._rig.autonomy.listen()
        else:
            self._rig.autonomy.go_alone(self._trial.task)
        self._before = self._patience.wait(
            "handing the robot to the policy", lambda now: now.mode is wanted, BEGUN_S
        )
        watch = TurnWatch(
            self._rig, self._before, wanted, implicit=self._trial.variant is VariantName.IMPLICIT
        )
        began_s = time.monotonic()
        looked_s, held_since_s = 0.0, 0.0
        while True:
            time_s = time.monotonic()
            elapsed_s = time_s - began_s
            if tracker is not None and self._world is not None and time_s - looked_s >= LOOK_S:
                looked_s = time_s
                done = tracker.take(self._world.truth())
                held_since_s = (held_since_s or time_s) if done else 0.0
            milestones = tracker.milestones if tracker is not None else ()
            if self._by_person:
                said = self._console.verdict()
                if said is not None:
                    return _Ending(said, "judged by a person", elapsed_s, milestones)
            elif held_since_s and time_s - held_since_s >= SUCCESS_HELD_S:
                # The time is that at which the world first looked done, not the second after.
                return _Ending(Outcome.SUCCESS, "the world says so", held_since_s - began_s, milestones)
            trouble = watch.look()
            if trouble is not None:
                self._runner.interrupted = trouble.person
                outcome = Outcome.SPOILED if trouble.rig else Outcome.FAILURE
                return _Ending(outcome, trouble.reason, elapsed_s, milestones)
            if elapsed_s > self._plan.time_limit_s and not held_since_s:
                return _Ending(Outcome.FAILURE, _TIME_IS_UP, elapsed_s, milestones)
            if watch.gave_up and not held_since_s and not self._by_person:
                return _Ending(Outcome.FAILURE, watch.gave_up, elapsed_s, milestones)
            self._patience.breathe(
                watch.step, elapsed_s=elapsed_s, milestones=milestones, judging=self._by_person
            )

    def _tracker(self) -> Tracker | None:
        if self._check is None or self._world is None:
            return None
        start = self._world.truth()
        if not self._by_person and self._check.succeeded(start):
            raise Spoiled(f"{self._trial.task}: the world says that it is done before it has begun")
        return Tracker(self._check)

    def _final(self, ending: _Ending) -> bool:
        """Whether a person need not be asked: they have spoken, or there is nothing to judge."""
        return ending.outcome is not Outcome.FAILURE or ending.reason == "judged by a person"

    def _ask(self, ending: _Ending) -> _Ending:
        """The trial is over; wait for the judge."""
        while (said := self._console.verdict()) is None:
            self._patience.breathe(
                f"judge it: {ending.reason}",
                elapsed_s=ending.duration_s,
                milestones=ending.milestones,
                judging=True,
            )
        return _Ending(said, f"judged by a person; {ending.reason}", ending.duration_s, ending.milestones)

    def _figures(self) -> tuple[int, int, int]:
        before, now = self._before.policy, self._rig.snapshot().policy
        if before is None or now is None:
            return 0, 0, 0
        seen = (*now.past, now.subtask) if now.subtask is not None else now.past
        began_ns = self._before.time_ns
        return (
            sum(not subtask.ended_ns or subtask.ended_ns > began_ns for subtask in seen),
            max(0, now.late_chunks - before.late_chunks),
            max(0, now.refused_chunks - before.refused_chunks),
        )

    # -- after ---------------------------------------------------------------------------------------------------------

    def _afterwards(self, ending: _Ending, act: Callable[[], None]) -> _Ending:
        """Do what comes after the verdict, which stands whatever fails now."""
        try:
            act()
        except Spoiled as error:
            return replace(ending, reason=f"{ending.reason}; afterwards: {error}")
        return ending

    def _hold(self, *, after: bool = False) -> None:
        """Bring the robot to hold; out of an emergency stop only a person leads.

        Args:
            after: the trial is over: a robot that a person has stopped or leads is left to them.
        """
        now = self._rig.snapshot()
        if after and now.mode in _PERSONS and not now.script:
            return
        if now.script:
            self._rig.stop_script()
        elif now.mode not in (Mode.HOLD, Mode.STOPPED):
            self._rig.set_mode(Mode.HOLD)
        asked_s = time.monotonic()
        while (now := self._rig.snapshot()).mode is not Mode.HOLD or now.script:
            if now.mode is Mode.STOPPED:
                self._patience.breathe("the robot is stopped; release it to go on")
                continue
            self._patience.breathe("the robot comes to hold")
            if time.monotonic() - asked_s > BEGUN_S:
                raise Spoiled(f"the robot does not hold{refusal(now)}")

    def _close(self, outcome: Outcome) -> None:
        if not self._episode_id:
            return
        recording = self._rig.snapshot().recording
        if recording is None or recording.episode_id != self._episode_id:
            return
        self._rig.end_episode(outcome.value if outcome in (Outcome.SUCCESS, Outcome.FAILURE) else "unset")
        self._patience.wait("closing the recording", lambda now: now.recording is None, RECORDER_S)

    def _find_check(self) -> TaskCheck | None:
        if self._by_person and self._trial.task not in judged_tasks():
            return None
        return check_of(self._rig.profile, self._trial.task)


_TIME_IS_UP = "the time is up"
_PERSONS = (Mode.HOLD, Mode.STOPPED, Mode.TELEOP)
"""Modes out of which the end of a trial takes no robot: it stands, or a person has it."""
