"""Sets the simulated kitchen up for a subtask: things, base, lift, arms and drawer where the draws put them."""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from app.demonstrations.leading import Lead
from drivers.kinematics import IkResult, Pose, rotation_about
from drivers.sim.direct import DirectRobot
from drivers.sim.interface import Truth
from drivers.sim.kitchen.geometry import COUNTER_TOP_M, OBJECTS, SINK_FLOOR_M
from drivers.sim.kitchen.placement import ROW_Y_M, upright_pose, yaw_of
from drivers.sim.operator.body import Body
from drivers.sim.operator.grasps import Grasp, grasp_of, pointing_ahead
from drivers.sim.operator.motions import grip, move_hand
from drivers.sim.operator.picking import CARRY_M
from drivers.sim.operator.picking import NEAR_M as IN_REACH_M
from drivers.sim.operator.places import (
    COUNTER_LIFT_M,
    COUNTER_X_M,
    DRAWER_LIFT_M,
    HAND_Y_M,
    HANDLE_AHEAD_M,
    RETREAT_X_M,
    SIDE,
    SINK_X_M,
    SINK_Y_M,
    handle_at,
    holds,
    holds_handle,
    standing_x_m,
)
from drivers.sim.operator.subtasks import SUBTASKS
from drivers.sim.world import KitchenWorld

Vector = NDArray[np.float64]
T = TypeVar("T")

NEAR_M, NEAR_RAD, NEAR_LIFT_M = 0.03, math.radians(3), 0.03
"""How far off its place the robot stands as a subtask begins, at most."""
OFF_M, OFF_RAD = 0.06, math.radians(6)
"""The same after a mishap."""
IN_SINK_SHARE: Final = 0.2
"""How often each of the other things is in the sink already."""
SINK_FREE_M: Final = (0.07, 0.12)
"""Around the middle of the sink, how far off it things are let go, ahead and aside."""
SETTLE_TICKS: Final = 25
HAND_JITTER_RAD: Final = 0.12
OPENINGS: Final = (0.98, 0.5, 0.0)
MISSES_M, MISSES_RAD = 0.004, 0.03

ASTRAY: Final = {"over": 0.35, "low": 0.20, "lost": 0.25, "closed beside": 0.12, "dropped": 0.08}
"""How often a hand that is off the path is in which way."""
LOST_M: Final = np.array([0.15, 0.20])
LOST_RAD: Final = math.pi / 2
"""How far from an object, ahead and aside, a hand is at most that is lost low over the counter, and how far turned."""
OFF_HANDLE_M: Final = ((0.03, 0.16), 0.04)
LOST_HANDLE_M: Final = ((0.03, 0.34), 0.14)
"""How far back from the handle a hand is, from and to, and aside and in height at most; the same of a lost one."""
OFF_HANDLE_RAD, LOST_HANDLE_RAD = 0.12, 0.5
"""How far turned about each axis, as a standard deviation; the same of a lost one."""


class Unfit(Exception):
    """The kitchen cannot be as it was drawn; the message says why."""


