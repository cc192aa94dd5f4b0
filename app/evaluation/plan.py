"""What is tried: tasks, variants and seeds, in an order that is fixed by the plan alone."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Sequence
from enum import StrEnum

import msgspec

from app.autonomy.choice import HighLevel, PolicyChoice, PolicyKind

SUCCESS_HELD_S = 1.0
"""How long the world must look done, so that a thing that only passes over the sink does not count."""


class PlanError(ValueError):
    """A plan that cannot be carried out; the message says what is wrong, and what would be right."""


class VariantName(StrEnum):
    """Who names the subtasks, in the words of the π0.5 paper's comparison."""

    HIERARCHICAL = "hierarchical"
    IMPLICIT = "implicit"
    HUMAN = "human"
    REMOTE = "remote"


HIGH_LEVELS = {
    VariantName.HIERARCHICAL: HighLevel.MODEL,
    VariantName.IMPLICIT: HighLevel.IMPLICIT,
    VariantName.HUMAN: HighLevel.HUMAN,
    VariantName.REMOTE: HighLevel.REMOTE,
}


class Judge(StrEnum):
    """Who says whether a trial succeeded."""

    WORLD = "world"
    """The simulated world's own check."""
    PERSON = "person"
    """Somebody who looks at the robot, and is not told the variant."""


