"""Placement, repeatability, states taken and restored, and what counts as done."""

from __future__ import annotations

import hashlib
import itertools
import math

import mujoco
import numpy as np
import pytest

from drivers.sim.evaluate import drawer_closed, drawer_open, in_sink
from drivers.sim.kitchen.geometry import COUNTER_TOP_M, OBJECT_RADIUS_M, OBJECTS, SINK
from drivers.sim.kitchen.placement import GAP_M, draw_placement, upright_pose
from drivers.sim.world import START_BASE_POSE, START_LIFT_M, KitchenWorld, WorldError
from tests.drivers.sim.kitchen_driver import Driver, profile


def fingerprint(world: KitchenWorld) -> str:
    return hashlib.sha256(world.integration_state().tobytes()).hexdigest()


def drive_about(seed: int) -> KitchenWorld:
    world = KitchenWorld(profile(), seed=seed)
    driver = Driver(world)
    driver.roll(np.array([1.0, -0.5, 0.3]))
    driver.move(driver.arms["left"][1], -1.0, seconds=0.4)
    driver.move(driver.lift, 4.0, seconds=0.4)
    return world


def test_the_same_seed_and_wishes_lead_to_the_same_state_bit_by_bit() -> None:
    first, second, other = drive_about(3), drive_about(3), drive_about(4)
    assert fingerprint(first) == fingerprint(second)
    assert fingerprint(first) != fingerprint(other)


def test_a_reset_world_is_as_good_as_a_new_one() -> None:
    used = drive_about(3)
    used.reset(7, robot=True)
    new = KitchenWorld(profile(), seed=7)
    np.testing.assert_array_equal(used.data.qpos, new.data.qpos)
    np.testing.assert_array_equal(used.data.qvel, new.data.qvel)
    for name, pose in new.truth().objects.items():
        np.testing.assert_array_equal(used.truth().objects[name], pose)


@pytest.mark.parametrize("seed", range(50))
def test_objects_lie_beside_the_sink_and_apart(seed: int) -> None:
    poses = draw_placement(np.random.default_rng(seed))
    assert set(poses) == set(OBJECTS)
    for name, pose in poses.items():
        radius = OBJECT_RADIUS_M[name]
        assert pose[1] + radius < SINK.min_y_m - 0.01
        assert 0.45 < pose[0] < 0.80
        assert np.linalg.norm(pose[3:]) == pytest.approx(1.0)
    for one, two in itertools.combinations(OBJECTS, 2):
        apart = math.dist(poses[one][:2], poses[two][:2])
        assert apart >= OBJECT_RADIUS_M[one] + OBJECT_RADIUS_M[two] + GAP_M - 1e-9


def test_placed_objects_stay_where_they_were_put() -> None:
    world = KitchenWorld(profile(), seed=5)
    before = world.truth().objects
    for _ in range(500):
        world.step()
    for name, pose in world.truth().objects.items():
        assert math.dist(pose[:3], before[name][:3]) < 0.006, name


def test_a_reset_of_the_objects_leaves_the_robot_alone() -> None:
    world = drive_about(0)
    base, lift = world.truth().base_pose, world.truth().lift_m
    world.data.qpos[world.model.joint("drawer").qposadr[0]] = 0.2
    world.reset(1, robot=False)
    truth = world.truth()
    assert truth.base_pose == base
    assert truth.lift_m == lift
    assert truth.drawer_m == 0.0
    np.testing.assert_array_equal(
        truth.objects["cup"], KitchenWorld(profile(), seed=1).truth().objects["cup"]
    )
    for _ in range(50):
        world.step()
    assert world.truth().lift_m == pytest.approx(lift, abs=0.01)  # the lift holds where it was found


def test_a_reset_of_the_robot_brings_it_to_its_start() -> None:
    world = drive_about(0)
    world.reset(0, robot=True)
    truth = world.truth()
    assert truth.base_pose == START_BASE_POSE
    assert truth.lift_m == START_LIFT_M
    np.testing.assert_array_equal(truth.arm_rad["left"], world.profile.arms["left"].home_rad)
    assert world.joint("left_leader", "shoulder").position_rad == -1.5


def test_no_object_is_put_into_a_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    world = KitchenWorld(profile(), seed=0)
    for joint, value in (("base_x", 0.30), ("base_y", -0.20), ("lift", 0.20)):
        world.data.qpos[world.model.joint(joint).qposadr[0]] = value
    for seed in range(8):  # both hands hang over the row, a finger's breadth above the counter
        world.reset(seed, robot=False)
        hands = [world.data.site(f"{side}_grasp").xpos for side in ("left", "right")]
        cup = world.truth().objects["cup"]
        assert all(math.dist(hand[:2], cup[:2]) > 0.03 for hand in hands)

    hand = world.data.site("left_grasp").xpos.copy()
    at_a_pad = upright_pose(hand[0], hand[1] + 0.046, yaw_rad=0.0, z_m=hand[2] - 0.015)
    monkeypatch.setattr(
        "drivers.sim.world.draw_placement", lambda rng: draw_placement(rng) | {"sponge": at_a_pad}
    )
    with pytest.raises(WorldError, match="no room"):
        world.reset(0, robot=False)


