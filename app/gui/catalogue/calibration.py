"""Calibrating, once it is open."""

from __future__ import annotations

from collections.abc import Callable

from app.calibration.wizard import Phase
from app.gui.actions import Action, Actions
from app.gui.calibration.page import CALIBRATION_KEYS, CalibrationPage

CALIBRATION = "Calibration"


def add_calibration(actions: Actions, page: CalibrationPage) -> None:
    """What can be done in the calibration; the keys hold only while it covers the Robot page."""
    wizard = page.wizard

    def here(possible: Callable[[], bool]) -> Callable[[], bool]:
        """Only while the calibration is shown: the palette offers actions of every page."""
        return lambda: page.isVisible() and possible()

    def answer(number: int) -> Action:
        return Action(
            id=f"calibrate.answer_{number}",
            title=f"Answer {number}",
            group=CALIBRATION,
            key=str(number),
            page=CALIBRATION_KEYS,
            run=lambda: page.answer(number - 1),
            enabled=here(lambda: page.asks and wizard.moved),
            hidden=True,
        )

    actions.add(
        Action(
            id="calibrate.next",
            title="Begin, take, write",
            group=CALIBRATION,
            key="Return",
            steady_key="Enter",
            page=CALIBRATION_KEYS,
            run=page.go_on,
            enabled=here(lambda: page.can_go_on),
            icon="mdi6.check-bold",
        ),
        Action(
            id="calibrate.back",
            title="Back",
            group=CALIBRATION,
            key="Backspace",
            page=CALIBRATION_KEYS,
            run=page.back,
            enabled=here(lambda: wizard.phase in (Phase.STEP, Phase.REVIEW)),
            icon="mdi6.arrow-left",
        ),
        Action(
            id="calibrate.skip",
            title="Skip this part",
            group=CALIBRATION,
            key="S",
            page=CALIBRATION_KEYS,
            run=page.skip,
            enabled=here(lambda: wizard.phase is Phase.STEP),
            icon="mdi6.skip-next",
        ),
        Action(
            id="calibrate.move",
            title="Let the robot move",
            group=CALIBRATION,
            key="M",
            page=CALIBRATION_KEYS,
            run=page.move_robot,
            enabled=here(lambda: wizard.can_move),
            icon="mdi6.motion-play-outline",
        ),
        Action(
            id="calibrate.let_go",
            title="Let the servos go",
            group=CALIBRATION,
            key="G",
            page=CALIBRATION_KEYS,
            run=page.let_go_or_power,
            enabled=here(lambda: wizard.phase is Phase.STEP),
            icon="mdi6.power-plug-off-outline",
        ),
        Action(
            id="calibrate.all",
            title="Choose all, or none",
            group=CALIBRATION,
            key="A",
            page=CALIBRATION_KEYS,
            run=page.choose_all,
            enabled=here(lambda: wizard.phase is Phase.CHOOSE),
            icon="mdi6.check-all",
        ),
        Action(
            id="calibrate.pose",
            title="Another pose for the arms",
            group=CALIBRATION,
            key="P",
            page=CALIBRATION_KEYS,
            run=page.next_reference,
            enabled=here(lambda: wizard.phase is Phase.CHOOSE),
            icon="mdi6.robot-industrial-outline",
        ),
        Action(
            id="calibrate.cancel",
            title="Cancel",
            group=CALIBRATION,
            key="Q",
            page=CALIBRATION_KEYS,
            run=page.cancel,
            enabled=here(lambda: wizard.phase is not Phase.WRITING),
            icon="mdi6.close",
        ),
        *(answer(number) for number in (1, 2, 3)),
    )
