"""One trial in a live session: the scene in order, the policy alone, the verdict, and the recording of it all."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from app.autonomy.choice import PolicyChoice
from app.evaluation.console import Console, PolicyUnusable, Spoiled, Stopped
from app.evaluation.diagnosis import ELSEWHERE, dark_cameras
from app.evaluation.plan import SUCCESS_HELD_S, Judge, Plan, Trial, VariantName
from app.evaluation.results import Attempt, Milestone, Outcome
from app.evaluation.rig import Rig, World
from app.evaluation.tasks import TaskCheck, Tracker, check_of
from app.evaluation.turn_watch import TurnWatch
from app.messages import Mode
from app.session.view import Snapshot
from drivers.sim.remote import SimRemoteError

POLL_S = 0.05
LOOK_S = 0.1
"""How often the world is looked at."""
READY_S, HOMED_S, BEGUN_S, RECORDER_S, RESET_S = 60.0, 90.0, 15.0, 15.0, 15.0
PREPARED_S = 180.0
AWAY_S = 30.0
LOADED_S = 900.0
"""A large checkpoint from a slow disk."""
SETTLED_S = 1.0
"""How long a policy must be ready before it is believed, so that what the one before it said is not taken for its word;
and how long the scene is left alone after a reset."""


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
        self._wait("waiting for the robot and its cameras", lambda now: now.ready, READY_S)
        self._hold()
        if not self._rig.snapshot().homed:
            self._rig.home_lifts()
            self._wait("homing the lift", lambda now: now.homed, HOMED_S)
        self._rig.set_speed(self._plan.speed)
        if self._world is not None:
            self._reset(self._world)
            if self._check is not None and self._check.prepare:
                self._prepare(self._check.prepare)
        else:
            self._console.ask_for_scene()
            while not self._console.scene_ready():
                self._breathe("put the scene in order")
        self._wait(
            "waiting for the robot and its cameras", lambda now: now.ready and not dark_cameras(now), READY_S
        )

    def _reset(self, world: World) -> None:
        was_reset = world.displace()
        self._rig.reset_world(self._trial.seed)
        asked_s = time.monotonic()
        while not was_reset(world.truth()):
            self._breathe("resetting the kitchen")
            if time.monotonic() - asked_s > RESET_S:
                raise Spoiled(f"the kitchen was not reset{_refusal(self._rig.snapshot())}")
        self._pause("letting the kitchen settle", SETTLED_S)

    def _prepare(self, script: str) -> None:
        """Have the operator make what the task needs, such as a drawer that is open."""
        step = f"the operator prepares: {script}"
        self._rig.run_script(script, self._trial.seed)
        self._wait(step, lambda now: now.script == script, BEGUN_S)
        self._wait(step, lambda now: not now.script, PREPARED_S)
        self._hold()

    def _load(self) -> None:
        choice = self._plan.variant(self._trial.variant).choice
        if choice == self._runner._loaded and _ready(self._rig.snapshot(), choice):
            return
        self._runner._loaded = None
        self._rig.autonomy.load(choice)
        asked_s = ready_s = time.monotonic()
        failed_s = 0.0
        while True:
            now = self._rig.snapshot()
            time_s = time.monotonic()
            if not _ready(now, choice):
                ready_s = time_s
            failed = now.policy is not None and now.policy.choice == choice and now.policy.state == "failed"
            failed_s = (failed_s or time_s) if failed else 0.0
            if failed and now.policy is not None and time_s - failed_s >= _patience_s(choice):
                raise PolicyUnusable(
                    f"the policy cannot be loaded: {now.policy.detail or 'it does not say why'}"
                )
            if time_s - ready_s > SETTLED_S:
                break
            if time_s - asked_s > LOADED_S:
                raise PolicyUnusable(f"the policy is not ready after {LOADED_S:.0f} s{_refusal(now)}")
            self._breathe("loading the policy")
        self._runner._loaded = choice

    def _record(self) -> None:
        before = self._rig.snapshot().recording
        if before is not None:
            raise Spoiled(f"episode {before.episode_id} is being recorded already; end it")
        tags = [f"evaluation:{self._runner._id}", f"trial:{self._trial.number}"]
        if not self._plan.blind:
            tags.append(f"variant:{self._trial.variant}")
        self._rig.start_episode(self._trial.task, tags=tuple(tags))
        now = self._wait("starting the recording", lambda now: now.recording is not None, RECORDER_S)
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
        self._before = self._wait("handing the robot to the policy", lambda now: now.mode is wanted, BEGUN_S)
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
            self._breathe(watch.step, elapsed_s=elapsed_s, milestones=milestones, judging=self._by_person)

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
            self._breathe(
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
                self._breathe("the robot is stopped; release it to go on")
                continue
            self._breathe("the robot comes to hold")
            if time.monotonic() - asked_s > BEGUN_S:
                raise Spoiled(f"the robot does not hold{_refusal(now)}")

    def _close(self, outcome: Outcome) -> None:
        if not self._episode_id:
            return
        recording = self._rig.snapshot().recording
        if recording is None or recording.episode_id != self._episode_id:
            return
        self._rig.end_episode(outcome.value if outcome in (Outcome.SUCCESS, Outcome.FAILURE) else "unset")
        self._wait("closing the recording", lambda now: now.recording is None, RECORDER_S)

    # -- waiting -------------------------------------------------------------------------------------------------------

    def _wait(self, step: str, until: Callable[[Snapshot], bool], timeout_s: float) -> Snapshot:
        started_s = time.monotonic()
        complaints: dict[str, None] = {}
        while True:
            now = self._rig.snapshot()
            if until(now):
                return now
            # A refusal is shown for a few seconds only, and is the reason more often than anything else.
            complaints |= {notice.what: None for notice in now.notices if notice.level != "info"}
            if time.monotonic() - started_s > timeout_s:
                why = f": {'; '.join(list(complaints)[:3])}" if complaints else ""
                raise Spoiled(f"{step}: not done after {timeout_s:.0f} s{why}")
            self._breathe(step)

    def _pause(self, step: str, seconds: float) -> None:
        until_s = time.monotonic() + seconds
        while time.monotonic() < until_s:
            self._breathe(step)

    def _breathe(
        self,
        step: str,
        *,
        elapsed_s: float = 0.0,
        milestones: tuple[Milestone, ...] = (),
        judging: bool = False,
    ) -> None:
        """Show where it stands, wait a moment, and end when that is wanted."""
        self._console.show(step, elapsed_s=elapsed_s, milestones=milestones, judging=judging)
        if self._console.stop_wanted():
            raise Stopped
        time.sleep(POLL_S)

    def _find_check(self) -> TaskCheck | None:
        from app.evaluation.tasks import judged_tasks

        if self._by_person and self._trial.task not in judged_tasks():
            return None
        return check_of(self._rig.profile, self._trial.task)


_TIME_IS_UP = "the time is up"
_PERSONS = (Mode.HOLD, Mode.STOPPED, Mode.TELEOP)
"""Modes out of which the end of a trial takes no robot: it stands, or a person has it."""


def _patience_s(choice: PolicyChoice) -> float:
    """How long a policy may say that it has failed: one that lives elsewhere may yet come."""
    return AWAY_S if choice.kind in ELSEWHERE else 0.0


def _ready(now: Snapshot, choice: PolicyChoice) -> bool:
    return now.policy is not None and now.policy.choice == choice and now.policy.state == "ready"


def _refusal(now: Snapshot) -> str:
    """What the notices say, to be put after what did not come about."""
    said = [notice.what for notice in now.notices if notice.level != "info"][:2]
    return f": {'; '.join(said)}" if said else ""