def test_a_restored_state_goes_on_as_the_first_time() -> None:
    world = drive_about(0)
    state = world.integration_state()
    assert state.shape == (world.state_size,)
    assert state.dtype == np.float64
    pose = world.truth().objects["cup"]
    other = KitchenWorld(profile(), seed=9)
    other.set_integration_state(state)
    np.testing.assert_array_equal(other.truth().objects["cup"], pose)
    assert other.truth().base_pose == world.truth().base_pose
    assert other.truth().sim_time_s == world.truth().sim_time_s


def test_truth_is_a_copy() -> None:
    world = KitchenWorld(profile(), seed=0)
    truth = world.truth()
    truth.objects["cup"][:] = 0.0
    assert world.truth().objects["cup"][2] == pytest.approx(COUNTER_TOP_M, abs=0.01)


def test_an_object_in_the_sink_counts_and_one_above_or_beside_it_does_not() -> None:
    world = KitchenWorld(profile(), seed=0)
    for name in OBJECTS:
        assert not in_sink(world.truth(), name)
        world.place(name, upright_pose(0.74, 0.41, yaw_rad=0.3, z_m=1.00))
        assert not in_sink(world.truth(), name)
        for _ in range(400):
            world.step()
        assert in_sink(world.truth(), name), name
        world.reset(0, robot=True)


def test_the_drawer_is_open_or_closed_or_neither() -> None:
    world = KitchenWorld(profile(), seed=0)
    drawer = world.model.joint("drawer").qposadr[0]
    for opened_m, is_open, is_closed in ((0.0, False, True), (0.1, False, False), (0.3, True, False)):
        world.data.qpos[drawer] = opened_m
        assert drawer_open(world.truth()) is is_open
        assert drawer_closed(world.truth()) is is_closed


def test_physics_that_comes_apart_is_named() -> None:
    world = KitchenWorld(profile(), seed=0)
    for _ in range(5):
        world.step()
    world.data.qvel[:] = np.nan
    with pytest.raises(WorldError, match="came apart"):
        world.step()
    world.reset(0, robot=True)
    world.step()


def test_measures_shared_with_python_are_those_of_the_model() -> None:
    from drivers.sim.kitchen import geometry

    world = KitchenWorld(profile(), seed=0)
    model, data = world.model, world.data
    for name, radius in OBJECT_RADIUS_M.items():
        body = model.body(name)
        origin = data.body(name).xpos[:2]
        reach = 0.0
        for geom in range(body.geomadr[0], body.geomadr[0] + body.geomnum[0]):
            centre, axes = data.geom_xpos[geom], data.geom_xmat[geom].reshape(3, 3)
            if model.geom_type[geom] == mujoco.mjtGeom.mjGEOM_BOX:
                corners = [
                    centre + axes @ (model.geom_size[geom] * s) for s in itertools.product((-1, 1), repeat=3)
                ]
                reach = max(reach, *(math.dist(corner[:2], origin) for corner in corners))
            elif model.geom_type[geom] == mujoco.mjtGeom.mjGEOM_CAPSULE:
                end = axes[:, 2] * model.geom_size[geom][1]
                ends = [math.dist((centre + sign * end)[:2], origin) for sign in (-1, 1)]
                reach = max(reach, max(ends) + model.geom_size[geom][0])
            else:
                reach = max(reach, math.dist(centre[:2], origin) + model.geom_size[geom][0])
        assert reach <= radius + 0.001, name
        assert reach >= radius - 0.02, name
    assert model.joint("drawer").range[1] == geometry.DRAWER_TRAVEL_M
    # What is dropped over the sink comes to rest on its floor, and over the counter on its top.
    world.place("cup", upright_pose(0.74, 0.41, yaw_rad=0.0, z_m=0.80))
    world.place("plate", upright_pose(0.60, -0.25, yaw_rad=0.0, z_m=0.92))
    for _ in range(500):
        world.step()
    assert world.truth().objects["cup"][2] == pytest.approx(geometry.SINK_FLOOR_M, abs=0.004)
    assert world.truth().objects["plate"][2] == pytest.approx(geometry.COUNTER_TOP_M, abs=0.004)
