"""Runs an evaluation in a thread of its own, trial after trial, and says at any moment how it stands."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import replace

from app.evaluation.console import PolicyUnusable, Stopped
from app.evaluation.kept import StoreError
from app.evaluation.plan import PlanError, Trial, trials_of
from app.evaluation.report import summarise
from app.evaluation.results import Attempt, Milestone, Outcome
from app.evaluation.rig import Rig, World
from app.evaluation.store import Store
from app.evaluation.trial_runner import TrialRunner
from app.evaluation.view import EvaluationView, ResultView, State, TrialView
from app.messages import Mode
from drivers.sim.remote import SimRemoteError

log = logging.getLogger("understudy.evaluation")


_WAITS_FOR = {
    Mode.STOPPED: "the robot was stopped; release it, then go on",
    Mode.TELEOP: "a person has the robot; go on when it is free",
    Mode.HOLD: "a person let the robot hold; go on when it may move",
}
"""Why it pauses by itself, by what the robot is left in."""


class Evaluator:
    """What a person wants of a running evaluation. Every method but `close` returns at once, from any thread.

    Args:
        rig: the session; somebody else keeps it going, as by `beat`.
        store: where results go; it is closed at the end.
        world: opens the simulated world, on the evaluation's own thread; None on a real robot.
    """

    def __init__(self, rig: Rig, store: Store, *, world: Callable[[], World] | None) -> None:
        self._rig = rig
        self._store = store
        self._open_world = world
        self._stop = threading.Event()
        self._go_on = threading.Event()
        self._go_on.set()
        self._scene = threading.Event()
        self._verdict: Outcome | None = None
        self._judgeable = False
        self._lock = threading.Lock()
        self._view = view_of(store, State.RUNNING)
        self._thread = threading.Thread(target=self._run, name="evaluation")

    @property
    def view(self) -> EvaluationView:
        """How it stands, as of a moment ago."""
        return self._view

    @property
    def running(self) -> bool:
        """Whether its thread still works."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Begin with the first trial that is missing."""
        self._thread.start()

    def pause(self) -> None:
        """Finish the trial under way, then wait."""
        self._go_on.clear()
        self._change(lambda view: replace(view, state=State.PAUSING) if view.state is State.RUNNING else view)

    def go_on(self) -> None:
        """Go on after a pause."""
        self._go_on.set()
        self._change(lambda view: replace(view, state=State.RUNNING) if view.state is State.PAUSING else view)

    def stop(self) -> None:
        """End now. The trial under way is not kept; it is done again when the evaluation is resumed."""
        self._stop.set()
        self._go_on.set()
        self._change(
            lambda view: (
                view if view.state in (State.ENDED, State.FAILED) else replace(view, state=State.STOPPING)
            )
        )

    def scene_ready(self) -> None:
        """The scene is in order for the trial that is to begin."""
        self._scene.set()

    def judge(self, outcome: Outcome, *, number: int) -> None:
        """What a person says of a trial; it is not heard once that trial is over.

        Args:
            outcome: success, failure or skipped.
            number: the trial that was on screen.
        """
        with self._lock:
            trial = self._view.trial
            if self._judgeable and trial is not None and trial.number == number:
                self._verdict = outcome

    def wait(self, timeout_s: float) -> None:
        """Wait for its end, so long at most."""
        if self._thread.ident is not None:
            self._thread.join(timeout_s)

    def close(self) -> None:
        """End, and wait until the robot holds and everything is written."""
        self.stop()
        if self._thread.ident is not None:
            self._thread.join()
        else:
            self._store.close()

    # -- the thread ----------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        state, error = State.ENDED, ""
        try:
            self._take_trials()
        except Stopped:
            pass
        except (PlanError, PolicyUnusable, StoreError, SimRemoteError) as failure:
            state, error = State.FAILED, str(failure)
        except Exception as failure:
            log.exception("the evaluation's thread has ended")
            state, error = State.FAILED, f"unexpected {type(failure).__name__}: {failure}; please report it"
        finally:
            self._store.close()
        with self._lock:
            self._view = replace(view_of(self._store, state), error=error)

    def _take_trials(self) -> None:
        world = self._open_world() if self._open_world is not None else None
        policy = self._rig.snapshot().policy
        before = policy.choice if policy is not None else None
        try:
            runner = TrialRunner(
                self._rig, self._store.plan, evaluation_id=self._store.evaluation_id, world=world
            )
            while missing := self._store.missing:
                self._wait_to_go_on()
                trial = missing[0]
                attempt = self._store.tries_of(trial.number) + 1
                self._begin(trial, attempt)
                result = runner.run(trial, attempt=attempt, console=_Console(self, trial, attempt))
                self._store.append(result)
                self._show_results()
                mode = self._rig.snapshot().mode
                if runner.interrupted or mode is Mode.STOPPED:
                    self._pause_because(_WAITS_FOR.get(mode, "the robot was taken; go on when it is free"))
        finally:
            # Whoever had a policy before finds it again, and none of the variants in its place.
            policy = self._rig.snapshot().policy
            if policy is not None and policy.choice != before:
                self._rig.autonomy.load(before)
            if world is not None:
                world.close()

    def _begin(self, trial: Trial, attempt: int) -> None:
        with self._lock:
            self._verdict, self._judgeable = None, False
        self._scene.clear()
        self.show_trial(trial, attempt, "beginning", State.RUNNING)

    def _wait_to_go_on(self) -> None:
        if not self._go_on.is_set():
            self._change(lambda view: replace(view, state=State.PAUSED, trial=None))
            self._go_on.wait()
            self._change(lambda view: replace(view, state=State.RUNNING, paused_because=""))
        if self._stop.is_set():
            raise Stopped

    def _pause_because(self, why: str) -> None:
        self._go_on.clear()
        self._change(lambda view: replace(view, paused_because=why))

    def _show_results(self) -> None:
        fresh = view_of(self._store, State.RUNNING)
        self._change(
            lambda view: replace(
                view, done=fresh.done, results=fresh.results, summary=fresh.summary, hidden=fresh.hidden
            )
        )

    def _change(self, change: Callable[[EvaluationView], EvaluationView]) -> None:
        with self._lock:
            self._view = change(self._view)

    # -- for the console -----------------------------------------------------------------------------------------------

    def show_trial(
        self,
        trial: Trial,
        attempt: int,
        step: str,
        state: State,
        *,
        elapsed_s: float = 0.0,
        milestones: tuple[Milestone, ...] = (),
        judging: bool = False,
    ) -> None:
        """Show the trial under way; called by the trial's console."""

        def change(view: EvaluationView) -> EvaluationView:
            shown = TrialView(
                number=trial.number,
                task=trial.task,
                variant="" if view.hidden else trial.variant.value,
                seed=trial.seed,
                attempt=attempt,
                step=_hidden(step) if view.hidden else step,
                elapsed_s=elapsed_s,
                milestones=milestones,
                judgeable=judging,
            )
            now = state
            if view.state is State.STOPPING:
                now = State.STOPPING
            elif state is State.RUNNING and not self._go_on.is_set():
                now = State.PAUSING
            return replace(view, state=now, trial=shown)

        self._judgeable = judging
        self._change(change)


