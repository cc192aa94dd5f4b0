"""What a policy is shown in a trial: pictures by the profile's own cameras, as large and as old as in a session."""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray

from drivers.cameras.simulated import SIMULATED
from drivers.profile import RobotProfile
from drivers.sim.render import KitchenRenderer


class Cameras:
    """Draws the simulated cameras of a profile. For the thread that made it, as OpenGL wants it.

    Args:
        profile: the robot.

    Raises:
        NoOffscreenRendering: when this machine cannot draw without a screen.
    """

    def __init__(self, profile: RobotProfile) -> None:
        self._sizes = {
            name: (spec.width_px, spec.height_px)
            for name, spec in profile.cameras.items()
            if spec.source == SIMULATED
        }
        from policy.inference.runtime import load_compilers  # brings torch along

        load_compilers()
        self._renderer = KitchenRenderer(
            max_width_px=max((width for width, _ in self._sizes.values()), default=1),
            max_height_px=max((height for _, height in self._sizes.values()), default=1),
        )

    def pictures(self, state: NDArray[np.float64], cameras: tuple[str, ...]) -> dict[str, NDArray[np.uint8]]:
        """What cameras see, by name, each [Y, X, 3]; those that are not simulated are left out.

        Args:
            state: (N,) the world's integration state.
            cameras: of the robot.
        """
        shown = [name for name in cameras if name in self._sizes]
        if shown:
            self._renderer.show(state)
        return {
            name: self._renderer.picture(name, width_px=self._sizes[name][0], height_px=self._sizes[name][1])
            for name in shown
        }

    def close(self) -> None:
        """Free what OpenGL holds."""
        self._renderer.close()

    def __enter__(self) -> Cameras:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Past:
    """The world's last few states: a picture shows what was, not what is.

    Args:
        age_ticks: how old a picture is when the policy gets it.
    """

    def __init__(self, age_ticks: int) -> None:
        self._states: deque[NDArray[np.float64]] = deque(maxlen=age_ticks + 1)

    def see(self, state: NDArray[np.float64]) -> None:
        """The state at the beginning of a tick."""
        self._states.append(state)

    @property
    def shown(self) -> NDArray[np.float64]:
        """The state that a picture shows now; the first where none is old enough.

        Raises:
            IndexError: before any was seen.
        """
        return self._states[0]
