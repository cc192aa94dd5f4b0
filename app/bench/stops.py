"""Pressing STOP while a policy moves the robot, again and again: how soon does it hold?"""

from __future__ import annotations

import random
import time
from collections.abc import Callable

from app.bench.waiting import wait
from app.messages import Mode
from app.session import Session

STOPS_S, MOVES_S = 5.0, 30.0
SOONEST_S, LATEST_S = 0.3, 1.2
"""How long the robot is let move before the press."""


def stop_to_hold_ms(
    session: Session, press: Callable[[], None], move: Callable[[], None], dice: random.Random
) -> float:
    """From a press to the first action that no longer is the policy's, but the hold's that brakes it.

    Args:
        session: ready, and holding.
        press: as a person would.
        move: lets the policy move the robot.
        dice: for the moment.

    Raises:
        TimeoutError: when it does not move, or does not stop.
    """
    move()
    moved_ns = time.monotonic_ns()
    wait(
        session,
        lambda now: now.policy is not None and now.policy.chunk >= 0,
        MOVES_S,
        "the policy to move the robot",
    )
    time.sleep(dice.uniform(SOONEST_S, LATEST_S))
    pressed_ns = time.monotonic_ns()
    press()
    wait(session, lambda now: now.mode is Mode.STOPPED, STOPS_S, "the robot to stop")
    rows = session.ticks(moved_ns)
    stopped = rows[(rows["mode"] == Mode.STOPPED) & (rows["action_time_ns"] > pressed_ns)]
    time.sleep(0.3)
    session.release()
    wait(session, lambda now: now.mode is Mode.HOLD, STOPS_S, "the release")
    return float(stopped["action_time_ns"][0] - pressed_ns) / 1e6
