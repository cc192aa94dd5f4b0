"""A servo in error seen, rebooted and restored through the session: what the Robot page shows and does."""

from __future__ import annotations

import pytest

from app.session.view import ServoView, Snapshot
from tests.support.live_session import LiveSession

pytestmark = pytest.mark.timeout(180)

BUS, GRIPPER = "right_follower", 9


def gripper_of(snapshot: Snapshot) -> ServoView | None:
    return next((s for s in snapshot.servos if (s.bus, s.id) == (BUS, GRIPPER)), None)


def test_an_overloaded_servo_is_seen_rebooted_and_well_again(live: LiveSession) -> None:
    def gripper(so: object, what: str) -> ServoView:
        found = gripper_of(live.wait(lambda now: so(gripper_of(now)), what))  # type: ignore[operator]
        assert found is not None
        return found

    well = gripper(lambda servo: servo and servo.torque_on and servo.polled_ns, "the gripper's figures")
    assert (well.label, well.answers, well.wanted, well.faults) == ("right gripper", True, True, ())
    assert well.max_temperature_c == 80.0
    assert well.current_limit_a == live.session.profile.grippers["right"].current_limit_a
    assert len(live.now.servos) == 40
    assert all(sum(bus.latency_counts) > 0 for bus in live.now.buses)

    live.set_faults(BUS, overload_ids=(GRIPPER,))
    ill = gripper(lambda servo: servo and servo.faults, "the overload among its figures")
    assert [fault.code for fault in ill.faults] == ["overload"]
    assert ill.faults[0].needs_reboot
    assert "take the load off" in ill.faults[0].remedy
    gripper(lambda servo: servo and not servo.torque_on, "the torque it lost")

    live.heal()
    live.session.reboot_servo(BUS, GRIPPER)
    mended = gripper(
        lambda servo: (
            servo
            and not servo.faults
            and servo.answers
            and not servo.in_hand
            and servo.torque_on
            and servo.position_ticks is not None
        ),
        "the gripper's recovery",
    )
    assert mended.polled_ns > ill.polled_ns
    assert mended.current_limit_a == well.current_limit_a
    live.no_notice(f"servo:{BUS}:{GRIPPER}")
