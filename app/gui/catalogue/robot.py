"""Looking at the robot's health and mending it."""

from __future__ import annotations

from collections.abc import Callable

from app.gui.actions import Action, Actions
from app.gui.catalogue.groups import HOLD_FIRST, ROBOT
from app.gui.pages.robot import RobotPage
from app.gui.session_protocol import SessionLike
from app.gui.told_keys import with_keys
from app.messages import Mode
from app.session.view import Snapshot

STANDING = (Mode.HOLD, Mode.STOPPED)


def add_robot(
    actions: Actions,
    session: SessionLike,
    now: Callable[[], Snapshot],
    page: RobotPage,
    *,
    go_to: Callable[[str], None],
) -> None:
    """What can be done on the Robot page; each says why it cannot, where it cannot."""

    def moving() -> str:
        return with_keys(HOLD_FIRST, actions)

    def no_reboot() -> str:
        servo = page.servo
        if servo is None:
            return "Choose a servo first."
        if servo.in_hand:
            return "It is being set up already."
        if not servo.answers:
            return "It does not answer, so it hears no word to restart. Check its cable and power."
        if now().mode not in STANDING:
            return moving()
        if servo.torque_on and not any(fault.needs_reboot for fault in servo.faults):
            return "It is well, and it holds: while it restarted, its joint would fall."
        return ""

    def no_reopening() -> str:
        camera = page.camera
        if camera is None:
            return "Choose a camera first."
        return "" if camera.can_reopen else "A simulated camera is never closed; there is nothing to reopen."

    def no_letting_go() -> str:
        if not now().torque:
            return "The servos are let go already."
        return "" if now().mode in STANDING else moving()

    def no_calibration() -> str:
        if not page.can_calibrate:
            return "This robot has nothing to calibrate."
        return "" if now().mode in STANDING else moving()

    def let_go() -> None:
        """Asked for in the palette, it opens the page, which says that the arms fall at the next press."""
        if not page.isVisible():
            go_to(page.page_id)
        page.let_go()

    actions.add(
        Action(
            id="robot.next",
            title="Go to what needs attention",
            group=ROBOT,
            key="N",
            page="robot",
            run=page.choose_next_trouble,
            enabled=lambda: page.troubled,
            icon="mdi6.alert",
        ),
        Action(
            id="robot.reboot",
            title="Reboot and restore",
            group=ROBOT,
            key="B",
            page="robot",
            run=page.reboot,
            enabled=lambda: not no_reboot(),
            why_not=no_reboot,
            icon="mdi6.restart",
        ),
        Action(
            id="robot.reopen",
            title="Reopen the camera",
            group=ROBOT,
            key="O",
            page="robot",
            run=page.reopen,
            enabled=lambda: not no_reopening(),
            why_not=no_reopening,
            icon="mdi6.camera-retake",
        ),
        Action(
            id="robot.power",
            title="Power the servos",
            group=ROBOT,
            key="P",
            page="robot",
            run=lambda: session.set_torque(True),
            enabled=lambda: not now().torque,
            why_not=lambda: "The servos have power." if now().torque else "",
            icon="mdi6.power",
        ),
        Action(
            id="robot.let_go",
            title="Let the servos go",
            group=ROBOT,
            key="Shift+P",
            page="robot",
            run=let_go,
            enabled=lambda: not no_letting_go(),
            why_not=no_letting_go,
            icon="mdi6.power-off",
        ),
        Action(
            id="robot.calibrate",
            title="Calibrate…",
            group=ROBOT,
            key="C",
            page="robot",
            run=page.open_calibration,
            enabled=lambda: not no_calibration(),
            why_not=no_calibration,
            icon="mdi6.tune-vertical",
        ),
    )
