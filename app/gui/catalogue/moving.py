"""Modes, speed, lifts, driving by hand."""

from __future__ import annotations

from collections.abc import Callable

from app.gui.actions import Action, Actions
from app.gui.catalogue.groups import HOLD_FIRST, MOVING, SPEED_STEP, STOP_PRESSED
from app.gui.driving import Driving
from app.gui.session_protocol import SessionLike
from app.gui.told_keys import with_keys
from app.messages import Mode
from app.session.view import Snapshot


def add_moving(
    actions: Actions,
    session: SessionLike,
    now: Callable[[], Snapshot],
    driving: Driving,
    *,
    chosen: Callable[[], None],
) -> None:
    """Modes, speed, lifts, driving by hand.

    Args:
        actions: where they are registered.
        session: does them.
        now: the snapshot that the operator sees.
        driving: by hand.
        chosen: told that a mode was chosen here, so that no other that was asked for comes later.
    """

    def enter(mode: Mode) -> None:
        chosen()
        session.set_mode(mode)

    def in_charge() -> bool:
        return now().mode is not Mode.STOPPED

    def no_homing() -> str:
        if not session.profile.lifts:
            return "This robot has no lift."
        if now().homed:
            return "The lift knows its zero."
        if now().mode is Mode.STOPPED:
            return "The robot is stopped. Release it first, by holding Enter."
        return "" if now().mode is Mode.HOLD else with_keys(HOLD_FIRST, actions)

    def faster(by: float) -> None:
        session.set_speed(min(1.0, max(SPEED_STEP, round((now().speed + by) / SPEED_STEP) * SPEED_STEP)))

    actions.add(
        Action(
            id="mode.stop",
            title="Stop",
            group=MOVING,
            key="Esc",
            run=lambda: session.stop(STOP_PRESSED),
            icon="mdi6.octagon",
        ),
        Action(
            id="mode.hold",
            title="Hold",
            group=MOVING,
            key="H",
            steady_key="Ctrl+H",
            run=lambda: enter(Mode.HOLD),
            enabled=in_charge,
            icon="mdi6.pause",
        ),
        Action(
            id="mode.teleop",
            title="Teleoperate",
            group=MOVING,
            key="T",
            steady_key="Ctrl+T",
            run=lambda: enter(Mode.TELEOP),
            enabled=lambda: in_charge() and now().ready,
            icon="mdi6.hand-back-right",
        ),
        Action(
            id="drive.keys",
            title="Drive by hand",
            group=MOVING,
            key="K",
            steady_key="Ctrl+D",
            page="drive",
            run=driving.toggle,
            enabled=lambda: now().mode is Mode.TELEOP,
            icon="mdi6.keyboard",
        ),
        Action(
            id="drive.hand",
            title="Drive the other hand",
            group=MOVING,
            page="drive",
            run=driving.next_hand,
            enabled=lambda: driving.on and len(driving.hands) > 1,
        ),
        Action(
            id="speed.down",
            title="Slower",
            group=MOVING,
            key="-",
            run=lambda: faster(-SPEED_STEP),
            enabled=lambda: now().speed > SPEED_STEP,
            icon="mdi6.minus",
        ),
        Action(
            id="speed.up",
            title="Faster",
            group=MOVING,
            key="=",
            run=lambda: faster(SPEED_STEP),
            enabled=lambda: now().speed < 1.0,
            icon="mdi6.plus",
        ),
        Action(
            id="lift.home",
            title="Home the lift",
            group=MOVING,
            key="Ctrl+Home",
            run=session.home_lifts,
            enabled=lambda: not no_homing(),
            why_not=no_homing,
            icon="mdi6.arrow-collapse-down",
        ),
    )
