"""What the operator's feet, keys or sticks want of base and lift, where it can be believed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from app.robot.arbiter import Inputs


def believed_inputs(row: NDArray[np.void], *, now_ns: int, limit_ms: float) -> Inputs:
    """Base and lift as a row of `INPUTS` wants them: nothing without the dead man, too old, or not finite.

    Args:
        row: the newest there is.
        now_ns: monotonic.
        limit_ms: how old it may be. One from the future is believed as little: it would never grow old.
    """
    age_ms = (now_ns - int(row["time_ns"])) / 1e6
    wanted = np.append(row["twist"], row["lift_m_s"])
    if not row["dead_man"] or not 0.0 <= age_ms <= limit_ms or not np.isfinite(wanted).all():
        return Inputs()
    vx, vy, wz, lift_m_s = wanted.tolist()
    return Inputs(twist=(vx, vy, wz), lift_m_s=lift_m_s, dead_man=True)
