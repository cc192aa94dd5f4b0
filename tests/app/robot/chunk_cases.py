"""Chunks as a policy process would publish them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from app.dataplane.layouts import CHUNK_HEADER
from app.messages import Mode
from app.robot.chunks import Chunk

STEP_NS = 20_000_000


def payload(actions: NDArray[np.float64], *, now_ns: int, **header: object) -> NDArray[np.uint8]:
    """A sample of the topic `chunk`; what is not given is as it should be."""
    row = np.zeros(1, CHUNK_HEADER)
    usual = {
        "chunk": 1,
        "observed_ns": now_ns,
        "first_ns": now_ns,
        "step_ns": STEP_NS,
        "applied_ns": 7,
        "rows": len(actions),
        "dof": actions.shape[1],
        "mode": int(Mode.VERBAL),
        "final": 0,
        "subtask": b"pick up the cup",
    }
    for name, value in (usual | header).items():
        row[name] = value
    return np.concatenate(
        [row.view(np.uint8), np.ascontiguousarray(actions, "<f4").reshape(-1).view(np.uint8)]
    )


def chunk(
    actions: NDArray[np.float64],
    *,
    number: int,
    now_ns: int,
    mode: Mode = Mode.VERBAL,
    final: bool = False,
    late_ns: int = 0,
) -> Chunk:
    """A chunk that was observed, and whose first step was due, `late_ns` ago."""
    return Chunk(
        number=number,
        actions=np.asarray(actions, np.float32),
        observed_ns=now_ns - late_ns,
        first_ns=now_ns - late_ns,
        step_ns=STEP_NS,
        mode=mode,
        subtask=b"pick up the cup",
        applied_ns=7,
        final=final,
    )
