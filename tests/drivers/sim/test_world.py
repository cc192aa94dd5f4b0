"""The arms, grippers, lift and leaders of the kitchen, driven as servos drive them."""

from __future__ import annotations

import math

import msgspec
import numpy as np
import pytest

from drivers.sim.interface import Drive, DriveKind, Hands
from drivers.sim.kitchen.model import compile_kitchen
from drivers.sim.kitchen.placement import upright_pose
from drivers.sim.world import KitchenWorld, WorldError
from tests.drivers.sim.kitchen_driver import Driver, hold, let_go, profile

RAD_PER_M = 2 * math.pi / 0.131


@pytest.fixture
def world() -> KitchenWorld:
    return KitchenWorld(profile(), seed=0)


def test_an_arm_holds_its_pose_without_sagging(world: KitchenWorld) -> None:
    driver = Driver(world)
    driver.run(1.0)
    for side, arm in world.profile.arms.items():
        np.testing.assert_allclose(world.truth().arm_rad[side], arm.home_rad, atol=1e-3)


def test_a_joint_reaches_its_target_and_moves_without_ripple(world: KitchenWorld) -> None:
    driver = Driver(world)
    waist = driver.arms["left"][0]
    driver.move(waist, 0.3, seconds=0.5)
    speeds = []
    for tick in range(15):  # 50 Hz targets at 0.6 rad/s
        hold(waist, 0.3 + 0.012 * (tick + 1))
        for _ in range(10):
            world.step()
            if tick >= 10:
                speeds.append(waist.velocity_rad_s)
    assert max(speeds) - min(speeds) < 0.05
    driver.run(0.5)
    assert waist.position_rad == pytest.approx(0.48, abs=1e-3)
    assert world.truth().arm_rad["left"][0] == pytest.approx(0.48, abs=1e-3)


def test_before_first_power_an_arm_rests_and_after_it_power_off_lets_it_fall(world: KitchenWorld) -> None:
    elbow, shoulder = world.joint("left_follower", "elbow"), world.joint("left_follower", "shoulder")
    start = shoulder.position_rad
    for _ in range(250):
        world.step()
    assert shoulder.position_rad == pytest.approx(start, abs=1e-3)
    assert shoulder.effort_nm == 0.0
    for joint in (elbow, shoulder):
        hold(joint, joint.position_rad)
    world.step()
    for joint in (elbow, shoulder):
        let_go(joint)
    for _ in range(500):
        world.step()
    assert shoulder.position_rad > start + 0.5
    assert shoulder.effort_nm == 0.0


def test_a_servo_shows_the_weight_it_carries_and_gives_way_beyond_its_limit(world: KitchenWorld) -> None:
    driver = Driver(world)
    waist, shoulder, elbow = driver.arms["right"][:3]
    driver.move(waist, -1.5, seconds=1.0)  # away from the counter
    driver.move(elbow, 0.2, seconds=1.5)
    driver.move(shoulder, -0.2, seconds=1.5)
    driver.run(0.5)
    carried = abs(shoulder.effort_nm)
    assert carried > 3.0  # half of what the stretched arm weighs at the shoulder: two servos share it
    before = shoulder.position_rad
    hold(shoulder, before, limit_nm=carried / 2)
    driver.run(1.0)
    assert shoulder.position_rad > before + 0.1
    assert abs(shoulder.effort_nm) <= 1.01 * carried / 2


def test_effort_control_turns_a_joint(world: KitchenWorld) -> None:
    driver = Driver(world)
    waist = driver.arms["left"][0]
    waist.drive(Drive(DriveKind.EFFORT, 2.0, 10.0))
    driver.run(0.5)
    assert waist.position_rad > 0.1
    assert waist.effort_nm == 2.0


def test_a_gripper_opens_closes_and_presses_on_what_is_between(world: KitchenWorld) -> None:
    driver = Driver(world)
    gripper = world.profile.grippers["right"]
    servo = driver.grippers["right"]
    driver.move(servo, gripper.open_rad, seconds=0.5)
    driver.run(0.3)
    assert world.truth().gripper_opening["right"] == pytest.approx(1.0, abs=0.02)
    driver.move(servo, gripper.closed_rad, seconds=0.5)
    driver.run(0.3)
    assert world.truth().gripper_opening["right"] == pytest.approx(0.0, abs=0.02)
    assert servo.position_rad == pytest.approx(gripper.closed_rad, abs=0.05)

    driver.move(servo, gripper.open_rad, seconds=0.5)
    grasp = world.data.site("right_grasp").xpos
    pose = upright_pose(float(grasp[0]), float(grasp[1]), yaw_rad=0.0, z_m=float(grasp[2]) - 0.02)
    world.place("sponge", pose)
    for tick in range(40):
        hold(
            servo, gripper.open_rad + (gripper.closed_rad - gripper.open_rad) * (tick + 1) / 40, limit_nm=1.0
        )
        world.place("sponge", pose)  # held in the air until the pads have it
        driver.run(0.02)
    driver.run(1.0)
    truth = world.truth()
    assert truth.gripper_opening["right"] == pytest.approx(0.64, abs=0.08)  # the sponge is 64 mm wide
    assert abs(truth.objects["sponge"][2] - pose[2]) < 0.02
    assert abs(servo.effort_nm) == pytest.approx(1.0, abs=0.05)


