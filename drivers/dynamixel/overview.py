"""A line's servos as they are now: what care last polled, joined with the newest state read."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Set

import msgspec

from drivers.dynamixel.bus import Reading
from drivers.dynamixel.health import ServoLimits, ServoState
from drivers.dynamixel.registers import LOAD_PER_UNIT, MODELS
from drivers.dynamixel.setup import ServoPlan


def overview(
    polled: Iterable[ServoState],
    reading: Reading,
    *,
    plans: Mapping[int, ServoPlan],
    limits: Mapping[int, ServoLimits],
    silent: Set[int],
    in_hand: Iterable[int],
    wanted: Set[int],
) -> tuple[ServoState, ...]:
    """Each servo's state; nothing is asked of the line for it.

    Args:
        polled: the servos as care last polled them.
        reading: the newest state read.
        plans: how each servo is set up, by id, in the order of the reading.
        limits: what each servo can bear, as far as it was set up.
        silent: ids that do not answer; all of them while the line is lost.
        in_hand: ids that are being set up.
        wanted: ids that are meant to have torque.
    """
    read = dict(zip(plans, zip(reading.fresh.tolist(), reading.state.tolist(), strict=True), strict=True))
    busy = set(in_hand)
    states = []
    for state in polled:
        plan, bears = plans[state.id], limits.get(state.id)
        fresh, (current_units, _, ticks) = read[state.id]
        ampere = MODELS[plan.model].ampere_per_unit
        limit_a = _limit_a(plan, bears)
        current_a = state.current_a
        load = math.nan
        if fresh and ampere is None:
            load = current_units * LOAD_PER_UNIT
        elif fresh and ampere is not None:
            current_a = current_units * ampere
            load = current_a / limit_a if limit_a > 0 else math.nan
        states.append(
            msgspec.structs.replace(
                state,
                answers=state.id not in silent,
                in_hand=state.id in busy,
                wanted=state.id in wanted,
                position_ticks=ticks if fresh else None,
                current_a=round(current_a, 3),
                load=round(load, 3),
                current_limit_a=round(limit_a, 3),
                max_temperature_c=math.nan if bears is None else bears.max_temperature_c,
                min_voltage_v=math.nan if bears is None else round(bears.min_voltage_v, 1),
                max_voltage_v=math.nan if bears is None else round(bears.max_voltage_v, 1),
            )
        )
    return tuple(states)


def _limit_a(plan: ServoPlan, bears: ServoLimits | None) -> float:
    """The most a servo may draw: as it was told, else as its own setting says."""
    ampere = MODELS[plan.model].ampere_per_unit
    if ampere is None:
        return math.nan
    if plan.current_limit_a is not None:
        return plan.current_limit_a
    return bears.current_units * ampere if bears is not None else math.nan
