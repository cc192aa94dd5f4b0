"""The figures have the names that a report looks for, each with its trials and its interval."""

from __future__ import annotations

import pytest

from app.kitchen_trials.alone import EVERYTHING, AloneTrial
from app.kitchen_trials.figures import figures_of
from app.kitchen_trials.told import ToldTrial


def told(subtask: str, *, succeeded: bool, lifted: str = "", heard: str | None = None) -> ToldTrial:
    return ToldTrial(
        subtask=subtask,
        seed=0,
        succeeded=succeeded,
        simulated_s=1.0,
        computed_s=1.0,
        chunks=1,
        in_reach=2,
        lifted=lifted,
        heard=heard,
    )


def alone(task: str, variant: str, *, succeeded: bool) -> AloneTrial:
    return AloneTrial(
        task=task,
        variant=variant,
        seed=0,
        succeeded=succeeded,
        simulated_s=1.0,
        computed_s=1.0,
        subtasks=(),
        in_sink=(),
    )


def test_every_subtask_has_a_share_with_its_interval() -> None:
    trials = [told("pick up the cup", succeeded=True, lifted="cup") for _ in range(9)]
    trials += [
        told("pick up the cup", succeeded=False, lifted="sponge"),
        told("open the drawer", succeeded=True),
    ]
    figures = figures_of(trials)
    assert figures["success_pick_up_the_cup"] == pytest.approx(0.9)
    assert figures["success_pick_up_the_cup_n"] == 10
    assert figures["success_pick_up_the_cup_low"] == pytest.approx(0.596, abs=0.001)
    assert figures["success_pick_up_the_cup_high"] == pytest.approx(0.982, abs=0.001)
    assert figures["success_told_mean"] == pytest.approx(0.95)
    assert figures["success_told_mean_n"] == 11
    assert figures["named_object_correct"] == pytest.approx(0.9)
    assert figures["named_object_correct_n"] == 10
    assert "success_alone" not in figures


def test_what_was_spoken_has_shares_of_its_own() -> None:
    figures = figures_of(
        [
            told("open the drawer", succeeded=True),
            told("open the drawer", succeeded=True, heard="open the drawer"),
            told("open the drawer", succeeded=False, heard=""),
        ]
    )
    assert figures["success_open_the_drawer"] == 1.0
    assert figures["success_told_mean_n"] == 1
    assert figures["success_spoken_open_the_drawer"] == 0.5
    assert figures["success_spoken_mean"] == 0.5
    assert figures["success_spoken_mean_n"] == 2


def test_variants_and_other_tasks_have_names_of_their_own() -> None:
    figures = figures_of(
        [
            alone(EVERYTHING, "hierarchical", succeeded=True),
            alone(EVERYTHING, "implicit", succeeded=False),
            alone("put the cup in the sink", "hierarchical", succeeded=True),
            alone("put the cup in the sink", "none", succeeded=False),
        ]
    )
    assert {
        name: value
        for name, value in figures.items()
        if name.startswith("success") and "_n" not in name[-2:] and not name.endswith(("_low", "_high"))
    } == {
        "success_alone": 1.0,
        "success_alone_implicit": 0.0,
        "success_alone_put_the_cup_in_the_sink": 1.0,
        "success_alone_put_the_cup_in_the_sink_none": 0.0,
    }
    assert "success_told_mean" not in figures
