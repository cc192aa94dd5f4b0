"""The motions that tasks are made of, each a generator that is resumed once a tick.

A motion moves the leaders or the pedals a little at every resumption and ends when it is done. Where precision matters
it ends when the *follower* has arrived, which lags its leader by the lines, the safety filter and its own mass.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from drivers.kinematics import Pose, rotation_about, rotation_vector
from drivers.sim.operator.body import Body

Array = NDArray[np.float64]
Motion = Iterator[None]

JOINT_SPEED_RAD_S = 1.1
HAND_SPEED_M_S = 0.30
HAND_TURN_RAD_S = 1.1
"""Peak speeds of a calm person's hand on a leader."""
GRIP_SPEED = 2.0
"""Openings a second."""
CLOSES_WITHIN_S = 2.0
STOPPED_BEHIND = 0.12
STOPPED_A_TICK = 0.004
STOPPED_S = 0.06
"""A follower's hand is stopped that moves less in a tick, for so long, while its leader is so much further closed, or
closed."""

BASE_SPEED_M_S = 0.30
BASE_TURN_RAD_S = 0.6
BASE_ACCELERATION_M_S2 = 0.5
BASE_TURN_ACCELERATION_RAD_S2 = 1.2
BASE_GAIN_HZ = 2.0
"""Speed wanted for each metre that is missing near the goal; more swings, with the base's delay of 0.2 s."""
BASE_NEAR_M = 0.006
BASE_NEAR_RAD = 0.015
LIFT_SPEED_M_S = 0.12
LIFT_GAIN_HZ = 2.5
LIFT_ACCELERATION_M_S2 = 0.3
LIFT_NEAR_M = 0.004

REACHED_M = 0.015
"""A hand that misses its place by more has not reached it."""
PATIENCE_S = 25.0
"""After so long on one drive or lift the operator gives up."""


class GaveUpError(Exception):
    """The operator cannot go on with the task; the message says why."""


def wait(body: Body, seconds: float) -> Motion:
    """Keep still for a while."""
    for _ in range(round(seconds / body.dt_s)):
        yield


def together(*motions: Motion) -> Motion:
    """Several motions at once, until the last has ended. Only one of them may use the pedals."""
    unfinished = list(motions)
    while unfinished:
        unfinished = [motion for motion in unfinished if _goes_on(motion)]
        if unfinished:
            yield


def move_joints(body: Body, side: str, goal_rad: ArrayLike) -> Motion:
    """Bring a leader to joint angles (6,), all joints arriving together."""
    start, goal = body.leader_rad[side].copy(), np.asarray(goal_rad, np.float64)
    # A smooth step is half as fast again in its middle as on average.
    duration_s = max(0.2, 1.5 * float(np.abs(goal - start).max()) / (JOINT_SPEED_RAD_S * body.pace))
    for share in _smooth_shares(duration_s, body.dt_s):
        body.leader_rad[side] = start + share * (goal - start)
        yield


def move_hand(body: Body, side: str, goal: Pose, *, speed_m_s: float = HAND_SPEED_M_S) -> Motion:
    """Lead the follower's grasp frame to a pose in the world, in a straight line, while the base may sway.

    Raises:
        GaveUpError: when the pose turns out to be out of reach.
    """
    start = body.led_pose(side)
    travel = goal.position_m - start.position_m
    turn = rotation_vector(goal.rotation @ start.rotation.T)
    distance_m, angle_rad = float(np.linalg.norm(travel)), float(np.linalg.norm(turn))
    duration_s = 1.5 * max(distance_m / speed_m_s, angle_rad / HAND_TURN_RAD_S, 0.2) / body.pace
    missed_m = 0.0
    for share in _smooth_shares(duration_s, body.dt_s):
        step = Pose(start.position_m + share * travel, rotation_about(share * turn) @ start.rotation)
        # Where the arm must turn fast to stay on the line, the hand waits for it.
        for _ in range(round(2.0 / body.dt_s)):
            found = body.reach(side, step)
            missed_m = found.position_error_m
            if turn_leader(body, side, found.joints_rad):
                break
            yield
        yield
    refuse_miss(side, goal, missed_m)


