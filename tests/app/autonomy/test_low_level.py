"""The low level asks for one chunk at a time, however the worker's end and its owner's look fall."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from app.autonomy.choice import PolicyChoice, PolicyKind
from app.autonomy.complaints import Complaints
from app.autonomy.loaded import Loaded
from app.autonomy.low_level import LowLevel, Wanted
from app.autonomy.orders import InForce
from app.autonomy.pacing import Running
from app.autonomy.worker import Outcome
from app.messages import Mode
from policy.types import Observation
from tests.app.processes.policy_robot import PATIENCE_S, Straight
from tests.support.far_end import sim_kitchen

PROFILE = sim_kitchen()
CUP = InForce(applied_ns=5, text="pick up the cup", origin="typed")


def loaded(policy: Straight) -> Loaded:
    return Loaded(
        choice=PolicyChoice(kind=PolicyKind.SERVER),
        policy=policy,
        remote=None,
        name="straight",
        horizon=50,
        rate_hz=50.0,
        execute_steps=25,
        cameras_low=(),
        cameras_high=(),
        takes_committed=True,
        names_subtasks=True,
        known=(),
        close=lambda: None,
    )


def silent(kind: str, message: str, **data: Any) -> None:
    pass


def test_while_an_answer_lies_there_untaken_no_second_one_is_asked_for() -> None:
    policy, outcomes = Straight(), queue.SimpleQueue[Outcome]()
    low = LowLevel(PROFILE, loaded(policy), outcomes, Complaints(silent), first_number=7)
    state = np.zeros(PROFILE.dof)
    looks: list[tuple[str, ...]] = []

    def look(cameras: tuple[str, ...]) -> Callable[[], Observation]:
        looks.append(cameras)
        return lambda: Observation({}, state, time.monotonic_ns())

    def step() -> None:
        low.step(CUP, Mode.VERBAL, Running(time.monotonic_ns()), state, look)

    step()
    deadline = time.monotonic() + PATIENCE_S
    while outcomes.empty():
        assert time.monotonic() < deadline
    step()
    outcome = outcomes.get()
    assert isinstance(outcome.tag, Wanted)
    assert low.take(outcome.tag, outcome, current=CUP, mode=Mode.VERBAL) is not None
    assert low.number == 8
    step()  # the chunk is on its way to the robot
    low.close()
    assert len(looks) == 1
