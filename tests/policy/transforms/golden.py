"""The golden files, as the tests of the transforms read them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file

GOLDEN = Path(__file__).parents[2] / "golden"


def vectors(name: str) -> dict[str, NDArray[np.generic]]:
    return load_file(GOLDEN / f"{name}.safetensors")
