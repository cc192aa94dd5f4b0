"""An embodiment by the name that a checkpoint gives it."""

from __future__ import annotations

from collections.abc import Mapping

from policy.presets import LOW_LEVEL_CAMERAS
from policy.transforms.compose import Embodiment
from policy.transforms.embodiments.aloha import Aloha
from policy.transforms.embodiments.droid import Droid
from policy.transforms.embodiments.libero import Libero
from policy.transforms.embodiments.understudy import Understudy
from policy.transforms.images import CropShares


def embodiment_named(
    name: str,
    *,
    dim: int | None = None,
    slots: tuple[str, ...] = LOW_LEVEL_CAMERAS,
    fast: bool = False,
    crops: Mapping[str, CropShares] | None = None,
) -> Embodiment:
    """`aloha`, `droid`, `libero`, or else one of this project's robots by its profile's name.

    Args:
        name: As above.
        dim: How many numbers a robot of this project has; the others have their own.
        slots: The model's cameras, for a robot of this project.
        fast: For π0-FAST, which sees DROID and LIBERO differently.
        crops: Which cameras' pictures are cut, and to what, for a robot of this project.

    Raises:
        ValueError: A robot of this project without its `dim`, or crops of another's.
    """
    if crops and name in ("aloha", "droid", "libero"):
        raise ValueError(f"crops of the cameras {', '.join(crops)}; the pictures of {name} are not cut")
    if name == "aloha":
        return Aloha()
    if name == "droid":
        return Droid(fast=fast)
    if name == "libero":
        return Libero(fast=fast)
    if dim is None:
        raise ValueError(
            f"how many numbers robot {name!r} has is not known; known without are aloha, droid, libero"
        )
    return Understudy(dim, slots=slots, name=name, crops=crops or {})
