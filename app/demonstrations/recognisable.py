"""Whether enough of a thing is seen in a picture of the simulated kitchen to say what it is, as a reviewer would."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from drivers.sim.sight import Seen

LEAST_SHARE: Final[Mapping[str, float]] = {"sink": 0.006, "drawer": 0.01}
"""How much of a picture, as a share of its pixels, shows a piece of furniture at least that is named."""
LEAST_PIXELS: Final = 40
"""So many pixels show an object at least that is named, in a picture of any size: small ones are of what is near."""


def is_recognisable(name: str, seen: Seen, *, pixels: int) -> bool:
    """Whether so much of a thing is seen in a picture of so many pixels that one can say what it is."""
    return seen.pixels >= max(LEAST_PIXELS, LEAST_SHARE.get(name, 0.0) * pixels)
