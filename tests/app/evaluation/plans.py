"""Plans for tests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.autonomy.choice import PolicyChoice, PolicyKind
from app.evaluation.plan import Plan, VariantName, make_plan

HIERARCHICAL, IMPLICIT = VariantName.HIERARCHICAL, VariantName.IMPLICIT
SCRIPTED = PolicyChoice(kind=PolicyKind.SCRIPTED)


def plan(
    *,
    tasks: Sequence[str] = ("raise the lift", "open the drawer"),
    variants: Sequence[VariantName] = (HIERARCHICAL, IMPLICIT),
    seeds: Sequence[int] = (0, 1, 2),
    **other: Any,
) -> Plan:
    fields: dict[str, Any] = {"profile": "sim-kitchen", "choice": SCRIPTED, "time_limit_s": 0.3, **other}
    return make_plan(tasks=tasks, variants=variants, seeds=seeds, **fields)
