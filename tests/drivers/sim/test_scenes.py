"""Scenes to look at: of all kinds, nothing inside of anything else, and the same for the same seed."""

from __future__ import annotations

import numpy as np
import pytest

from drivers.sim.errors import WorldError
from drivers.sim.evaluate import in_sink
from drivers.sim.interface import Truth
from drivers.sim.kitchen.geometry import OBJECTS
from drivers.sim.kitchen.placement import upright_pose, yaw_of
from drivers.sim.operator.places import SIDE, held
from drivers.sim.scenes import Scene, draw_scene
from drivers.sim.world import KitchenWorld
from tests.drivers.sim.kitchen_driver import profile

SCENES = 40


@pytest.fixture(scope="module")
def scenes() -> list[Scene]:
    world = KitchenWorld(profile(), seed=0)
    return [draw_scene(profile(), world, seed) for seed in range(SCENES)]


def test_there_are_scenes_of_every_kind(scenes: list[Scene]) -> None:
    truths: list[Truth] = [scene.truth for scene in scenes]
    assert {scene.held for scene in scenes} == {"", *OBJECTS}
    for name in OBJECTS:
        assert 0 < sum(in_sink(truth, name) for truth in truths) < SCENES / 2
    assert 0.2 * SCENES < sum(truth.drawer_m > 0.0 for truth in truths) < 0.8 * SCENES
    bases = np.array([truth.base_pose for truth in truths])
    assert (np.ptp(bases, axis=0) > (0.3, 0.8, 0.1)).all()
    assert np.ptp([truth.lift_m for truth in truths]) > 0.3


def test_what_is_in_the_hand_is_between_its_fingers_and_counts_as_held(scenes: list[Scene]) -> None:
    for scene in scenes:
        assert held(scene.truth) == scene.held
        if scene.held:
            assert scene.truth.gripper_opening[SIDE] < 0.8


def test_a_seed_gives_the_same_scene_whatever_was_drawn_before(scenes: list[Scene]) -> None:
    world = KitchenWorld(profile(), seed=5)
    for seed in (7, 3):
        np.testing.assert_array_equal(draw_scene(profile(), world, seed).state, scenes[seed].state)


@pytest.mark.parametrize("yaw_rad", [-3.0, -0.4, 0.0, 1.6])
def test_how_far_an_upright_thing_is_turned_is_read_off_its_pose(yaw_rad: float) -> None:
    assert yaw_of(upright_pose(0.6, 0.1, yaw_rad=yaw_rad)) == pytest.approx(yaw_rad)


def test_a_world_is_arranged_as_told_and_the_rest_stays() -> None:
    world = KitchenWorld(profile(), seed=0)
    before = world.truth()
    angles = before.arm_rad["right"] + 0.1
    world.arrange(base_pose=(-0.2, 0.3, 0.05), lift_m=0.3, drawer_m=0.2, arm_rad={"right": angles})
    truth = world.truth()
    assert truth.base_pose == pytest.approx((-0.2, 0.3, 0.05))
    assert (truth.lift_m, truth.drawer_m) == pytest.approx((0.3, 0.2))
    np.testing.assert_allclose(truth.arm_rad["right"], angles)
    np.testing.assert_array_equal(truth.arm_rad["left"], before.arm_rad["left"])
    for _ in range(200):
        world.step()
    later = world.truth()
    assert later.base_pose == pytest.approx((-0.2, 0.3, 0.05), abs=0.003)
    assert (later.lift_m, later.drawer_m) == pytest.approx((0.3, 0.2), abs=0.003)
    np.testing.assert_allclose(later.arm_rad["right"], angles, atol=0.01)
    with pytest.raises(WorldError, match=r"no arm 'middle'; the robot's are left, right"):
        world.arrange(arm_rad={"middle": angles})
