"""The kiwi base: wheels in, motion out, and honest odometry back."""

from __future__ import annotations

import math

import numpy as np
import pytest

from drivers.profile import RobotProfile
from drivers.sim.interface import Drive, DriveKind
from drivers.sim.world import START_BASE_POSE, KitchenWorld
from tests.drivers.sim.kitchen_driver import Driver, profile


def wheels_for(robot: RobotProfile, twist: tuple[float, float, float]) -> np.ndarray:
    """Wheel speeds from the geometry of each wheel: where it stands, and which way it drives."""
    base = robot.base
    assert base is not None
    vx, vy, wz = twist
    speeds = []
    for angle in np.radians(base.wheel_angles_deg):
        along = np.array([math.cos(angle), math.sin(angle)])
        speeds.append((along @ [vx, vy] + base.base_radius_m * wz) / base.wheel_radius_m)
    return np.array(speeds)


@pytest.fixture
def driver() -> Driver:
    return Driver(KitchenWorld(profile(), seed=0))


@pytest.mark.parametrize(
    "twist", [(-0.2, 0.0, 0.0), (0.0, 0.25, 0.0), (0.0, 0.0, 0.8)], ids=["back", "left", "turn"]
)
def test_the_base_moves_as_the_wheels_say(driver: Driver, twist: tuple[float, float, float]) -> None:
    world = driver.world
    driver.roll(wheels_for(world.profile, twist))
    driver.run(0.6)
    start = np.array(world.truth().base_pose)
    driver.run(1.0)
    moved = np.array(world.truth().base_pose) - start
    np.testing.assert_allclose(moved, twist, atol=0.004)


def test_a_turned_base_drives_along_its_own_axes(driver: Driver) -> None:
    world = driver.world
    driver.roll(wheels_for(world.profile, (0.0, 0.0, 1.0)))
    driver.run(math.pi / 2)
    driver.roll(np.zeros(3))
    driver.run(0.6)
    start = world.truth().base_pose
    driver.roll(wheels_for(world.profile, (0.2, 0.0, 0.0)))
    driver.run(1.0)
    x, y, yaw = world.truth().base_pose
    assert math.atan2(y - start[1], x - start[0]) == pytest.approx(yaw, abs=0.05)


def test_odometry_of_the_wheels_is_where_the_base_went(driver: Driver) -> None:
    world = driver.world
    matrix = np.column_stack([wheels_for(world.profile, unit) for unit in ((1, 0, 0), (0, 1, 0), (0, 0, 1))])
    driver.roll(wheels_for(world.profile, (-0.15, 0.1, 0.5)))
    pose = np.array(START_BASE_POSE)
    before = np.array([wheel.position_rad for wheel in driver.wheels])
    for _ in range(100):
        driver.run(0.02)
        now = np.array([wheel.position_rad for wheel in driver.wheels])
        dx, dy, turn = np.linalg.solve(matrix, now - before)
        yaw = pose[2] + turn / 2
        pose += (
            dx * math.cos(yaw) - dy * math.sin(yaw),
            dx * math.sin(yaw) + dy * math.cos(yaw),
            turn,
        )
        before = now
    np.testing.assert_allclose(pose, world.truth().base_pose, atol=1e-3)


def test_a_base_held_up_by_the_counter_reports_that_it_stands(driver: Driver) -> None:
    world = driver.world
    driver.roll(wheels_for(world.profile, (0.3, 0.0, 0.0)))
    driver.run(3.0)
    x = world.truth().base_pose[0]
    driver.run(0.5)
    assert world.truth().base_pose[0] == pytest.approx(x, abs=0.01)
    assert max(abs(wheel.velocity_rad_s) for wheel in driver.wheels) < 0.5
    assert max(abs(wheel.effort_nm) for wheel in driver.wheels) > 3.0


def test_power_off_brakes(driver: Driver) -> None:
    driver.roll(wheels_for(driver.world.profile, (0.0, 0.3, 0.0)))
    driver.run(1.0)
    for wheel in driver.wheels:
        wheel.drive(Drive())
    driver.run(0.6)
    assert max(abs(wheel.velocity_rad_s) for wheel in driver.wheels) < 0.05
    assert all(wheel.effort_nm == 0.0 for wheel in driver.wheels)


def test_a_wheel_in_position_mode_goes_to_its_angle(driver: Driver) -> None:
    for wheel in driver.wheels:
        wheel.drive(Drive(DriveKind.POSITION, 0.5))
    driver.run(1.5)
    np.testing.assert_allclose([wheel.position_rad for wheel in driver.wheels], 0.5, atol=0.02)
