"""Chunks in time: which step is due, what lies between two steps, and the same motion at another rate.

A chunk's steps carry the moments they are meant for. Whoever runs it asks for what is due now and never waits: a chunk
that arrives late starts at the step that is due by then, and nothing is due once it has run out.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from policy.types import ActionChunk, Committed

CONTROL_RATE_HZ = 50.0
NS = 1_000_000_000


def target_times(captured_ns: int, *, horizon: int, rate_hz: float) -> NDArray[np.int64]:
    """When each step is meant for: [T] ns, the first at the observation, each a period after the one before.

    Args:
        captured_ns: Of the observation; 0 where it had no time.
        horizon: Steps, T.
        rate_hz: Of the steps.

    Raises:
        ValueError: No step, or no rate.
    """
    if horizon < 1:
        message = f"a chunk has at least one step, not {horizon}"
        raise ValueError(message)
    period_ns = NS / _rate(rate_hz)
    # Rounded step by step and not summed up: 30 Hz has no whole number of nanoseconds, and would drift.
    return captured_ns + np.rint(np.arange(horizon) * period_ns).astype(np.int64)


def default_execute(rate_hz: float, *, horizon: int) -> int:
    """Steps that run before the next chunk takes over: 25 at 50 Hz, 16 at 20 Hz, half a second at any other rate.

    Never more than the chunk has. Source: the appendix of π0's paper.
    """
    published = {50.0: 25, 20.0: 16}
    return max(1, min(published.get(rate_hz, round(_rate(rate_hz) / 2)), horizon))


def due(chunk: ActionChunk, now_ns: int) -> int | None:
    """Index of the step that is due: the last whose moment has come, or the first where none has.

    A step is due until the next one is; the last for as long as the one before it, a single one at its moment only.

    Returns:
        The index, or None once the chunk has run out.

    Raises:
        ValueError: The chunk's actions and times do not fit together.
    """
    times = _checked(chunk)
    last_ns = int(times[-1] - times[-2]) if len(times) > 1 else 1
    if now_ns >= times[-1] + last_ns:
        return None
    return max(int(np.searchsorted(times, now_ns, side="right")) - 1, 0)


def interpolated(chunk: ActionChunk, time_ns: int) -> NDArray[np.float64]:
    """[D]: the action at a moment, on the straight line between the two steps around it; clamped to the ends.

    Raises:
        ValueError: The chunk's actions and times do not fit together.
    """
    return _at(chunk, _checked(chunk), np.array([time_ns], np.int64))[0]


def retimed(chunk: ActionChunk, rate_hz: float = CONTROL_RATE_HZ) -> ActionChunk:
    """The same motion in steps of another rate, from the first step's moment to the last's at most.

    Raises:
        ValueError: No rate, or the chunk's actions and times do not fit together.
    """
    times = _checked(chunk)
    span_ns = int(times[-1] - times[0])
    # A nanosecond of slack: the times of both rates are rounded to whole ones.
    steps = math.floor((span_ns + 1) * _rate(rate_hz) / NS) + 1
    new_times = target_times(int(times[0]), horizon=steps, rate_hz=rate_hz)
    return ActionChunk(
        actions=_at(chunk, times, new_times),
        target_ns=new_times,
        subtask=chunk.subtask,
        inference_ms=chunk.inference_ms,
    )


def committed(chunk: ActionChunk, captured_ns: int, *, ready_ns: int, execute: int) -> Committed | None:
    """What a new chunk must go on from: the steps of the one in progress from an observation on.

    Args:
        chunk: The one in progress.
        captured_ns: Of the observation that the new chunk is computed from.
        ready_ns: When the new chunk will be there at the latest: steps due before are frozen.
        execute: Steps of the new chunk that will run before the one after it.

    Returns:
        None when the chunk in progress has run out by `captured_ns`.

    Raises:
        ValueError: The chunk's actions and times do not fit together.
    """
    first = due(chunk, captured_ns)
    if first is None:
        return None
    frozen = int(np.searchsorted(_checked(chunk)[first:], ready_ns, side="left"))
    return Committed(actions=np.asarray(chunk.actions, np.float64)[first:], frozen=frozen, execute=execute)


def _at(chunk: ActionChunk, times: NDArray[np.int64], wanted: NDArray[np.int64]) -> NDArray[np.float64]:
    after = np.minimum(np.maximum(np.searchsorted(times, wanted, side="right"), 1), len(times) - 1)
    before = np.maximum(after - 1, 0)
    gap_ns = np.maximum(times[after] - times[before], 1)
    # Whole nanoseconds until the last division: as floats, moments far from 0 are off by more than one.
    share = np.clip((wanted - times[before]) / gap_ns, 0, 1)[:, None]
    actions = np.asarray(chunk.actions, np.float64)
    result: NDArray[np.float64] = (1 - share) * actions[before] + share * actions[after]
    return result


def _rate(rate_hz: float) -> float:
    if not (math.isfinite(rate_hz) and rate_hz > 0):
        message = f"a rate must be above 0 Hz, not {rate_hz}"
        raise ValueError(message)
    return rate_hz


def _checked(chunk: ActionChunk) -> NDArray[np.int64]:
    actions, times = np.asarray(chunk.actions), np.asarray(chunk.target_ns)
    if actions.ndim != 2 or times.shape != actions.shape[:1] or not len(times):
        message = f"a chunk has actions [T, D] and as many times, at least one, not {actions.shape} and {times.shape}"
        raise ValueError(message)
    if times.dtype.kind not in "iu":
        message = f"times of a chunk are whole nanoseconds, not {times.dtype}"
        raise ValueError(message)
    times_ns = times.astype(
        np.int64
    )  # before they are compared: differences of unsigned numbers are never negative
    backward = np.flatnonzero(np.diff(times_ns) <= 0)
    if backward.size:
        step = int(backward[0]) + 1
        message = f"times of a chunk must rise: step {step} is meant for {times[step]} ns, after {times[step - 1]} ns"
        raise ValueError(message)
    return times_ns