def swing_hand(body: Body, side: str, goal: Pose) -> Motion:
    """Lead the follower's grasp frame to a pose in the world by the joints' own ways, for great turns in free space.

    Raises:
        GaveUpError: when the pose is out of reach.
    """
    found = yield from body.find_reach(side, goal)
    refuse_miss(side, goal, found.position_error_m)
    yield from move_joints(body, side, found.joints_rad)


def arrive(body: Body, side: str, *, within_rad: float = 0.012, at_most_s: float = 1.2) -> Motion:
    """Wait until the follower stands where its leader is; something it presses on may keep it from there for good."""
    for _ in range(round(at_most_s / body.dt_s)):
        if np.abs(body.truth.arm_rad[side] - body.leader_rad[side]).max() < within_rad:
            return
        yield


def grip(body: Body, side: str, opening: float) -> Motion:
    """Open or close a hand, and wait until the follower's has got there or is stopped by what it holds."""
    while abs(opening - body.opening[side]) > 1e-9:
        move_grip(body, side, opening)
        yield
    yield from wait(body, 0.15)
    still_s, before = 0.0, body.truth.gripper_opening[side]
    while still_s < 0.2 and abs(body.truth.gripper_opening[side] - opening) > 0.01:
        yield
        now = body.truth.gripper_opening[side]
        still_s = still_s + body.dt_s if abs(now - before) < 0.002 else 0.0
        before = now


def close_hand(body: Body, side: str) -> Motion:
    """Close a hand until the follower's is stopped by something, or is closed, and no longer.

    The leader's has to go on, see `closing`. Nothing is waited for: whoever learns from a hand that stands
    still cannot tell for how long it has.
    """
    stopped_s, before = 0.0, body.truth.gripper_opening[side]
    for _ in range(round(CLOSES_WITHIN_S / body.dt_s)):
        move_grip(body, side, 0.0)
        yield
        now = body.truth.gripper_opening[side]
        stopped_s = stopped_s + body.dt_s if before - now < STOPPED_A_TICK else 0.0
        before = now
        is_pressed = now - body.opening[side] > STOPPED_BEHIND or body.opening[side] <= 0.0
        if stopped_s >= STOPPED_S and is_pressed:
            return


def closing(body: Body, side: str) -> Motion:
    """Close a leader's handle all the way: what the follower's hand holds is held as firmly as it can be."""
    while body.opening[side] > 0.0:
        move_grip(body, side, 0.0)
        yield


def drive(
    body: Body,
    x_m: float,
    y_m: float,
    *,
    yaw_rad: float = 0.0,
    speed_m_s: float = BASE_SPEED_M_S,
    until: Callable[[], bool] = lambda: False,
) -> Motion:
    """Drive the base to a pose in the world, straight and at the same time turning.

    Raises:
        GaveUpError: when it does not get there.
    """
    near_s = 0.0
    for _ in range(round(PATIENCE_S / body.dt_s)):
        x, y, yaw = body.truth.base_pose
        missing = np.array([x_m - x, y_m - y])
        turn = math.remainder(yaw_rad - yaw, 2 * math.pi)
        distance = float(np.linalg.norm(missing))
        near = distance < BASE_NEAR_M and abs(turn) < BASE_NEAR_RAD
        near_s = near_s + body.dt_s if near else 0.0
        if near_s > 0.12 or until():
            body.release_pedals()
            yield from wait(body, 0.2)
            return
        speed = braking_speed(distance, BASE_ACCELERATION_M_S2, BASE_GAIN_HZ, speed_m_s * body.pace)
        rate = math.copysign(
            braking_speed(
                abs(turn), BASE_TURN_ACCELERATION_RAD_S2, BASE_GAIN_HZ, BASE_TURN_RAD_S * body.pace
            ),
            turn,
        )
        ahead = missing * (speed / max(distance, 1e-9))
        cos, sin = math.cos(yaw), math.sin(yaw)
        wanted = np.array([cos * ahead[0] + sin * ahead[1], cos * ahead[1] - sin * ahead[0], rate])
        most = np.array([BASE_ACCELERATION_M_S2] * 2 + [BASE_TURN_ACCELERATION_RAD_S2]) * body.dt_s
        body.twist = body.twist + np.clip(wanted - body.twist, -most, most)
        body.pedalling = True
        yield
    body.release_pedals()
    raise GaveUpError(f"the base does not get to x {x_m:.2f}, y {y_m:.2f} m; {distance:.2f} m are missing")


