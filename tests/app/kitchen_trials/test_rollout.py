"""A rollout hands chunks over as a session does."""

from __future__ import annotations

import numpy as np
import pytest

from app.autonomy.choice import PolicyChoice, PolicyKind
from app.kitchen_trials.cameras import Past
from app.kitchen_trials.rollout import Pace, Rollout
from app.kitchen_trials.starts import told_start
from app.kitchen_trials.subject import Subject
from app.messages import Mode
from drivers.profile import RobotProfile, load_profile
from drivers.safety import SafetyLimits

PROFILE: RobotProfile = load_profile("sim-kitchen")

pytestmark = pytest.mark.timeout(240)


def rollout(words: str, *, pace: Pace) -> Rollout:
    subject = Subject(PolicyChoice(kind=PolicyKind.SCRIPTED), PROFILE)
    made = Rollout(told_start(PROFILE, words, seed=0), subject, None, mode=Mode.VERBAL, seed=0, pace=pace)
    made.tell(words)
    return made


@pytest.mark.parametrize("delay", [0, 3, 8])
def test_a_chunk_takes_effect_so_many_ticks_after_it_was_asked_for(delay: int) -> None:
    going = rollout("raise the lift", pace=Pace(delay_ticks=delay))
    start = going.robot.sent.copy()
    still = 0
    while np.allclose(going.robot.requested, start, atol=1e-6):
        going.tick()
        still += 1
    # Asked for at the end of the first tick; a chunk's first step asks for what is there.
    assert still - delay in (2, 3)


def test_what_is_sent_keeps_to_the_robots_limits_over_every_hand_over() -> None:
    going = rollout("go to the cup", pace=Pace(delay_ticks=5))
    limits, rows = SafetyLimits.from_profile(PROFILE), [going.robot.sent.copy()]
    for _ in range(200):
        going.tick()
        rows.append(going.robot.sent.copy())
    assert going.chunks >= 6
    speeds = np.abs(np.diff(rows, axis=0)) * PROFILE.control_rate_hz
    moved = ~limits.velocity_like
    assert (speeds[:, moved] <= limits.max_velocity[moved] + 1e-4).all()


def test_a_picture_shows_what_was_so_many_ticks_ago_or_the_first_state_there_was() -> None:
    past = Past(2)
    for number in range(5):
        past.see(np.array([float(number)]))
        assert past.shown[0] == max(0, number - 2)