class _Console:
    """Joins one trial to the evaluator."""

    def __init__(self, evaluator: Evaluator, trial: Trial, attempt: int) -> None:
        self._evaluator = evaluator
        self._trial, self._attempt = trial, attempt
        self._scene_asked = False

    def show(
        self,
        step: str,
        *,
        elapsed_s: float = 0.0,
        milestones: tuple[Milestone, ...] = (),
        judging: bool = False,
    ) -> None:
        """What is being done now."""
        state = State.RUNNING
        if step.startswith("judge it"):
            state = State.JUDGING
        elif self._scene_asked and not self.scene_ready():
            state = State.SCENE
        self._evaluator.show_trial(
            self._trial,
            self._attempt,
            step,
            state,
            elapsed_s=elapsed_s,
            milestones=milestones,
            judging=judging,
        )

    def stop_wanted(self) -> bool:
        """Whether everything is to end at once."""
        return self._evaluator._stop.is_set()

    def verdict(self) -> Outcome | None:
        """What a person has said of this trial."""
        return self._evaluator._verdict

    def ask_for_scene(self) -> None:
        """Ask a person to put the scene in order."""
        self._scene_asked = True

    def scene_ready(self) -> bool:
        """Whether it is."""
        return self._evaluator._scene.is_set()


def view_of(store: Store, state: State) -> EvaluationView:
    """An evaluation as it stands on disk. Of a blind one nothing tells the variants before every trial is judged."""
    plan, results = store.plan, store.results
    planned = len(trials_of(plan))
    hidden = plan.blind and len(results) < planned
    return EvaluationView(
        evaluation_id=store.evaluation_id,
        plan=plan,
        state=state,
        done=len(results),
        planned=planned,
        results=tuple(_shown(attempt, hidden=hidden) for attempt in store.attempts),
        summary=None if hidden else summarise(plan, results),
        hidden=hidden,
        told=store.told,
    )


def _hidden(step: str) -> str:
    """A step without what may tell the variant: which subtask is in force, and why the policy's turn has ended."""
    return step.partition(":")[0] if step.startswith(("the policy acts", "judge it")) else step


def _shown(attempt: Attempt, *, hidden: bool) -> ResultView:
    return ResultView(
        number=attempt.number,
        task=attempt.task,
        variant="" if hidden else attempt.variant.value,
        seed=attempt.seed,
        attempt=attempt.attempt,
        outcome=attempt.outcome.value,
        reason="" if hidden else attempt.reason,
        duration_s=attempt.duration_s,
        episode_id=attempt.episode_id,
    )
