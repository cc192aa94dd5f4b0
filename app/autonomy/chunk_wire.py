"""From a policy's answer to what the robot is sent: checked here, so that a mistake is named where it was made."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from app.dataplane.layouts import CHUNK_HEADER, LONGEST_CHUNK
from app.messages import Mode
from policy.types import ActionChunk

STEP_RANGE_NS = (5_000_000, 500_000_000)
STILL = 1e-6
"""Rows that differ by less are one and the same pose."""
SPARE_ROWS = 10
"""Kept of a final chunk beyond those that will be over."""


class BadChunk(ValueError):
    """A policy's answer that is no chunk of actions; the message says what is wrong with it."""


def checked_actions(chunk: ActionChunk, *, width: int) -> tuple[NDArray[np.float64], int]:
    """A chunk's actions (T, D) and the time between two steps in ns.

    Args:
        chunk: the policy's answer.
        width: D that is wanted.

    Raises:
        BadChunk: another shape, numbers that are none, or times that do not rise evenly.
    """
    actions = np.asarray(chunk.actions)
    if actions.dtype.kind != "f" or actions.ndim != 2 or actions.shape[1] != width:
        raise BadChunk(
            f"it answered {actions.dtype} {list(actions.shape)}; this robot takes floats [T, {width}]"
        )
    if not 2 <= len(actions) <= LONGEST_CHUNK:
        raise BadChunk(f"it answered {len(actions)} steps; 2 to {LONGEST_CHUNK} are a chunk")
    if not np.isfinite(actions).all():
        step, entry = np.argwhere(~np.isfinite(actions))[0].tolist()
        raise BadChunk(
            f"it answered {actions[step, entry]} at step {step}, entry {entry}; actions must be finite"
        )
    times = np.asarray(chunk.target_ns, np.int64)
    if times.shape != (len(actions),):
        raise BadChunk(f"it answered {times.shape} times for {len(actions)} steps")
    step_ns = round(float(times[-1] - times[0]) / (len(times) - 1))
    uneven_ns = int(np.abs(np.diff(times) - step_ns).max())
    if not STEP_RANGE_NS[0] <= step_ns <= STEP_RANGE_NS[1] or uneven_ns > 1_000_000:
        raise BadChunk(
            f"its steps are {step_ns / 1e6:g} ms apart, give or take {uneven_ns / 1e6:g}; that is no rate"
        )
    return actions.astype(np.float64), step_ns


def trimmed(actions: NDArray[np.float64], *, passed: int) -> NDArray[np.float64]:
    """Without the rows at the end in which nothing moves any more, but for the first two of them.

    Args:
        actions: (T, D).
        passed: leading rows that will be over when it arrives; a few more are kept, so that it does not come too late.
    """
    moves = np.flatnonzero((np.abs(actions - actions[-1]) > STILL).any(axis=1))
    last = int(moves[-1]) + 1 if len(moves) else 0
    return actions[: max(passed + SPARE_ROWS, last + 2)]


def packed(
    actions: NDArray[np.float64],
    *,
    chunk: int,
    observed_ns: int,
    first_ns: int,
    step_ns: int,
    applied_ns: int,
    mode: Mode,
    final: bool,
    subtask: str,
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Header and body of a sample of the topic `chunk`; see `CHUNK_HEADER` for the arguments."""
    header = np.zeros(1, CHUNK_HEADER)
    row = header[0]
    row["chunk"], row["observed_ns"], row["first_ns"], row["step_ns"] = chunk, observed_ns, first_ns, step_ns
    row["applied_ns"], row["rows"], row["dof"] = applied_ns, *actions.shape
    row["mode"], row["final"], row["subtask"] = mode, final, subtask.encode()
    return header.view(np.uint8), np.ascontiguousarray(actions, "<f4").reshape(-1).view(np.uint8)
