"""The last seconds of every joint, measured, sent and asked for, and which joint of a row is worth watching."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.gui.joint_rows import Row, Track

Vectors = NDArray[np.float32]
"""(n, D)."""

GAP_NS = 200_000_000

LIVELIER = 1.5
"""A joint takes another's place only when it moves this much more, so that what is shown does not flicker."""


@dataclass(frozen=True, slots=True)
class Traces:
    """Times (n,) in ns and, beside them, what was measured, sent and asked for, (n, D) each."""

    time_ns: NDArray[np.int64]
    position: Vectors
    sent: Vectors
    requested: Vectors


class TraceBuffer:
    """Keeps the newest seconds of ticks, and asks only for those that it has not got.

    Args:
        read: gives the ticks after a time, as `SessionLike.ticks` does.
        kept_s: how far back it reaches.
    """

    def __init__(self, read: Callable[[int], NDArray[np.void]], *, kept_s: float) -> None:
        self._read = read
        self._kept_ns = int(kept_s * 1e9)
        self.traces: Traces | None = None

    def update(self, now_ns: int) -> Traces:
        """Take what is new; what has become too old is let go."""
        from_ns = now_ns - self._kept_ns
        held = self.traces
        since_ns = max(from_ns, int(held.time_ns[-1])) if held is not None and len(held.time_ns) else from_ns
        rows = self._read(since_ns)
        if held is None:
            self.traces = Traces(rows["time_ns"], rows["position"], rows["sent"], rows["requested"])
        else:
            kept = slice(int(np.searchsorted(held.time_ns, from_ns)), None)
            self.traces = Traces(
                np.concatenate((held.time_ns[kept], rows["time_ns"])),
                np.concatenate((held.position[kept], rows["position"])),
                np.concatenate((held.sent[kept], rows["sent"])),
                np.concatenate((held.requested[kept], rows["requested"])),
            )
        return self.traces


def liveliest(row: Row, traces: Traces, *, shown: Track | None) -> Track:
    """The track of a row that was sent the farthest of its range; the one shown unless another moves clearly more.

    Args:
        row: the tracks to choose from.
        traces: the last seconds.
        shown: the one chosen before, if any.
    """
    moved = {track.index: travel(track, traces) for track in row.tracks}
    best = max(row.tracks, key=lambda track: moved[track.index])
    if shown is not None and moved[best.index] <= LIVELIER * moved[shown.index]:
        return shown
    return best


def travel(track: Track, traces: Traces) -> float:
    """How much of its range a number was sent through, 0 to 1."""
    sent = traces.sent[:, track.index]
    known = sent[np.isfinite(sent)]
    return float(np.ptp(known)) / (track.high - track.low) if len(known) else 0.0


def with_gaps(values: NDArray[np.float32], time_ns: NDArray[np.int64]) -> NDArray[np.float32]:
    """The values (n,), with NaN also at the first one after a gap in time: a line breaks at NaN.

    Args:
        values: (n,), NaN where there is none.
        time_ns: (n,); more than `GAP_NS` between two is a gap.
    """
    late = np.diff(time_ns, prepend=time_ns[:1]) > GAP_NS
    return np.where(late, np.float32(np.nan), values)
