"""Whether a request makes sense, as every policy checks it before it answers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from drivers.profile import RobotProfile
from policy.transforms.images import as_image
from policy.types import Committed, Observation, RequestError


def check_request(
    profile: RobotProfile,
    observation: Observation,
    committed: Committed | None,
    noise: NDArray[np.float32] | None,
    *,
    horizon: int,
) -> None:
    """Refuse what a policy without noise cannot answer.

    Args:
        profile: the robot.
        observation: what it is asked from.
        committed: the chunk in progress.
        noise: none is taken.
        horizon: steps in its chunks.

    Raises:
        RequestError: something is missing, of another robot, or not a number; the message names it.
    """
    if noise is not None:
        raise RequestError("the scripted policy takes no noise; ask it without")
    state = np.asarray(observation.state)
    if state.shape != (profile.dof,):
        raise RequestError(f"the state is {list(state.shape)}; {profile.name} has [{profile.dof}]")
    if not np.isfinite(state).all():
        unknown = ", ".join(np.array(profile.vector_names)[~np.isfinite(state)])
        raise RequestError(f"the state is not finite at {unknown}; home the lift, wait for the arms")
    for name, image in observation.images.items():
        kind = getattr(image, "dtype", type(image).__name__)
        if kind != np.uint8:
            raise RequestError(f"image {name!r} is {kind}; an observation's images are [Y, X, 3] uint8")
        as_image(image, name=name)
    if committed is not None:
        _check_committed(committed, profile.dof, horizon)


def _check_committed(committed: Committed, dof: int, horizon: int) -> None:
    for name in ("frozen", "execute"):
        count = getattr(committed, name)
        if not isinstance(count, int | np.integer):
            raise RequestError(f"committed has {name} {count!r}; it is a whole number of steps")
    rows = np.asarray(committed.actions)
    if rows.ndim != 2 or rows.shape[1] != dof or not np.isfinite(rows).all():
        raise RequestError(f"committed actions are {list(rows.shape)}; [T, {dof}] finite numbers are wanted")
    if not 0 <= committed.frozen <= min(len(rows), horizon) or not len(rows):
        raise RequestError(
            f"committed has {committed.frozen} frozen steps of {len(rows)}; at least one step is given and at most"
            f" {horizon} are frozen"
        )
