"""Trials side by side in processes of their own, and the command that asks for them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.autonomy.choice import PolicyChoice, PolicyKind
from app.cli.main import main
from app.demonstrations.plan import FIRST_TRIAL_SEED
from app.kitchen_policy import NoKitchenPolicy, shipped_policy
from app.kitchen_trials.bench import Bench, ToldOrder, told_orders
from app.kitchen_trials.evaluation import evaluate
from app.kitchen_trials.workers import TrialsFailed, run_trials
from policy.inference.untrained import random_policy
from policy.presets import PI05_SMALL

pytestmark = pytest.mark.timeout(240)

LIFT = "raise the lift"


def test_side_by_side_the_same_comes_out_as_one_after_the_other() -> None:
    orders = told_orders((LIFT,), range(3))
    assert orders[0] == ToldOrder(subtask=LIFT, seed=FIRST_TRIAL_SEED)
    choice = PolicyChoice(kind=PolicyKind.SCRIPTED)
    beside = {trial.seed: trial for trial in run_trials(choice, orders, jobs=2)}
    with Bench(choice) as bench:
        for order in orders:
            trial = bench.run(order)
            assert trial.succeeded
            assert beside[trial.seed].simulated_s == trial.simulated_s


def test_a_policy_that_cannot_be_loaded_is_told_of(tmp_path: Path) -> None:
    choice = PolicyChoice(kind=PolicyKind.CHECKPOINT, source=str(tmp_path / "missing"))
    with pytest.raises(TrialsFailed, match="missing"):
        list(run_trials(choice, told_orders((LIFT,), range(2)), jobs=1))


@pytest.mark.usefixtures("one_thread")
def test_random_weights_are_tried_in_this_process_and_do_nothing_right() -> None:
    figures = evaluate(random_policy(PI05_SMALL, device="cpu"), seeds=[0], subtasks=[LIFT])
    assert figures["success_raise_the_lift_n"] == 1
    assert figures["success_raise_the_lift"] == 0.0


def test_the_bench_writes_the_figures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "kitchen.json"
    asked = ["bench", "kitchen", "--policy", "scripted", "--trials", "2", "--alone", "1"]
    asked += ["--subtask", LIFT, "--subtask", LIFT]  # twice is once
    asked += ["--task", "drive to the counter", "--variants", "hierarchical", "human", "--jobs", "1"]
    assert main([*asked, "--json", str(out)]) == 0
    figures = json.loads(out.read_text())
    assert figures["success_raise_the_lift"] == 1.0
    assert figures["success_raise_the_lift_n"] == 2
    assert figures["success_alone_drive_to_the_counter_human"] == 1.0
    assert figures["success_told_mean_low"] < 1.0
    said = capsys.readouterr()
    assert "raise the lift" in said.out
    assert "4 of 4" in said.err


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (["--subtask", "fold the towel"], "cannot tell whether 'fold the towel' is done"),
        (["--trials", "0"], "nothing to try"),
        (["--seed", "-1"], "--seed is -1; it is an integer from 0 on"),
        (["--delay-ticks", "-3"], "--delay-ticks is -3"),
    ],
)
def test_what_cannot_be_tried_is_said(
    asked: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bench", "kitchen", "--policy", "scripted", *asked]) == 2
    assert said in capsys.readouterr().err


def test_without_a_policy_that_came_along_one_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("policy.__file__", str(tmp_path / "__init__.py"))
    with pytest.raises(NoKitchenPolicy, match="train one with `understudy train`"):
        shipped_policy()
    assert main(["bench", "kitchen"]) == 2
    assert "the kitchen policy is not in" in capsys.readouterr().err
