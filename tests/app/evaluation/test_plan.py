"""Plans: what they refuse, and the order that follows from them alone."""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.autonomy.choice import HighLevel, PolicyChoice, PolicyKind
from app.evaluation.plan import Judge, Plan, PlanError, VariantName, differences, plan_hash, trials_of
from tests.app.evaluation.plans import HIERARCHICAL, IMPLICIT, plan


def test_each_variant_has_its_high_level_and_everything_else_in_common() -> None:
    made = plan(
        variants=tuple(VariantName)[:3], choice=PolicyChoice(kind=PolicyKind.RANDOM, source="pi05-tiny")
    )
    assert [variant.choice.high_level for variant in made.variants] == [
        HighLevel.MODEL,
        HighLevel.IMPLICIT,
        HighLevel.HUMAN,
    ]
    assert {variant.choice.source for variant in made.variants} == {"pi05-tiny"}


@given(
    tasks=st.lists(st.sampled_from("abcdef"), min_size=1, max_size=4, unique=True),
    seeds=st.lists(st.integers(0, 10_000), min_size=1, max_size=6, unique=True),
    order_seed=st.integers(0, 5),
)
def test_every_combination_is_one_trial_and_each_kitchen_goes_round_every_variant_before_the_next(
    tasks: list[str], seeds: list[int], order_seed: int
) -> None:
    made = plan(tasks=tasks, seeds=seeds, order_seed=order_seed)
    trials = trials_of(made)
    assert [trial.number for trial in trials] == list(range(1, len(trials) + 1))
    assert Counter((t.task, t.variant, t.seed) for t in trials) == Counter(
        (task, variant, seed) for task in tasks for variant in (HIERARCHICAL, IMPLICIT) for seed in seeds
    )
    for first in range(0, len(trials), 2):
        pair = trials[first : first + 2]
        assert len({(trial.task, trial.seed) for trial in pair}) == 1
        assert {trial.variant for trial in pair} == {HIERARCHICAL, IMPLICIT}
    assert [t.seed for t in trials] == [seed for seed in seeds for _ in range(2 * len(tasks))]


def test_the_order_is_fixed_for_good() -> None:
    order = [(trial.seed, trial.task, trial.variant.value) for trial in trials_of(plan())]
    assert order == [
        (0, "open the drawer", "implicit"),
        (0, "open the drawer", "hierarchical"),
        (0, "raise the lift", "hierarchical"),
        (0, "raise the lift", "implicit"),
        (1, "raise the lift", "hierarchical"),
        (1, "raise the lift", "implicit"),
        (1, "open the drawer", "implicit"),
        (1, "open the drawer", "hierarchical"),
        (2, "open the drawer", "implicit"),
        (2, "open the drawer", "hierarchical"),
        (2, "raise the lift", "implicit"),
        (2, "raise the lift", "hierarchical"),
    ]


def test_neither_variant_goes_first_more_often_than_chance_would_have_it() -> None:
    trials = trials_of(plan(tasks=("raise the lift",), seeds=range(400)))
    first = sum(trial.variant is IMPLICIT for trial in trials[::2])
    assert 160 < first < 240


def test_another_order_seed_is_another_order() -> None:
    assert trials_of(plan()) != trials_of(plan(order_seed=1))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"tasks": ()}, "no task"),
        ({"tasks": (" ",)}, "a task is empty"),
        ({"tasks": ("a", " a ")}, "given twice"),
        ({"variants": ()}, "no variant"),
        ({"variants": (IMPLICIT, IMPLICIT)}, "given twice"),
        ({"seeds": ()}, "no seed"),
        ({"seeds": (1, 1)}, "given twice"),
        ({"seeds": (-1,)}, "negative"),
        ({"time_limit_s": 0.0}, "time limit"),
        ({"time_limit_s": float("nan")}, "time limit"),
        ({"speed": 1.5}, "speed"),
        ({"variants": (VariantName.REMOTE,)}, "no address"),
        ({"choice": PolicyChoice(kind=PolicyKind.CHECKPOINT)}, "no source"),
    ],
)
def test_what_cannot_be_carried_out_is_refused_in_words(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(PlanError, match=said):
        plan(**wrong)


def test_the_hash_changes_with_anything_and_with_nothing_else() -> None:
    made = plan()
    again = msgspec.json.decode(msgspec.json.encode(made), type=Plan)
    assert plan_hash(again) == plan_hash(made)
    assert again == made
    others = (
        plan(order_seed=1),
        plan(time_limit_s=9.0),
        plan(seeds=(0, 1)),
        plan(speed=0.5),
        plan(profile="x"),
    )
    assert len({plan_hash(other) for other in (made, *others)}) == 1 + len(others)


def test_differences_are_told_in_words() -> None:
    said = differences(plan(seeds=range(5), time_limit_s=60.0), plan())
    assert said == "seeds: 3 from 0 to 2 there, 5 from 0 to 4 now; time limit: 0.3 there, 60 now"
    assert differences(plan(), plan()) == ""


def test_a_person_who_compares_variants_is_blind_to_them() -> None:
    assert plan(judge=Judge.PERSON).blind
    assert not plan(judge=Judge.PERSON, variants=(IMPLICIT,)).blind
    assert not plan().blind