class Variant(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One row of the comparison: a name, and the policy as it is used under it."""

    name: VariantName
    choice: PolicyChoice


class Trial(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One trial of a plan.

    Attributes:
        number: its place in the order, from 1.
        task: what is to be done, in words.
        variant: under which variant.
        seed: of the kitchen.
    """

    number: int
    task: str
    variant: VariantName
    seed: int


class Plan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that decides what an evaluation does. Two runs of one plan do the same trials in the same order.

    Attributes:
        profile: the robot, as it was named when the session was started.
        tasks, variants, seeds: every combination of them is one trial.
        time_limit_s: a trial that has not succeeded by then has failed.
        judge: who says so.
        order_seed: what the order of the trials is drawn from.
        speed: at which scale of the speed limits, in (0, 1].
    """

    profile: str
    tasks: tuple[str, ...]
    variants: tuple[Variant, ...]
    seeds: tuple[int, ...]
    time_limit_s: float
    judge: Judge = Judge.WORLD
    order_seed: int = 0
    speed: float = 1.0

    @property
    def blind(self) -> bool:
        """Whether the variant is hidden until every trial is judged."""
        return self.judge is Judge.PERSON and len(self.variants) > 1

    def variant(self, name: VariantName) -> Variant:
        """The variant of a name.

        Raises:
            PlanError: when the plan has none of that name.
        """
        for variant in self.variants:
            if variant.name is name:
                return variant
        raise PlanError(
            f"no variant {name.value!r} in the plan; it has {', '.join(v.name for v in self.variants)}"
        )


def make_plan(
    *,
    profile: str,
    tasks: Sequence[str],
    variants: Sequence[VariantName],
    choice: PolicyChoice,
    seeds: Sequence[int],
    time_limit_s: float,
    judge: Judge = Judge.WORLD,
    order_seed: int = 0,
    speed: float = 1.0,
) -> Plan:
    """A plan in which every variant uses the same policy, and only who names the subtasks differs.

    Args:
        profile: the robot.
        tasks: in words; spaces are tidied.
        variants: which high levels are compared.
        choice: the policy; its high level is set for each variant.
        seeds: of the kitchen.
        time_limit_s: for a trial.
        judge: who says whether it succeeded.
        order_seed: what the order is drawn from.
        speed: scale of the speed limits.

    Raises:
        PlanError: when it cannot be carried out.
    """
    plan = Plan(
        profile=profile,
        tasks=tuple(" ".join(task.split()) for task in tasks),
        variants=tuple(
            Variant(name=name, choice=msgspec.structs.replace(choice, high_level=HIGH_LEVELS[name]))
            for name in variants
        ),
        seeds=tuple(seeds),
        time_limit_s=time_limit_s,
        judge=judge,
        order_seed=order_seed,
        speed=speed,
    )
    check(plan)
    return plan


def check(plan: Plan) -> None:
    """Refuse what makes no sense.

    Raises:
        PlanError: says what, and the remedy.
    """
    for what, values in (
        ("task", plan.tasks),
        ("variant", [v.name for v in plan.variants]),
        ("seed", plan.seeds),
    ):
        if not values:
            raise PlanError(f"no {what}; give at least one")
        if len(set(values)) != len(values):
            raise PlanError(f"a {what} is given twice: {', '.join(map(str, values))}; leave one out")
    if any(not task for task in plan.tasks):
        raise PlanError("a task is empty; say what is to be done, in words")
    if min(plan.seeds) < 0:
        raise PlanError(f"seed {min(plan.seeds)} is negative; seeds count from 0")
    if not 0 < plan.time_limit_s < math.inf:
        raise PlanError(f"a time limit of {plan.time_limit_s} s; give seconds above 0")
    if not 0 < plan.speed <= 1:
        raise PlanError(f"a speed of {plan.speed}; give a share above 0 and at most 1")
    for variant in plan.variants:
        if HIGH_LEVELS[variant.name] is not variant.choice.high_level:
            raise PlanError(
                f"variant {variant.name} has the high level {variant.choice.high_level}; they must agree"
            )
        if variant.name is VariantName.REMOTE and not variant.choice.remote_address:
            raise PlanError("the remote variant has no address; give one, such as http://host:8000/v1")
        if variant.choice.kind is not PolicyKind.SCRIPTED and not variant.choice.source:
            raise PlanError(
                f"a policy of kind {variant.choice.kind} has no source; give the checkpoint's folder, the server's"
                " address or the preset's name"
            )


def trials_of(plan: Plan) -> tuple[Trial, ...]:
    """Every trial of a plan, in order.

    Seeds follow one another; within a seed the tasks are shuffled, and within a task the variants. So each variant
    meets the same kitchens, close in time: whatever drifts (a warm motor, a tired judge, a slow machine) hits all
    alike, and a run that is ended early has compared the same trials of each. The shuffle is a sort by a hash, which
    no other version of a random generator can change.
    """
    return tuple(
        Trial(number=number, task=task, variant=name, seed=seed)
        for number, (seed, task, name) in enumerate(_in_order(plan), 1)
    )


def _in_order(plan: Plan) -> Iterator[tuple[int, str, VariantName]]:
    for seed in plan.seeds:
        for task in sorted(plan.tasks, key=lambda task: _drawn(plan.order_seed, seed, task)):
            names = [variant.name for variant in plan.variants]
            for name in sorted(names, key=lambda name: _drawn(plan.order_seed, seed, task, name)):
                yield seed, task, name


def _drawn(*parts: object) -> bytes:
    """A number that looks random and follows from its parts alone."""
    return hashlib.sha256("\0".join(map(str, parts)).encode()).digest()


def plan_hash(plan: Plan) -> str:
    """Sixteen hexadecimal digits that change with anything in the plan."""
    return hashlib.sha256(msgspec.json.encode(plan, order="sorted")).hexdigest()[:16]


def differences(wanted: Plan, kept: Plan) -> str:
    """In what two plans differ, in words; empty when they are the same."""
    lines = []
    for field in Plan.__struct_fields__:
        asked, had = getattr(wanted, field), getattr(kept, field)
        if asked != had:
            name = field.removesuffix("_s").replace("_", " ")
            lines.append(f"{name}: {_said(had)} there, {_said(asked)} now")
    return "; ".join(lines)


def _said(value: object) -> str:
    if isinstance(value, tuple):
        if value and all(isinstance(item, int) for item in value):
            return f"{len(value)} from {value[0]} to {value[-1]}"
        return ", ".join(_said(item) for item in value)
    if isinstance(value, Variant):
        return f"{value.name} ({value.choice.kind} {value.choice.source})".replace(" )", ")")
    return f"{value:g}" if isinstance(value, float) else str(value)
