"""Evaluations as a window has them: one that runs, those that were, and figures to take away.

Whatever touches the disk is done in a thread of its own; every method returns at once, and what came of it is in the
next view.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from app.evaluation import report
from app.evaluation.evaluator import Evaluator, view_of
from app.evaluation.kept import StoreError
from app.evaluation.plan import Judge, Plan, PlanError, trials_of
from app.evaluation.results import Outcome
from app.evaluation.rig import Rig, World
from app.evaluation.store import Store, find, list_paths
from app.evaluation.tasks import check_of
from app.evaluation.view import EvaluationView, State

ENDS_S = 3.0
"""How long is waited at the end for a trial to be given up."""


EXPORTS = {"csv": "trials.csv", "json": "figures.json"}
"""Names of what is exported, in the evaluation's folder."""


@dataclass(frozen=True, slots=True)
class Listed:
    """An evaluation of the list.

    Attributes:
        evaluation_id: names it.
        begun_at: by the clock on the wall, ISO 8601.
        tasks, variants: what was tried.
        done, planned: how far it is.
        damage: why it cannot be used; empty when it can.
    """

    evaluation_id: str
    begun_at: str = ""
    tasks: tuple[str, ...] = ()
    variants: tuple[str, ...] = ()
    done: int = 0
    planned: int = 0
    damage: str = ""


@dataclass(frozen=True, slots=True)
class DeskView:
    """Everything at one moment.

    Attributes:
        shown: the evaluation that runs, or else the one that was opened.
        running: whether it runs.
        busy: whether a wish is being carried out just now.
        listed: every evaluation of the dataset, newest first.
        refusal: why the last wish could not be carried out; empty when it was.
        told: what came of the last wish.
    """

    shown: EvaluationView | None = None
    running: bool = False
    busy: bool = False
    listed: tuple[Listed, ...] = ()
    refusal: str = ""
    told: str = ""