def test_a_lift_follows_and_presses_on_its_stop(world: KitchenWorld) -> None:
    driver = Driver(world)
    driver.move(driver.lift, 0.10 * RAD_PER_M, seconds=1.0)
    driver.run(0.5)
    assert world.truth().lift_m == pytest.approx(0.10, abs=1e-3)
    assert abs(driver.lift.effort_nm) < 1.0
    driver.lift.drive(Drive(DriveKind.VELOCITY, -0.05 * RAD_PER_M, 8.0))
    driver.run(1.0)
    assert world.truth().lift_m == pytest.approx(0.05, abs=0.005)
    assert abs(driver.lift.effort_nm) < 1.0
    driver.run(2.0)
    assert world.truth().lift_m == pytest.approx(0.0, abs=0.002)
    assert driver.lift.effort_nm == pytest.approx(-8.0, abs=0.1)


def test_hands_move_a_leader_and_lose_against_its_servo(world: KitchenWorld) -> None:
    driver = Driver(world)
    waist, handle = world.joint("left_leader", "waist"), world.joint("left_leader", "handle")
    angles = np.array([0.3, -1.4, 2.2, 0.1, 0.7, 0.0])
    world.set_hands(Hands(leader_rad={"left": angles}, leader_opening={"left": 0.0}))
    driver.run(0.5)
    assert waist.position_rad == pytest.approx(0.3)
    assert handle.position_rad == pytest.approx(world.profile.leaders["left"].handle.closed_rad)
    assert world.joint("right_leader", "waist").position_rad == 0.0

    hold(waist, -0.2, limit_nm=1.0)
    driver.run(0.05)
    assert waist.effort_nm == pytest.approx(-1.0)
    driver.run(0.5)
    world.set_hands(Hands(leader_rad={"left": angles}))
    driver.run(0.2)
    assert waist.position_rad == pytest.approx(-0.2)

    let_go(waist)
    driver.run(0.1)
    assert waist.position_rad == pytest.approx(-0.2)  # it stays until the hands move it again
    angles[0] = 0.0
    world.set_hands(Hands(leader_rad={"left": angles}))
    driver.run(0.3)
    assert waist.position_rad == pytest.approx(0.0)


def test_hands_are_not_faster_than_hands(world: KitchenWorld) -> None:
    world.set_hands(Hands(leader_rad={"left": np.array([1.5, 0, 0, 0, 0, 0])}))
    world.step()
    assert 0 < world.joint("left_leader", "waist").velocity_rad_s <= 6.0 + 1e-9


def test_what_is_not_there_is_named_with_what_is(world: KitchenWorld) -> None:
    with pytest.raises(KeyError, match=r"tail.*lift, wheel_1, wheel_2, wheel_3"):
        world.joint("body", "tail")
    with pytest.raises(WorldError, match=r"fork.*plate, cup, sponge, spoon"):
        world.place("fork", upright_pose(0.6, 0.0, yaw_rad=0.0))
    with pytest.raises(WorldError, match=r"middle.*left, right"):
        world.set_hands(Hands(leader_opening={"middle": 0.5}))


def test_a_profile_of_another_robot_is_refused() -> None:
    robot = profile()
    other = msgspec.structs.replace(robot, arms={"middle": robot.arms["left"]}, leaders={})
    with pytest.raises(WorldError, match=r"middle_waist.*left_waist"):
        KitchenWorld(other, seed=0)
    two = msgspec.structs.replace(robot, lifts=robot.lifts | {"second": robot.lifts["main"]})
    with pytest.raises(WorldError, match="2 lifts"):
        KitchenWorld(two, seed=0)


def test_the_model_is_the_robot_of_the_profile() -> None:
    """The chain for inverse kinematics, the joint limits and the gripper's width are those of the model."""
    model, robot = compile_kitchen(), profile()
    for side, arm in robot.arms.items():
        assert arm.chain is not None
        np.testing.assert_allclose(model.body(f"{side}_mount").pos, arm.chain.mount_m)
        bodies = ("mount", "upper_arm", "forearm", "roll", "wrist", "hand")
        for body, link, joint in zip(bodies, arm.chain.links, arm.joints, strict=True):
            if body != "mount":
                np.testing.assert_allclose(model.body(f"{side}_{body}").pos, link.offset_m)
            np.testing.assert_allclose(model.joint(f"{side}_{joint.name}").axis, link.axis)
            np.testing.assert_allclose(
                model.joint(f"{side}_{joint.name}").range, (joint.min_rad, joint.max_rad)
            )
        np.testing.assert_allclose(model.site(f"{side}_grasp").pos, arm.chain.grasp_offset_m)
        assert 2 * model.joint(f"{side}_finger_a").range[1] == pytest.approx(robot.grippers[side].opening_m)
    assert model.joint("lift").range[1] >= robot.lifts["main"].max_m
