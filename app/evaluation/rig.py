"""What an evaluation needs of a session and of the simulated world."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from app.autonomy.choice import PolicyChoice
from app.messages import Mode
from app.session.view import Snapshot
from drivers.profile.schema import RobotProfile
from drivers.sim.interface import Truth
from drivers.sim.remote import SimRemote

FAR_AWAY = (-3.0, 3.0, 0.3, 1.0, 0.0, 0.0, 0.0)
"""Where no start of a kitchen puts anything."""
ELSEWHERE_M = 1.0


class PolicyDesk(Protocol):
    """The policy of a session."""

    def load(self, choice: PolicyChoice | None) -> None:
        """Load a policy, or another, or none."""

    def listen(self, *, dead_man: bool = False) -> None:
        """Verbal mode."""

    def go_alone(self, task: str, *, dead_man: bool = False) -> None:
        """Autonomous mode."""


class Rig(Protocol):
    """The robot, as a session gives it. Every method returns at once and may be called from any thread."""

    @property
    def profile(self) -> RobotProfile:
        """The robot."""

    @property
    def profile_source(self) -> str:
        """What the profile was read from: a shipped one's name, or a path."""

    @property
    def autonomy(self) -> PolicyDesk:
        """Its policy."""

    def snapshot(self) -> Snapshot:
        """How everything stands."""

    def set_mode(self, mode: Mode) -> None:
        """Hand the robot to a source."""

    def set_speed(self, factor: float) -> None:
        """Scale the limits."""

    def home_lifts(self) -> None:
        """Let every lift find its zero."""

    def run_script(self, name: str, seed: int) -> None:
        """Let the scripted operator do a task."""

    def stop_script(self) -> None:
        """Take the scripted operator's hands off."""

    def reset_world(self, seed: int) -> None:
        """Put the simulated kitchen and the robot in it to a start drawn from the seed."""

    def start_episode(self, task: str, *, tags: tuple[str, ...] = ()) -> None:
        """Begin an episode."""

    def end_episode(self, outcome: str = "unset") -> None:
        """Close the running episode."""

    def discard_episode(self) -> None:
        """Close the running episode and put it into the trash."""


class World(Protocol):
    """The simulated world, from the evaluation's thread alone. Its methods raise `SimRemoteError`."""

    def truth(self) -> Truth:
        """How it is."""

    def displace(self) -> Callable[[Truth], bool]:
        """Put something where no start puts anything; returns how to tell that the world has been reset since."""

    def close(self) -> None:
        """Hang up."""


class SimWorld:
    """The simulated world of a session.

    Args:
        runtime_dir: the session's directory.
    """

    def __init__(self, runtime_dir: Path) -> None:
        self._remote = SimRemote(runtime_dir, timeout_s=10.0)

    def truth(self) -> Truth:
        """How it is.

        Raises:
            SimRemoteError: when it does not answer.
        """
        return self._remote.truth()

    def displace(self) -> Callable[[Truth], bool]:
        """Put one object far away; a reset brings it back, and nothing else does.

        Raises:
            SimRemoteError: when the world does not answer.
        """
        name = min(self._remote.truth().objects)
        self._remote.place(name, FAR_AWAY)
        return lambda truth: float(truth.objects[name][0]) > FAR_AWAY[0] + ELSEWHERE_M

    def close(self) -> None:
        """Hang up."""
        self._remote.close()