def lift_to(body: Body, height_m: float) -> Motion:
    """Bring the lift to a height.

    Raises:
        GaveUpError: when it does not get there.
    """
    for _ in range(round(PATIENCE_S / body.dt_s)):
        missing = height_m - body.truth.lift_m
        if abs(missing) < LIFT_NEAR_M:
            body.release_pedals()
            yield from wait(body, 0.2)
            return
        speed = braking_speed(abs(missing), LIFT_ACCELERATION_M_S2, LIFT_GAIN_HZ, LIFT_SPEED_M_S * body.pace)
        change = LIFT_ACCELERATION_M_S2 * body.dt_s
        body.lift_m_s += float(np.clip(math.copysign(speed, missing) - body.lift_m_s, -change, change))
        body.pedalling = True
        yield
    body.release_pedals()
    raise GaveUpError(f"the lift does not get to {height_m:.2f} m; it stands at {body.truth.lift_m:.2f} m")


def refuse_miss(side: str, goal: Pose, missed_m: float) -> None:
    """Give up where a hand has not come to its goal.

    Raises:
        GaveUpError: it misses it by too much.
    """
    if missed_m > REACHED_M:
        where = np.round(goal.position_m, 3).tolist()
        raise GaveUpError(f"the {side} hand cannot reach {where}; it misses it by {missed_m * 1e3:.0f} mm")


def _goes_on(motion: Motion) -> bool:
    for _ in motion:
        return True
    return False


def _smooth_shares(duration_s: float, dt_s: float) -> Iterator[float]:
    """3x² − 2x³ for x from one tick's worth to 1."""
    ticks = max(1, math.ceil(duration_s / dt_s))
    for tick in range(1, ticks + 1):
        x = tick / ticks
        yield x * x * (3.0 - 2.0 * x)


def move_grip(body: Body, side: str, opening: float) -> None:
    """Move a leader's handle towards an opening for a tick, no faster than a calm hand."""
    step = GRIP_SPEED * body.pace * body.dt_s
    body.opening[side] += float(np.clip(opening - body.opening[side], -step, step))


def turn_leader(body: Body, side: str, goal_rad: Array) -> bool:
    """Turn a leader towards joint angles (6,) for a tick, no faster than a calm hand; whether it is there."""
    change = goal_rad - body.leader_rad[side]
    most = JOINT_SPEED_RAD_S * body.pace * body.dt_s
    fastest = float(np.abs(change).max())
    if fastest <= most:
        body.leader_rad[side] = goal_rad
        return True
    body.leader_rad[side] = body.leader_rad[side] + change * (most / fastest)
    return False


def braking_speed(distance: float, acceleration: float, gain_hz: float, most: float) -> float:
    """Speed towards a goal that can be braked in time, and settles without swinging.

    Args:
        distance: that is missing, in m or rad.
        acceleration: at which it is braked, in m/s² or rad/s².
        gain_hz: speed for each metre or radian, near the goal.
        most: the greatest speed.
    """
    return min(most, math.sqrt(2.0 * acceleration * distance), gain_hz * distance)
