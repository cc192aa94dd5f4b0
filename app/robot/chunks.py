"""A policy's chunks: what comes over the data plane becomes a value that the robot can run, or is refused by name."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.dataplane.layouts import CHUNK_HEADER, LONGEST_CHUNK
from app.messages import Mode

STEP_RANGE_S = (0.005, 0.5)
"""From step to step, of a chunk that is believed."""
OLDEST_S = 3.0
"""An observation older than this is nothing to act on."""


class ChunkError(ValueError):
    """A chunk that the robot will not run; the message says what is wrong with it, and the value seen."""


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """A policy's actions.

    Attributes:
        number: of the chunk, rising.
        actions: (T, D) float32, finite.
        observed_ns: when the robot was observed, monotonic.
        first_ns: when the first step is due.
        step_ns: from step to step at full speed.
        mode: for which it was made.
        subtask: under which it was made, as UTF-8.
        applied_ns: number of that subtask.
        final: whether nothing comes after it: the robot then stands as it should.
    """

    number: int
    actions: NDArray[np.float32]
    observed_ns: int
    first_ns: int
    step_ns: int
    mode: Mode
    subtask: bytes
    applied_ns: int
    final: bool


def parse_chunk(payload: NDArray[np.uint8], *, dof: int, now_ns: int) -> Chunk:
    """The chunk in a sample of the topic `chunk`.

    Args:
        payload: `CHUNK_HEADER`, then float32 of shape (rows, dof).
        dof: D, of this robot.
        now_ns: monotonic.

    Raises:
        ChunkError: when it is not one that this robot can run now.
    """
    if len(payload) < CHUNK_HEADER.itemsize:
        raise ChunkError(f"a chunk of {len(payload)} bytes; its header alone has {CHUNK_HEADER.itemsize}")
    header = payload[: CHUNK_HEADER.itemsize].view(CHUNK_HEADER)[0]
    rows, columns = int(header["rows"]), int(header["dof"])
    if columns != dof or not 1 <= rows <= LONGEST_CHUNK:
        raise ChunkError(
            f"a chunk of {rows} × {columns} numbers; this robot takes 1 to {LONGEST_CHUNK} × {dof}"
        )
    body = payload[CHUNK_HEADER.itemsize :]
    if len(body) != 4 * rows * dof:
        raise ChunkError(f"{len(body)} bytes of actions; {rows} × {dof} numbers have {4 * rows * dof}")
    actions = body.view("<f4").reshape(rows, dof).copy()
    if not np.isfinite(actions).all():
        step, entry = np.argwhere(~np.isfinite(actions))[0].tolist()
        raise ChunkError(f"{actions[step, entry]} at step {step}, entry {entry}; actions must be finite")
    if header["mode"] not in (Mode.VERBAL, Mode.AUTONOMOUS):
        raise ChunkError(f"made for mode {int(header['mode'])}, which is none of a policy's")
    chunk = Chunk(
        number=int(header["chunk"]),
        actions=actions,
        observed_ns=int(header["observed_ns"]),
        first_ns=int(header["first_ns"]),
        step_ns=int(header["step_ns"]),
        mode=Mode(int(header["mode"])),
        subtask=bytes(header["subtask"]),
        applied_ns=int(header["applied_ns"]),
        final=bool(header["final"]),
    )
    if not STEP_RANGE_S[0] <= chunk.step_ns / 1e9 <= STEP_RANGE_S[1]:
        raise ChunkError(
            f"{chunk.step_ns / 1e9:g} s from step to step; {STEP_RANGE_S[0]:g} to {STEP_RANGE_S[1]:g} s are believed"
        )
    age_s = (now_ns - chunk.observed_ns) / 1e9
    if not 0.0 <= age_s <= OLDEST_S:
        raise ChunkError(f"made from what was seen {age_s:.1f} s ago; at most {OLDEST_S:g} s are believed")
    if abs(chunk.first_ns - chunk.observed_ns) / 1e9 > OLDEST_S:
        first_s = (chunk.first_ns - chunk.observed_ns) / 1e9
        raise ChunkError(f"its first step is due {first_s:.1f} s after what it was made from")
    return chunk
