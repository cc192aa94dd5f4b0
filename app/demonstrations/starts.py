"""Where a subtask begins: kitchens drawn from a seed, as the subtask before, or a mishap, leaves them."""

from __future__ import annotations

import difflib
import zlib
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.demonstrations.settings import Kitchen, Unfit
from drivers.profile import RobotProfile
from drivers.sim.direct import DirectRobot
from drivers.sim.kitchen.geometry import OBJECTS
from drivers.sim.operator.motions import GaveUpError
from drivers.sim.operator.subtasks import SUBTASKS
from drivers.sim.world import KitchenWorld, WorldError

Vector = NDArray[np.float64]

TRIES: Final = 60


class Kind(StrEnum):
    """In which way a subtask begins.

    `PLAIN`: where the subtask before leaves off, give or take some centimetres and degrees. `UNDER_WAY`: further on,
    where there is such a thing: the drawer's handle taken already, an object half carried. `RECOVERY`: off the path, as
    after a mishap.
    """

    PLAIN = "plain"
    UNDER_WAY = "under way"
    RECOVERY = "recovery"


class UnknownSubtask(ValueError):
    """The operator knows no subtask of these words; the message says which it knows."""


class NoStart(Exception):
    """No kitchen was found in which the subtask can begin so; the message says why the last one would not do."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Start:
    """A state of the kitchen to begin a subtask from.

    Attributes:
        subtask: its words.
        seed: what it was drawn from.
        kind: in which way.
        state: (N,) the world's integration state.
        sent: (D,) what was sent to the robot last.
    """

    subtask: str
    seed: int
    kind: Kind
    state: Vector
    sent: Vector

    def robot(self, profile: RobotProfile) -> DirectRobot:
        """The robot in a kitchen of its own in this state."""
        world = KitchenWorld(profile, seed=self.seed)
        world.set_integration_state(self.state)
        return DirectRobot(world, sent=self.sent)


def begin(profile: RobotProfile, subtask: str, *, seed: int) -> DirectRobot:
    """The robot in a kitchen where a subtask is to begin plainly; raises as `draw_start` does."""
    return draw_start(profile, subtask, seed=seed).robot(profile)


def draw_start(
    profile: RobotProfile,
    subtask: str,
    *,
    seed: int,
    kind: Kind = Kind.PLAIN,
    drawer_m: tuple[float, float] | None = None,
) -> Start:
    """Draw where a subtask begins: objects, base, lift, arms, grippers and drawer.

    The same arguments give the same state.

    Args:
        profile: of the simulated robot.
        subtask: words of one of the operator's subtasks.
        seed: demonstrations use those below 1,000,000; those from there on are for trials.
        kind: in which way it begins.
        drawer_m: how far the drawer is open, from and to; None for what suits the subtask.

    Raises:
        UnknownSubtask: there is none of these words.
        NoStart: none was found.
    """
    _refuse_unknown(subtask)
    kitchen = Kitchen(KitchenWorld(profile, seed=seed))
    reason = ""
    for attempt in range(TRIES):
        rng = np.random.default_rng([seed, zlib.crc32(subtask.encode()), list(Kind).index(kind), attempt])
        try:
            _arrange(kitchen, subtask, kind, rng, drawer_m)
        except (Unfit, GaveUpError, WorldError) as error:
            reason = str(error)
            continue
        state = kitchen.world.integration_state()
        return Start(subtask=subtask, seed=seed, kind=kind, state=state, sent=kitchen.sent)
    raise NoStart(f"{subtask!r} cannot begin {kind} with seed {seed}: {TRIES} tries, the last: {reason}")


def _refuse_unknown(subtask: str) -> None:
    if subtask not in SUBTASKS:
        near = difflib.get_close_matches(subtask, SUBTASKS, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else "."
        raise UnknownSubtask(f"no subtask {subtask!r}{hint} There are: {', '.join(SUBTASKS)}")


def _arrange(
    kitchen: Kitchen,
    subtask: str,
    kind: Kind,
    rng: np.random.Generator,
    drawer_m: tuple[float, float] | None,
) -> None:
    """Bring the kitchen to where the subtask can begin.

    Raises:
        Unfit: not with these draws.
        GaveUpError: nor here.
    """
    name = next((name for name in OBJECTS if f"the {name}" in subtask), "")
    slip = kind is Kind.RECOVERY
    kitchen.furnish(rng, keep=name)
    if subtask.startswith("go to"):
        if name == "":
            kitchen.open_drawer(
                rng.uniform(*(drawer_m or (0.0, 0.34))) * (drawer_m is not None or rng.random() < 0.5)
            )
        kitchen.anywhere(rng, near=name, slip=slip)
    elif subtask.startswith("pick up"):
        kitchen.before_object(name, rng, slip=slip)
        if slip:
            kitchen.hand_astray(name, rng)
    elif subtask.startswith("carry"):
        kitchen.object_in_hand(name, rng)
        kitchen.shift(name, rng, share=rng.uniform(0.0, 0.8) if kind is not Kind.PLAIN else 0.0, slip=slip)
    elif subtask.startswith("put the"):
        kitchen.object_in_hand(name, rng)
        # Told so, the robot carries what it holds as far as is missing, and lets go.
        kitchen.shift(name, rng, share=float(rng.choice((0.0, rng.uniform(0.0, 1.0), 1.0))), slip=slip)
    elif subtask in ("take the handle", "open the drawer", "close the drawer", "let go of the handle"):
        _arrange_drawer(kitchen, subtask, kind, rng, drawer_m)
    elif subtask == "drive to the counter":
        kitchen.away(rng, slip=slip)
    elif subtask in ("raise the lift", "lower the lift"):
        kitchen.away(rng, slip=slip, lift_m=(0.01, 0.30) if subtask.startswith("raise") else (0.16, 0.40))
    else:
        kitchen.hand_anywhere(rng)
    kitchen.refuse_contact()


def _arrange_drawer(
    kitchen: Kitchen,
    subtask: str,
    kind: Kind,
    rng: np.random.Generator,
    drawer_m: tuple[float, float] | None,
) -> None:
    takes = subtask == "take the handle"
    open_m = drawer_m or {
        "open the drawer": (0.0, 0.06) if kind is Kind.PLAIN else (0.0, 0.18),
        "close the drawer": (0.24, 0.34) if kind is Kind.PLAIN else (0.08, 0.34),
    }.get(subtask, (0.0, 0.34))
    shut = 0.5 if takes else 0.7 if subtask == "open the drawer" and kind is Kind.PLAIN else 0.0
    is_open_m = 0.0 if drawer_m is None and rng.random() < shut else rng.uniform(*open_m)
    kitchen.before_drawer(rng, drawer_m=is_open_m, slip=kind is Kind.RECOVERY and rng.random() < 0.5)
    if subtask == "let go of the handle" or (kind is Kind.UNDER_WAY and not takes):
        kitchen.handle_in_hand(rng)
    elif kind is Kind.RECOVERY:
        kitchen.hand_off_handle(rng)
