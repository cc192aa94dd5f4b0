"""A whole evaluation on the simulated robot: real processes, the scripted policy, recordings on disk."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from app.evaluation.evaluator import Evaluator
from app.evaluation.results import Outcome
from app.evaluation.rig import SimWorld
from app.evaluation.store import Store
from app.evaluation.view import EvaluationView, State
from app.messages import Mode
from recordings.verify import verify_episode
from tests.app.evaluation.plans import HIERARCHICAL, plan
from tests.support.live_session import LiveSession, live_session

PATIENCE_S = 240.0


def wait(evaluator: Evaluator, until: Callable[[EvaluationView], bool], live: LiveSession) -> EvaluationView:
    end_s = time.monotonic() + PATIENCE_S
    while time.monotonic() < end_s:
        view = evaluator.view
        if until(view):
            return view
        time.sleep(0.05)
    raise TimeoutError(f"{evaluator.view}, log {live.now.log[-12:]}")


@pytest.mark.timeout(2 * PATIENCE_S)
def test_the_scripted_policy_is_reset_judged_by_the_world_and_recorded(tmp_path: Path) -> None:
    """The robot's own time limits may be missed on a busy machine: then the trial is spoiled, and done again."""
    data_dir = tmp_path / "dataset"
    wanted = plan(tasks=("raise the lift",), variants=(HIERARCHICAL,), seeds=(3,), time_limit_s=60.0)
    with live_session(data_dir) as live:
        store = Store.begin(data_dir, wanted)
        evaluator = Evaluator(live.session, store, world=lambda: SimWorld(live.session.runtime_dir))
        evaluator.start()
        try:
            view = wait(evaluator, lambda view: view.state in (State.ENDED, State.FAILED), live)
        finally:
            evaluator.close()
        assert view.error == ""
        result = store.results[0]
        assert (result.outcome, result.reason) == (Outcome.SUCCESS, "the world says so"), store.attempts
        assert live.now.mode is Mode.HOLD
        found = live.wait(
            lambda now: any(e.episode_id == result.episode_id and e.complete for e in now.episodes),
            "the episode",
        )
        episode = next(e for e in found.episodes if e.episode_id == result.episode_id)
        assert (episode.task, episode.outcome) == ("raise the lift", "success")
        assert set(episode.tags) == {
            f"evaluation:{store.evaluation_id}",
            "trial:1",
            "variant:hierarchical",
        }
        assert dict(episode.source_rows).get("policy", 0) > 50
        live.wait(lambda now: now.policy is None, "the policy that nobody had loaded to be let go")
    assert verify_episode(data_dir / "episodes" / result.episode_id).errors == ()


@pytest.mark.timeout(2 * PATIENCE_S)
def test_a_policy_process_that_is_killed_spoils_the_trial_which_is_then_done_again(tmp_path: Path) -> None:
    data_dir = tmp_path / "dataset"
    wanted = plan(tasks=("drive to the counter",), variants=(HIERARCHICAL,), seeds=(3,), time_limit_s=90.0)
    with live_session(data_dir) as live:
        store = Store.begin(data_dir, wanted)
        evaluator = Evaluator(live.session, store, world=lambda: SimWorld(live.session.runtime_dir))
        evaluator.start()
        try:
            wait(evaluator, lambda view: view.trial is not None and view.trial.elapsed_s > 0.5, live)
            os.kill(
                next(process.pid for process in live.now.processes if process.name == "policy"),
                signal.SIGKILL,
            )
            wait(evaluator, lambda view: bool(view.results), live)
            first = store.attempts[0]
            assert first.outcome is Outcome.SPOILED, first
            # On a busy machine something else of the rig may fail first; the policy's loss never counts as its failure.
            assert "lost" in first.reason or "no " in first.reason
            wait(
                evaluator,
                lambda view: (
                    view.trial is not None and view.trial.attempt == 2 and view.trial.elapsed_s > 0.0
                ),
                live,
            )
        finally:
            evaluator.close()
        assert evaluator.view.error == ""
        live.wait(lambda now: now.mode is Mode.HOLD and now.recording is None, "hold")
