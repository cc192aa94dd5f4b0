"""What the operator can do: each task a sequence of named phases, each phase one of the subtasks."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np

from drivers.sim.evaluate import in_sink
from drivers.sim.kitchen.geometry import OBJECTS
from drivers.sim.operator.body import Body
from drivers.sim.operator.subtasks import SUBTASKS

Phases = Iterator[str]
"""A task: yields the name of its current phase once a tick."""
Task = Callable[[Body], Phases]


def put_in_sink(name: str) -> Task:
    """Pick an object up from the counter, carry it to the sink and let go."""
    return in_turn(
        f"go to the {name}",
        f"pick up the {name}",
        f"carry the {name} to the sink",
        f"put the {name} in the sink",
    )


def in_turn(*subtasks: str) -> Task:
    """The task of doing subtasks one after the other; each is a phase of its name."""

    def task(body: Body) -> Phases:
        for words in subtasks:
            for _ in SUBTASKS[words].motion(body):
                yield words

    return task


open_drawer = in_turn("go to the drawer", "take the handle", "open the drawer", "let go of the handle")
"""Take the drawer's handle and drive back."""
close_drawer = in_turn("go to the drawer", "take the handle", "close the drawer", "let go of the handle")
"""Take the drawer's handle, wherever it is, and drive ahead."""
drive_to_counter = in_turn("drive to the counter")
raise_lift = in_turn("raise the lift")


def put_everything_in_sink(body: Body) -> Phases:
    """Put all that is not yet there in the sink, one after the other."""
    for name in OBJECTS:
        if not in_sink(body.truth, name):
            yield from put_in_sink(name)(body)


def tidy_up(body: Body) -> Phases:
    """Put all that is not yet there in the sink; then open the drawer and close it."""
    yield from put_everything_in_sink(body)
    yield from open_drawer(body)
    yield from close_drawer(body)


def warm_up(body: Body) -> Phases:
    """Move everything gently about where it is, without end."""
    start_rad = {side: angles.copy() for side, angles in body.leader_rad.items()}
    start_x, start_y, start_yaw = body.truth.base_pose
    start_lift_m = body.truth.lift_m
    amplitude = np.array([0.25, 0.15, 0.20, 0.30, 0.25, 0.40])
    rate = 2 * math.pi * np.array([0.11, 0.13, 0.17, 0.19, 0.23, 0.29])
    time_s = 0.0
    while True:
        time_s += body.dt_s
        growth = min(1.0, time_s / 3.0)
        for sign, side in zip((1.0, -1.0), body.leader_rad, strict=False):
            body.leader_rad[side] = start_rad[side] + sign * growth * amplitude * np.sin(rate * time_s)
            body.opening[side] = 0.5 - 0.3 * growth * math.cos(0.8 * time_s)
        x, y, yaw = body.truth.base_pose
        away = growth * np.array([0.06 * math.sin(0.5 * time_s), 0.10 * math.sin(0.4 * time_s), 0.0])
        body.twist = 1.5 * (np.array([start_x, start_y, 0.0]) + away - np.array([x, y, 0.0]))
        body.twist[2] = 1.5 * math.remainder(
            start_yaw + 0.15 * growth * math.sin(0.45 * time_s) - yaw, 2 * math.pi
        )
        lift_m = start_lift_m + 0.04 * growth * (1.0 - math.cos(0.6 * time_s))
        body.lift_m_s = 2.0 * (lift_m - body.truth.lift_m)
        body.pedalling = True
        yield "warm up"
