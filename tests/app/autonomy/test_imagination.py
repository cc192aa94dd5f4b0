"""What is imagined a second ahead is what happens: base, arms, lift, and what a hand holds."""

from __future__ import annotations

import numpy as np
import pytest

from app.autonomy.imagination import Imagination
from drivers.profile import RobotProfile, load_profile
from drivers.sim.interface import Truth
from drivers.sim.operator.places import holds
from drivers.sim.world import KitchenWorld
from tests.app.autonomy.playing import Player

pytestmark = pytest.mark.timeout(240)

PROFILE: RobotProfile = load_profile("sim-kitchen")
AHEAD = 40


@pytest.fixture
def player() -> Player:
    return Player(PROFILE, KitchenWorld(PROFILE, seed=8), seed=8)


def imagined_beside(player: Player, rows: np.ndarray) -> tuple[Truth, Truth]:
    """The kitchen as imagined, and as it is, after the same actions."""
    imagination = Imagination(PROFILE, player.truth, np.array(player.rows[-10:] or [player.robot.sent]))
    for row in rows:
        imagination.step(row)
        player.tick(row)
    return imagination.truth, player.truth


def assert_alike(imagined: Truth, real: Truth) -> None:
    np.testing.assert_allclose(imagined.base_pose, real.base_pose, atol=0.006)
    assert imagined.lift_m == pytest.approx(real.lift_m, abs=0.006)
    for side, angles in real.arm_rad.items():
        np.testing.assert_allclose(imagined.arm_rad[side], angles, atol=0.03)


@pytest.mark.parametrize("subtask", ["raise the lift", "drive to the counter", "go to the plate"])
def test_a_second_of_driving_and_lifting(player: Player, subtask: str) -> None:
    for moment in range(4):
        chunk = player.policy.actions(player.observe(), subtask)
        imagined, real = imagined_beside(player, chunk.actions[:AHEAD])
        assert_alike(imagined, real)
        assert moment == 0 or real.lift_m > 0.05


def test_what_a_hand_holds_goes_where_the_hand_goes(player: Player) -> None:
    player.do("go to the cup")
    player.do("pick up the cup")
    assert holds(player.truth, "cup")
    before = player.truth.objects["cup"][1]
    chunk = player.policy.actions(player.observe(), "carry the cup to the sink")
    imagined, real = imagined_beside(player, chunk.actions[:AHEAD])
    assert_alike(imagined, real)
    assert abs(real.objects["cup"][1] - before) > 0.03
    np.testing.assert_allclose(imagined.objects["cup"][:3], real.objects["cup"][:3], atol=0.012)


def test_the_drawer_comes_with_the_hand_that_has_its_handle(player: Player) -> None:
    player.do("go to the drawer")
    player.do("take the handle")
    chunk = player.policy.actions(player.observe(), "open the drawer")
    imagined, real = imagined_beside(player, chunk.actions[:AHEAD])
    assert real.drawer_m > 0.03
    assert imagined.drawer_m == pytest.approx(real.drawer_m, abs=0.012)


def test_actions_that_are_run_slowly_are_fewer_on_their_way(player: Player) -> None:
    rows = np.tile(player.robot.sent, (10, 1))
    moving = rows.copy()
    moving[5:, 14] = 0.1
    whole = Imagination(PROFILE, player.truth, moving)
    slow = Imagination(PROFILE, player.truth, moving, speed=0.25)
    assert whole.step(moving[-1]).base_pose[0] == player.truth.base_pose[0]
    assert slow.step(moving[-1]).base_pose[0] == pytest.approx(player.truth.base_pose[0] + 0.002)
