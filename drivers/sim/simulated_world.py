"""What the real-time loop needs of a world, beyond the joints that servos see."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from drivers.sim.interface import Hands, ServoWorld, Truth


class SimulatedWorld(ServoWorld, Protocol):
    """A world that can be stepped, watched, reset, and its leaders moved by hands."""

    @property
    def state_size(self) -> int:
        """N, the length of the integration state."""
        ...

    @property
    def time_ns(self) -> int:
        """`time.monotonic_ns()` of the latest physics step."""
        ...

    def integration_state(self) -> NDArray[np.float64]:
        """Everything from which the world can be drawn and go on, (N,); its first number is the simulated time in s."""
        ...

    def truth(self) -> Truth:
        """The state of the world now."""
        ...

    def reset(self, seed: int, *, robot: bool) -> None:
        """Put the objects (and the robot) to a start drawn from the seed."""
        ...

    def place(self, name: str, pose: ArrayLike) -> None:
        """Put an object to a pose, (7,) x y z qw qx qy qz."""
        ...

    def set_hands(self, hands: Hands) -> None:
        """Move the hands on the leaders."""
        ...