class Kitchen:
    """A world that is being set up.

    Args:
        world: to be set up; nobody else steps it.

    Attributes:
        world: the same.
        sent: (D,) what was sent to the robot last.
    """

    def __init__(self, world: KitchenWorld) -> None:
        self.world = world
        self._profile = world.profile
        self.sent: Vector = DirectRobot(world).sent

    # -- things and base -----------------------------------------------------------------------------------------------

    def furnish(self, rng: np.random.Generator, *, keep: str) -> None:
        """Place all things anew: on the counter, but for some in the sink; `keep` stays on the counter."""
        self.world.reset(int(rng.integers(2**31)), robot=True)
        height_m = SINK_FLOOR_M + 0.01
        for name in OBJECTS:
            if name != keep and rng.random() < IN_SINK_SHARE:
                x_m = SINK_X_M + rng.uniform(-1, 1) * SINK_FREE_M[0]
                y_m = SINK_Y_M + rng.uniform(-1, 1) * SINK_FREE_M[1]
                yaw = rng.uniform(-math.pi, math.pi)
                self.world.place(name, upright_pose(x_m, y_m, yaw_rad=yaw, z_m=height_m))
                height_m += 0.04
        self._settle(SETTLE_TICKS if height_m > SINK_FLOOR_M + 0.02 else 2)

    def before_object(self, name: str, rng: np.random.Generator, *, slip: bool) -> None:
        """Stand before an object, hands about home."""
        x_m, y_m = standing_x_m(name), float(self.world.truth().objects[name][1]) - HAND_Y_M
        self._stand(x_m, y_m, COUNTER_LIFT_M, rng, slip=slip)
        x, y, _ = self.world.truth().base_pose
        if math.hypot(x - x_m, y - y_m) > IN_REACH_M - 0.005:
            raise Unfit(f"the {name} is out of reach")

    def open_drawer(self, drawer_m: float) -> None:
        """Have the drawer open so far."""
        self.world.arrange(drawer_m=drawer_m)

    def before_drawer(self, rng: np.random.Generator, *, drawer_m: float, slip: bool) -> None:
        """Stand before the drawer, which is open so far, hands about home."""
        self.open_drawer(drawer_m)
        x_m, y_m, _ = handle_at(self.world.truth())
        self._stand(float(x_m) - HANDLE_AHEAD_M, float(y_m) - HAND_Y_M, DRAWER_LIFT_M, rng, slip=slip)

    def away(
        self, rng: np.random.Generator, *, slip: bool, lift_m: tuple[float, float] = (0.01, 0.38)
    ) -> None:
        """Stand somewhere in the room, clear of the counter."""
        x_m = RETREAT_X_M - abs(rng.normal(0.0, 0.25 if slip else 0.12))
        self._hold_at(
            (x_m, rng.normal(0.0, 0.20), rng.uniform(-1, 1) * 3 * OFF_RAD), rng.uniform(*lift_m), rng
        )

    def anywhere(self, rng: np.random.Generator, *, near: str, slip: bool) -> None:
        """Stand where a way to somewhere else may begin; after a mishap off that place, or with the hand out."""
        if not slip:
            if rng.random() < 0.5:
                self.away(rng, slip=False)
                return
            y_m = rng.uniform(ROW_Y_M[0], SINK_Y_M) - HAND_Y_M
            self._stand(COUNTER_X_M, y_m, COUNTER_LIFT_M, rng, slip=False)
            return
        if near and rng.random() < 0.5:
            self.before_object(near, rng, slip=True)
            return
        other = OBJECTS[int(rng.integers(len(OBJECTS)))]
        if float(self.world.truth().objects[other][2]) < COUNTER_TOP_M - 0.01:
            raise Unfit(f"the {other} is in the sink")
        self.before_object(other, rng, slip=True)
        self.hand_astray(other, rng)

    def hand_anywhere(self, rng: np.random.Generator) -> None:
        """Stand before the counter, or anywhere, with the hand somewhere and open by any width."""
        if rng.random() < 0.4:
            self.away(rng, slip=False)
        else:
            name = OBJECTS[int(rng.integers(len(OBJECTS)))]
            self.before_object(name, rng, slip=False)
            if rng.random() < 0.7:
                self._hand_over(name, rng, opening=0.5)
        self.world.arrange(opening={SIDE: float(rng.uniform(0.0, 1.0))})
        self._settle(1)

    # -- the hand ------------------------------------------------------------------------------------------------------

    def hand_astray(self, name: str, rng: np.random.Generator) -> None:
        """Have the hand where it is not to be when an object is taken, such as low beside it, or closed on nothing."""
        way = rng.choice(list(ASTRAY), p=list(ASTRAY.values()))
        if way == "dropped":
            self._drop(name, rng)
        elif way == "over":
            self._hand_over(name, rng, opening=float(rng.choice(OPENINGS)))
        elif way == "closed beside":
            away = rng.uniform(0.02, 0.05) * _direction(rng)
            self._hand_at(name, np.append(away, rng.uniform(0.0, 0.015)), rng.normal(0.0, 0.15), 0.0)
        else:
            lost = way == "lost"
            away = rng.uniform(-LOST_M, LOST_M) if lost else rng.uniform(-0.04, 0.04, 2)
            turn_rad = rng.uniform(-LOST_RAD, LOST_RAD) if lost else rng.normal(0.0, 0.15)
            opening = float(rng.choice(OPENINGS))
            self._hand_at(name, np.append(away, rng.uniform(0.0, 0.06)), turn_rad, opening)
        self._settle(2)

    def hand_off_handle(self, rng: np.random.Generator) -> None:
        """Have the hand somewhere before the drawer's handle without holding it, every other time close by."""
        body = self._body(rng)
        lost = rng.random() < 0.5
        back_m, aside_m = LOST_HANDLE_M if lost else OFF_HANDLE_M
        handle = handle_at(body.truth) + np.array([-rng.uniform(*back_m), *rng.uniform(-aside_m, aside_m, 2)])
        turn = rotation_about(rng.normal(0.0, LOST_HANDLE_RAD if lost else OFF_HANDLE_RAD, 3))
        self._reach(body, Pose(handle, turn @ pointing_ahead()))
        self.world.arrange(opening={SIDE: float(rng.choice(OPENINGS))})
        self._settle(2)
        if holds_handle(self.world.truth()):
            raise Unfit("the hand counts as holding the handle")

    def handle_in_hand(self, rng: np.random.Generator) -> None:
        """Take the drawer's handle."""
        truth = self._perform("take the handle", rng)
        if not holds_handle(truth):
            raise Unfit("the handle is not in the hand")

    def object_in_hand(self, name: str, rng: np.random.Generator) -> None:
        """Stand before an object and pick it up."""
        self.before_object(name, rng, slip=False)
        truth = self._perform(f"pick up the {name}", rng)
        if not holds(truth, name):
            raise Unfit(f"the {name} is not in the hand")

    def shift(self, name: str, rng: np.random.Generator, *, share: float, slip: bool) -> None:
        """Put the robot, with what it holds, somewhere on its way to the sink: 0 where it stands, 1 before the sink."""
        truth = self.world.truth()
        x, y, yaw = truth.base_pose
        reach_m, turn_rad = (OFF_M, OFF_RAD) if slip else (NEAR_M, NEAR_RAD)
        over_y_m = y + SINK_Y_M - float(truth.objects[name][1])
        aside_m = rng.uniform(-1, 1) * (0.025 if share == 1.0 else reach_m)
        to_x, to_y = x + rng.uniform(-1, 1) * reach_m, y + share * (over_y_m - y) + aside_m
        turn = rng.uniform(-1, 1) * turn_rad - yaw
        # The robot turns about where the object is, so that this stays over the sink.
        spin = rotation_about([0.0, 0.0, turn])
        position_m = truth.objects[name][:3]
        arm = spin @ (position_m - np.array([x, y, 0.0]))
        wanted = np.array([to_x, to_y, 0.0]) + position_m - np.array([x, y, 0.0])
        base = wanted - arm
        self.world.arrange(base_pose=(float(base[0]), float(base[1]), yaw + turn))
        self.world.place(
            name, np.concatenate([wanted[:2], position_m[2:], _turned(truth.objects[name], turn)])
        )

    def refuse_contact(self) -> None:
        """Make sure that the robot touches nothing but what it holds.

        Raises:
            Unfit: it does.
        """
        truth = self.world.truth()
        holding = holds_handle(truth) or any(holds(truth, name) for name in OBJECTS)
        if not holding and self.world.robot_touches():
            raise Unfit("the robot touches something")

    def _hand_over(self, name: str, rng: np.random.Generator, *, opening: float) -> None:
        """Hold the hand anywhere over the counter, every other time near an object."""
        away = rng.normal(0.0, 0.07, 2)
        if rng.random() < 0.5:
            away = rng.uniform([-0.12, -0.22], [0.12, 0.22])
        height_m = rng.uniform(0.02, 0.16)
        self._hand_at(name, np.append(away, height_m), rng.uniform(-1.0, 1.0) * math.pi / 2, opening)

    def _drop(self, name: str, rng: np.random.Generator) -> None:
        """Take an object, and let it fall from low above the counter."""
        lead = self._lead(rng)
        lead.perform(SUBTASKS[f"pick up the {name}"].motion(lead.body))
        hand = lead.body.led_pose(SIDE)
        low_m = CARRY_M - rng.uniform(0.01, 0.035)
        lowered = Pose(hand.position_m - np.array([0.0, 0.0, low_m]), hand.rotation)
        lead.perform(move_hand(lead.body, SIDE, lowered))
        lead.perform(grip(lead.body, SIDE, float(rng.uniform(0.4, 0.98))))
        lead.wait(15)
        self.sent = lead.robot.sent

    def _hand_at(self, name: str, away_m: Vector, turn_rad: float, opening: float) -> None:
        body = self._body(np.random.default_rng(0))
        grasp = self._grasp(name)
        pose = _result(body.reachable_turn(SIDE, grasp.pose))
        spin = rotation_about([0.0, 0.0, turn_rad])
        self._reach(body, Pose(pose.position_m + away_m, spin @ pose.rotation))
        self.world.arrange(opening={SIDE: opening})

    def _grasp(self, name: str) -> Grasp:
        pose = self.world.truth().objects[name]
        return grasp_of(name, pose[:3], yaw_of(pose))

    def _reach(self, body: Body, pose: Pose) -> None:
        result: IkResult = _result(body.find_reach(SIDE, pose))
        if result.position_error_m > MISSES_M or result.rotation_error_rad > MISSES_RAD:
            raise Unfit(f"the hand does not reach {np.round(pose.position_m, 2).tolist()}")
        self.world.arrange(arm_rad={SIDE: result.joints_rad})

    # -- the robot -----------------------------------------------------------------------------------------------------

    def _stand(self, x_m: float, y_m: float, lift_m: float, rng: np.random.Generator, *, slip: bool) -> None:
        reach_m, turn_rad = (OFF_M, OFF_RAD) if slip else (NEAR_M, NEAR_RAD)
        dx, dy = rng.uniform(-reach_m, reach_m, 2)
        yaw = rng.uniform(-turn_rad, turn_rad)
        # Turned about the hand's place, not about its own middle, so that this stays in reach.
        ahead = np.array([HANDLE_AHEAD_M, HAND_Y_M])
        cos, sin = math.cos(yaw), math.sin(yaw)
        swung = ahead - np.array([cos * ahead[0] - sin * ahead[1], sin * ahead[0] + cos * ahead[1]])
        lift_off_m = rng.uniform(-NEAR_LIFT_M, NEAR_LIFT_M)
        pose = (x_m + dx + float(swung[0]), y_m + dy + float(swung[1]), yaw)
        self._hold_at(pose, lift_m + lift_off_m, rng)

    def _hold_at(self, pose: tuple[float, float, float], lift_m: float, rng: np.random.Generator) -> None:
        arms = {name: np.array(arm.home_rad) for name, arm in self._profile.arms.items()}
        if rng.random() < 0.4:
            arms[SIDE] = arms[SIDE] + rng.uniform(-HAND_JITTER_RAD, HAND_JITTER_RAD, len(arms[SIDE]))
        opening = {SIDE: float(rng.choice((0.98, 0.8, 0.3, 0.0)))}
        self.world.arrange(base_pose=pose, lift_m=lift_m, arm_rad=arms, opening=opening)
        self._settle(2)

    def _settle(self, ticks: int) -> None:
        """Let things come to rest while the robot holds still."""
        if self.world.robot_touches():
            raise Unfit("the robot touches something")
        robot = DirectRobot(self.world)
        still = robot.sent.copy()
        still[self._base] = 0.0
        for _ in range(ticks):
            robot.follow(still)
        self.sent = robot.sent

    @property
    def _base(self) -> slice:
        return next(segment.slice for segment in self._profile.segments if segment.kind == "base")

    def _body(self, rng: np.random.Generator) -> Body:
        return Body(self._profile, rng, self.world.truth())

    def _lead(self, rng: np.random.Generator) -> Lead:
        return Lead(DirectRobot(self.world), rng)

    def _perform(self, words: str, rng: np.random.Generator) -> Truth:
        lead = self._lead(rng)
        truth = lead.perform(SUBTASKS[words].motion(lead.body))
        self.sent = lead.robot.sent
        return truth


def _result(search: Generator[None, None, T]) -> T:
    """What a search comes to."""
    while True:
        try:
            next(search)
        except StopIteration as end:
            found: T = end.value
            return found


def _direction(rng: np.random.Generator) -> Vector:
    angle = rng.uniform(-math.pi, math.pi)
    return np.array([math.cos(angle), math.sin(angle)])


def _turned(pose: Vector, yaw_rad: float) -> Vector:
    """(4,) the quaternion of a pose after a turn about the upright."""
    cos, sin = math.cos(yaw_rad / 2), math.sin(yaw_rad / 2)
    w, x, y, z = pose[3:]
    return np.array([cos * w - sin * z, cos * x - sin * y, cos * y + sin * x, cos * z + sin * w])
