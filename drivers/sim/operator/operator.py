"""The operator: a script by its name, stepped once a tick."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from drivers.profile.schema import RobotProfile
from drivers.sim.evaluate import drawer_closed, drawer_open, in_sink
from drivers.sim.interface import Hands, Truth
from drivers.sim.kitchen.geometry import OBJECTS
from drivers.sim.operator.body import Body
from drivers.sim.operator.motions import GaveUpError
from drivers.sim.operator.subtasks import is_at_counter, is_lifted
from drivers.sim.operator.tasks import (
    Phases,
    Task,
    close_drawer,
    drive_to_counter,
    open_drawer,
    put_everything_in_sink,
    put_in_sink,
    raise_lift,
    tidy_up,
    warm_up,
)

ALIGN_SPEED_RAD_S = 0.8
ALIGN_SPEED_OPENING = 1.0
"""How fast the leaders are brought to their followers before these follow."""


class UnknownScriptError(ValueError):
    """There is no script of that name; the message lists those there are."""


@dataclass(frozen=True, slots=True)
class _Script:
    """What to do, and how to tell from the world that it was done."""

    task: Task
    succeeded: Callable[[Truth], bool]


def _sink_script(name: str) -> _Script:
    return _Script(put_in_sink(name), lambda truth: in_sink(truth, name))


def _all_in_sink(truth: Truth) -> bool:
    return all(in_sink(truth, name) for name in OBJECTS)


def _tidy(truth: Truth) -> bool:
    return _all_in_sink(truth) and drawer_closed(truth)


_SCRIPTS: Final[Mapping[str, _Script]] = {
    f"put the {name} in the sink": _sink_script(name) for name in OBJECTS
} | {
    "open the drawer": _Script(open_drawer, drawer_open),
    "close the drawer": _Script(close_drawer, drawer_closed),
    "drive to the counter": _Script(drive_to_counter, is_at_counter),
    "raise the lift": _Script(raise_lift, is_lifted),
    "put everything in the sink": _Script(put_everything_in_sink, _all_in_sink),
    "tidy up": _Script(tidy_up, _tidy),
    "warm up": _Script(warm_up, lambda truth: True),
}

LONG: Final = ("put everything in the sink", "tidy up")
"""Scripts that are several others one after the other."""


def scripts() -> tuple[str, ...]:
    """Names of all scripts."""
    return tuple(_SCRIPTS)


class ScriptedOperator:
    """Hands and feet that do one script by teleoperation, from wherever the robot stands.

    Args:
        profile: the robot that is led.
        script: one of `scripts()`.
        seed: what the errors of the operator's eye are drawn from.

    Raises:
        UnknownScriptError: when there is no such script.
    """

    def __init__(self, profile: RobotProfile, script: str, *, seed: int) -> None:
        if script not in _SCRIPTS:
            near = difflib.get_close_matches(script, _SCRIPTS, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else "."
            raise UnknownScriptError(f"no script {script!r}{hint} There are: {', '.join(_SCRIPTS)}")
        self.script = script
        self._profile = profile
        self._rng = np.random.default_rng(seed)
        self._body: Body | None = None
        self._phases: Phases | None = None
        self._phase = "bring the leaders to the robot"
        self._done = False
        self._gave_up = ""

    @property
    def done(self) -> bool:
        """Whether the script has ended, one way or the other."""
        return self._done

    @property
    def phase(self) -> str:
        """The part of the task that is under way, in words that can label a recording."""
        return self._phase

    @property
    def gave_up(self) -> str:
        """Why the operator could not finish; empty when it did, or has not ended yet."""
        return self._gave_up

    def succeeded(self, truth: Truth) -> bool:
        """Whether the world is as the script wants to leave it."""
        return _SCRIPTS[self.script].succeeded(truth)

    def step(self, truth: Truth, *, following: bool) -> Hands:
        """One tick of the operator's hands and feet.

        Args:
            truth: the world now.
            following: whether the robot now follows its leaders, ramp passed. Until it does, and whenever it ceases
                to, the operator takes the feet off, brings the leaders to the robot's pose and waits.
        """
        if self._body is None:
            self._body = Body(self._profile, self._rng, truth)
        body = self._body
        body.truth = truth
        if not following:
            body.release_pedals()
            if not self._done:
                _align(body)
            return body.hands()
        if not self._done:
            self._advance(body)
        return body.hands()

    def _advance(self, body: Body) -> None:
        if self._phases is None:
            self._phases = _SCRIPTS[self.script].task(body)
        try:
            self._phase = next(self._phases)
        except StopIteration:
            self._end(body, "done")
        except GaveUpError as error:
            self._gave_up = str(error)
            self._end(body, "gave up")

    def _end(self, body: Body, phase: str) -> None:
        body.release_pedals()
        self._phase = phase
        self._done = True


def _align(body: Body) -> None:
    step_rad, step_opening = ALIGN_SPEED_RAD_S * body.dt_s, ALIGN_SPEED_OPENING * body.dt_s
    for side, angles in body.truth.arm_rad.items():
        held = body.leader_rad[side]
        body.leader_rad[side] = held + np.clip(angles - held, -step_rad, step_rad)
        change = body.truth.gripper_opening[side] - body.opening[side]
        body.opening[side] += float(np.clip(change, -step_opening, step_opening))
