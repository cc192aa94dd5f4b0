"""What the scripted operator would do from any state of the kitchen: the labels of states that a policy got into."""

from __future__ import annotations

import difflib

import numpy as np
from numpy.typing import NDArray

from app.demonstrations.leading import Lead
from drivers.profile import RobotProfile
from drivers.sim.direct import DirectRobot
from drivers.sim.operator.motions import GaveUpError
from drivers.sim.operator.subtasks import SUBTASKS
from drivers.sim.world import KitchenWorld

Vector = NDArray[np.float64]


class UnknownSubtask(ValueError):
    """The operator knows no subtask of these words; the message says which it knows."""


class CannotShow(Exception):
    """The operator gives the subtask up from this state; the message says why."""


class Teacher:
    """The operator in a kitchen of its own: asking it changes nothing in the one that the state was taken from.

    Args:
        profile: of the simulated robot.
    """

    def __init__(self, profile: RobotProfile) -> None:
        self._profile = profile

    def actions(
        self, state: Vector, sent: Vector, subtask: str, *, ticks: int = 50, seed: int = 0, pace: float = 1.0
    ) -> Vector:
        """What the operator would ask for from here on.

        Args:
            state: (N,) the world's integration state.
            sent: (D,) what had been sent last.
            subtask: words of one of the operator's.
            ticks: T, how far ahead.
            seed: of the errors of the operator's eye.
            pace: how fast the operator moves, as a share of the usual.

        Returns:
            (T, D) clean actions in the robot's units; after the subtask's end they stand still.

        Raises:
            UnknownSubtask: there is none of these words.
            CannotShow: the operator gives up within these ticks.
        """
        refuse_unknown(subtask)
        world = KitchenWorld(self._profile, seed=0)
        world.set_integration_state(state)
        lead = Lead(DirectRobot(world, sent=sent), np.random.default_rng(seed), pace=pace)
        motion = SUBTASKS[subtask].motion(lead.body)
        rows: list[Vector] = []
        try:
            while len(rows) < ticks and (action := lead.ask(motion)) is not None:
                rows.append(action)
                lead.follow(action)
        except GaveUpError as error:
            raise CannotShow(f"{subtask}: {error}") from error
        still = lead.rest()
        return np.array(rows + [still] * (ticks - len(rows)))


def refuse_unknown(subtask: str) -> None:
    """Make sure that there is such a subtask.

    Raises:
        UnknownSubtask: there is none.
    """
    if subtask not in SUBTASKS:
        near = difflib.get_close_matches(subtask, SUBTASKS, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise UnknownSubtask(f"no subtask {subtask!r}{hint} There are: {', '.join(SUBTASKS)}")
