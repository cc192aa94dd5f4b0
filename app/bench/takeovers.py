"""Taking over from a replay, again and again at random moments: how far does the robot's command step?"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.bench.waiting import wait
from app.messages import Mode
from app.robot.gate import GatePhase
from app.session import Session
from app.session.view import Snapshot
from drivers.profile import RobotProfile
from drivers.safety import SafetyLimits

BEFORE_S, AFTER_S = 0.1, 1.0
"""What counts as the take-over: from so long before the press until so long after the robot follows."""

REPLAY_STARTS_S, FOLLOWS_S = 20.0, 40.0
SOONEST_S, LATEST_S = 0.5, 3.0
"""How far into the replay the operator takes over."""


@dataclass(frozen=True, slots=True)
class TakeOver:
    """One take-over.

    Attributes:
        step: the largest step of what was sent, as a share of what the profile allows in one tick.
        seconds: from the press to following.
    """

    step: float
    seconds: float


def largest_step(profile: RobotProfile, rows: NDArray[np.void]) -> float:
    """The largest step of `sent` from tick to tick, as a share of the most that the profile lets each entry change.

    An entry that is a position may change by its greatest speed times the tick; one that is a speed by its braking.
    Ticks that do not follow one another are not compared. NaN where there are none that do.
    """
    limits = SafetyLimits.from_profile(profile)
    allowed = np.where(limits.velocity_like, limits.max_deceleration, limits.max_velocity)
    steps = np.abs(np.diff(rows["sent"].astype(np.float64), axis=0))[np.diff(rows["tick"]) == 1]
    return float((steps / (allowed / profile.control_rate_hz)).max()) if len(steps) else float("nan")


def following(rows: NDArray[np.void]) -> NDArray[np.void]:
    """The ticks in which the robot followed its leaders, ramp passed."""
    return np.asarray(rows[(rows["mode"] == Mode.TELEOP) & (rows["gate_phase"] == GatePhase.FOLLOWING)])


def take_over(session: Session, episode_id: str, *, script: str, seed: int, dice: random.Random) -> TakeOver:
    """Replay an episode, take over in its midst by one press, and hold.

    Args:
        session: ready, and holding.
        episode_id: the one to replay.
        script: what the scripted operator, whose hands take the leaders, goes on with; empty for no hands on them.
        seed: of its noise.
        dice: for the moment.

    Raises:
        TimeoutError: when the robot does not replay or follow in time.
    """
    session.replay(episode_id)
    wait(session, lambda now: now.mode is Mode.REPLAY, REPLAY_STARTS_S, "the replay to start")
    time.sleep(dice.uniform(SOONEST_S, LATEST_S))
    pressed_ns = time.monotonic_ns()
    if script:
        session.run_script(script, seed)
    else:
        session.set_mode(Mode.TELEOP)
    wait(session, _follows, FOLLOWS_S, "following after a take-over")
    time.sleep(AFTER_S)
    rows = session.ticks(pressed_ns - int(BEFORE_S * 1e9))
    if script:
        session.stop_script()
    else:
        session.set_mode(Mode.HOLD)
    wait(session, lambda now: now.mode is Mode.HOLD and not now.script, REPLAY_STARTS_S, "holding")
    return _judged(session.profile, rows, pressed_ns)


def _judged(profile: RobotProfile, rows: NDArray[np.void], pressed_ns: int) -> TakeOver:
    follows_ns = int(following(rows)["time_ns"][0])
    window = rows[rows["time_ns"] <= follows_ns + int(AFTER_S * 1e9)]
    return TakeOver(largest_step(profile, window), (follows_ns - pressed_ns) / 1e9)


def _follows(now: Snapshot) -> bool:
    return now.mode is Mode.TELEOP and now.gate is None
