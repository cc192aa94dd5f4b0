"""Base and lift by pedal, for as long as one is held down."""

from __future__ import annotations

from collections.abc import Callable

from app.gui.actions import Action, Actions
from app.gui.catalogue.groups import FEET
from app.gui.feet import FOOT_WISHES
from app.messages import Mode
from app.session.view import Snapshot
from drivers.profile.schema import RobotProfile

_TITLES = {
    "feet.forward": "Base forward",
    "feet.back": "Base back",
    "feet.left": "Base left",
    "feet.right": "Base right",
    "feet.turn_left": "Turn left",
    "feet.turn_right": "Turn right",
    "feet.lift_up": "Lift up",
    "feet.lift_down": "Lift down",
}


def add_feet(actions: Actions, profile: RobotProfile, now: Callable[[], Snapshot]) -> None:
    """What is held; it has no keys until the operator's pedals are bound. A robot without base has none for it."""

    def run() -> None:
        """Nothing: these are held, not pressed; see `app.gui.feet`."""

    for action_id, wish in FOOT_WISHES.items():
        if profile.lifts if wish.lift else profile.base is not None:
            actions.add(
                Action(
                    id=action_id,
                    title=_TITLES[action_id],
                    group=FEET,
                    page="drive",
                    run=run,
                    enabled=lambda: now().mode is Mode.TELEOP,
                    held=True,
                )
            )
