"""Which stored frame belongs to a moment, and the way to the next one; free of Qt."""

from __future__ import annotations

from bisect import bisect_right

import numpy as np
from numpy.typing import NDArray

Times = NDArray[np.int64]

GAP_PERIODS = 2.5
"""A frame that is older than so many of its camera's periods is shown as a gap."""


def frame_at(time_ns: Times, position_ns: int) -> int:
    """The newest frame that is not after a moment; -1 before the first."""
    # Not numpy's: it lets go of the interpreter, and gets it back only after threads that decode have had their turn.
    return bisect_right(time_ns, position_ns) - 1


def step_from(time_ns: Times, position_ns: int, steps: int) -> int:
    """The time so many frames on or back; the moment itself where there are no frames.

    From between two frames, one step back goes to the frame that is shown.
    """
    if not len(time_ns):
        return position_ns
    at = frame_at(time_ns, position_ns)
    if steps < 0 and at >= 0 and time_ns[at] < position_ns:
        steps += 1
    return int(time_ns[min(max(at + steps, 0), len(time_ns) - 1)])


def gaps(
    time_ns: Times, rate_hz: float, missing: NDArray[np.bool_] | None = None, *, end_ns: int = 0
) -> list[tuple[int, int]]:
    """From when to when a camera has nothing to show: between frames too far apart, and where frames were lost.

    Args:
        time_ns: (F,) of its frames.
        rate_hz: nominal.
        missing: (F,) where a frame was lost.
        end_ns: the episode's last moment, up to which there should have been frames.
    """
    kept = time_ns[~missing] if missing is not None else time_ns
    edges = np.append(kept, max(end_ns, int(kept[-1]))) if len(kept) else kept
    wide = np.flatnonzero(np.diff(edges) > gap_ns(rate_hz))
    return [(int(edges[at]), int(edges[at + 1])) for at in wide]


def gap_ns(rate_hz: float) -> int:
    """From which age on a frame does not stand for its moment any more."""
    return int(GAP_PERIODS * 1e9 / rate_hz)
