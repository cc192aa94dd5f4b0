"""The servos on the kitchen's physics: their currents make sense, so that homing and gripping by current work."""

from __future__ import annotations

import pytest

from drivers.sim import control_table as ct
from drivers.sim.bus import SimBus
from drivers.sim.rig import build_buses
from drivers.sim.world import KitchenWorld
from tests.support.far_end import sim_kitchen

TICK_S = 0.02


class Kitchen:
    """The robot's servos on the physics, stepped a control tick at a time, without lines."""

    def __init__(self) -> None:
        self.world = KitchenWorld(sim_kitchen(), seed=0)
        self.now_ns = 0
        self.buses: dict[str, SimBus] = build_buses(sim_kitchen(), self.world, now_ns=0)
        for name in ("left_follower", "right_follower", "body"):
            for servo in self.buses[name].servos:
                self.put(name, servo.id, ct.TORQUE_ENABLE, 1)

    def put(self, bus: str, servo_id: int, register: ct.Register, value: int) -> None:
        data = value.to_bytes(register.size, "little", signed=value < 0)
        assert self.buses[bus].servo(servo_id).write(register.address, data, now_ns=self.now_ns) == 0

    def get(self, bus: str, servo_id: int, register: ct.Register) -> int:
        return self.buses[bus].servo(servo_id).register(register)

    def current_a(self, bus: str, servo_id: int) -> float:
        return self.get(bus, servo_id, ct.PRESENT_CURRENT) * ct.CURRENT_UNIT_A

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds / TICK_S)):
            self.now_ns += round(TICK_S * 1e9)
            for _ in range(round(TICK_S / self.world.step_s)):
                self.world.step()
            for bus in self.buses.values():
                for servo in bus.servos:
                    servo.fed(self.now_ns)
                    servo.advance(self.now_ns)


@pytest.fixture
def kitchen() -> Kitchen:
    return Kitchen()


def test_holding_an_arm_takes_little_current_and_quick_motion_stays_within_the_limit(
    kitchen: Kitchen,
) -> None:
    kitchen.run(0.5)
    arm = kitchen.buses["left_follower"]
    assert all(abs(kitchen.current_a("left_follower", servo.id)) < 1.0 for servo in arm.servos)
    assert kitchen.get("left_follower", 2, ct.PRESENT_POSITION) == kitchen.get(
        "left_follower", 3, ct.PRESENT_POSITION
    )
    start = kitchen.get("left_follower", 1, ct.PRESENT_POSITION)
    peak_a = 0.0
    for tick in range(1, 41):
        kitchen.put("left_follower", 1, ct.GOAL_POSITION, start + round(600 * min(1.0, tick / 20)))
        kitchen.run(TICK_S)
        peak_a = max(peak_a, abs(kitchen.current_a("left_follower", 1)))
    assert kitchen.get("left_follower", 1, ct.PRESENT_POSITION) == pytest.approx(start + 600, abs=20)
    assert 0.1 < peak_a < 4.0
    assert not any(servo.alert for servo in arm.servos)


def test_the_lift_shows_its_stop_as_current_and_only_that(kitchen: Kitchen) -> None:
    lift = sim_kitchen().lifts["main"]
    ticks_per_m = ct.TICKS_PER_TURN / lift.m_per_rev
    goal = float(kitchen.get("body", 4, ct.PRESENT_POSITION))
    free_a, stalled = 0.0, False
    for _ in range(round(6 / TICK_S)):
        goal -= lift.homing.speed_m_s * TICK_S * ticks_per_m
        kitchen.put("body", 4, ct.GOAL_POSITION, round(goal))
        kitchen.run(TICK_S)
        current_a = abs(kitchen.current_a("body", 4))
        if kitchen.world.truth().lift_m > lift.min_m:
            free_a = max(free_a, current_a)
        elif current_a > lift.homing.stall_current_a:
            stalled = True
            break
    assert free_a < lift.homing.stall_current_a
    assert stalled
    assert kitchen.world.truth().lift_m == pytest.approx(0.0, abs=0.002)


def test_wheels_drive_the_base(kitchen: Kitchen) -> None:
    for servo_id in (1, 2, 3):
        kitchen.put("body", servo_id, ct.GOAL_VELOCITY, 150)
    kitchen.run(1.0)
    yaw_rad = kitchen.world.truth().base_pose[2]
    wheel_rad_s = 150 * ct.VELOCITY_UNIT_RAD_S
    base = sim_kitchen().base
    assert base is not None
    assert abs(yaw_rad) == pytest.approx(wheel_rad_s * base.wheel_radius_m / base.base_radius_m, rel=0.3)
    assert kitchen.get("body", 1, ct.PRESENT_VELOCITY) == pytest.approx(150, abs=10)