class Desk:
    """See the module.

    Args:
        rig: the session.
        data_dir: the dataset.
        world: opens the simulated world on the evaluation's own thread; None on a real robot.
    """

    def __init__(self, rig: Rig, data_dir: Path, *, world: Callable[[], World] | None) -> None:
        self._rig = rig
        self._data_dir = data_dir
        self._world = world
        self._worker: ThreadPoolExecutor | None = None
        self._lock = threading.Lock()
        self._evaluator: Evaluator | None = None
        self._was_running = False
        self._waiting = 0
        self._closed = False
        self._view = DeskView()

    @property
    def view(self) -> DeskView:
        """How everything stands."""
        evaluator, view = self._evaluator, self._view
        busy = self._waiting > 0
        if evaluator is None:
            return replace(view, busy=busy)
        running = evaluator.running
        if self._was_running and not running:
            self._was_running = False
            self.refresh()
        return replace(view, shown=evaluator.view, running=running, busy=busy)

    # -- wishes --------------------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Read the list again."""
        self._do(lambda: None)

    def open(self, evaluation_id: str) -> None:
        """Show an earlier evaluation. One that runs stays on screen."""
        self._do(lambda: self._open(evaluation_id))

    def begin(self, plan: Plan) -> None:
        """Begin an evaluation."""
        self._do(lambda: self._begin(plan))

    def resume(self, evaluation_id: str) -> None:
        """Do what is missing of an earlier one."""
        self._do(lambda: self._resume(evaluation_id))

    def export(self, kind: str) -> None:
        """Write what is shown into its folder: every trial as `csv`, or everything as `json`."""
        shown = self.view.shown
        if shown is not None:
            self._do(lambda: self._export(shown.evaluation_id, kind))

    def pause(self) -> None:
        """Finish the trial under way, then wait."""
        if self._evaluator is not None:
            self._evaluator.pause()

    def go_on(self) -> None:
        """Go on after a pause."""
        if self._evaluator is not None:
            self._evaluator.go_on()

    def stop(self) -> None:
        """End now; the trial under way is done again when the evaluation is resumed."""
        if self._evaluator is not None:
            self._evaluator.stop()

    def scene_ready(self) -> None:
        """The scene is in order."""
        if self._evaluator is not None:
            self._evaluator.scene_ready()

    def judge(self, outcome: Outcome, *, number: int) -> None:
        """Judge a trial."""
        if self._evaluator is not None:
            self._evaluator.judge(outcome, number=number)

    def close(self) -> None:
        """End what runs, and let go of everything; may take a moment."""
        self._closed = True
        if self._worker is not None:
            self._worker.shutdown(wait=True, cancel_futures=True)
            self._worker = None
        if self._evaluator is not None:
            self._evaluator.stop()
            self._evaluator.wait(ENDS_S)

    # -- the worker ----------------------------------------------------------------------------------------------------

    def _do(self, wish: Callable[[], str | None]) -> None:
        if self._closed:
            return
        if self._worker is None:
            self._worker = ThreadPoolExecutor(1, thread_name_prefix="evaluations")
        with self._lock:
            self._waiting += 1
        self._worker.submit(self._carry_out, wish).add_done_callback(self._carried_out)

    def _carry_out(self, wish: Callable[[], str | None]) -> None:
        told, refusal = "", ""
        try:
            told = wish() or ""
        except (StoreError, PlanError) as error:
            refusal = str(error)
        listed = self._list()
        with self._lock:
            self._view = replace(self._view, listed=listed, told=told, refusal=refusal)

    def _carried_out(self, work: Future[None]) -> None:
        with self._lock:
            self._waiting -= 1
            if not work.cancelled() and (error := work.exception()) is not None:
                self._view = replace(self._view, refusal=f"unexpected {type(error).__name__}: {error}")

    def _list(self) -> tuple[Listed, ...]:
        return tuple(_listed(path) for path in reversed(list_paths(self._data_dir)))

    def _open(self, evaluation_id: str) -> None:
        self._refuse_while_running()
        store = Store.read(find(self._data_dir, evaluation_id))
        with self._lock:
            self._evaluator = None
            self._view = replace(self._view, shown=view_of(store, State.ENDED))

    def _begin(self, plan: Plan) -> None:
        self._refuse_while_running()
        self._refuse_unjudged(plan)
        self._run(Store.begin(self._data_dir, plan))

    def _resume(self, evaluation_id: str) -> None:
        self._refuse_while_running()
        store = Store.resume(self._data_dir, evaluation_id)
        try:
            if store.complete:
                raise StoreError(f"evaluation {store.evaluation_id} is complete; there is nothing left to do")
            if store.plan.profile != self._rig.profile_source:
                raise StoreError(
                    f"evaluation {store.evaluation_id} was begun on {store.plan.profile}, and this is"
                    f" {self._rig.profile_source}; open the window on that robot"
                )
            self._refuse_unjudged(store.plan)
        except (StoreError, PlanError):
            store.close()
            raise
        self._run(store)

    def _run(self, store: Store) -> None:
        evaluator = Evaluator(self._rig, store, world=self._world)
        evaluator.start()
        with self._lock:
            self._evaluator, self._was_running = evaluator, True

    def _refuse_while_running(self) -> None:
        if self._evaluator is not None and self._evaluator.running:
            raise StoreError("an evaluation runs; end it first")

    def _refuse_unjudged(self, plan: Plan) -> None:
        if plan.judge is Judge.PERSON:
            return
        if self._world is None:
            raise PlanError("no world judges a real robot; judge by hand")
        for task in plan.tasks:
            check_of(self._rig.profile, task)

    def _export(self, evaluation_id: str, kind: str) -> str:
        store = Store.read(find(self._data_dir, evaluation_id))
        view = view_of(store, State.ENDED)
        if view.summary is None:
            raise StoreError("the variants are hidden until every trial is judged; then it can be exported")
        path = store.path / EXPORTS[kind]
        if kind == "json":
            made = report.as_json(store.evaluation_id, store.plan, view.summary, store.attempts)
            text = json.dumps(made, indent=2) + "\n"
        else:
            text = report.as_csv(store.attempts)
        try:
            path.write_text(text)
        except OSError as error:
            raise StoreError(f"cannot write {path}: {error.strerror}") from error
        return f"written: {path}"


def _listed(path: Path) -> Listed:
    try:
        store = Store.read(path)
    except StoreError as error:
        return Listed(path.name, damage=str(error))
    return Listed(
        evaluation_id=store.evaluation_id,
        begun_at=store.kept.begun_at,
        tasks=store.plan.tasks,
        variants=tuple(variant.name.value for variant in store.plan.variants),
        done=len(store.results),
        planned=len(trials_of(store.plan)),
    )
