"""What the hands want, in one memory-mapped file: from whoever moves the leaders to the simulated world.

One writer, newest wins. A sequence number is odd while the writer is inside, so a reader takes nothing half-written;
whoever is killed leaves nothing locked.
"""

from __future__ import annotations

import mmap
import os
import time
from pathlib import Path
from typing import Any, Final

import numpy as np

from drivers.profile.schema import RobotProfile
from drivers.sim.interface import Hands

HANDS_FILE: Final = "world.hands"
"""The file's name in a session's runtime directory."""

HANDS_TIMEOUT_NS: Final = 200_000_000
"""Older wishes count as hands taken off: the leaders stay where they are."""

_MAGIC: Final = 0x0001_5344_4E41_4800


def _layout(profile: RobotProfile) -> np.dtype[Any]:
    leaders = [
        (
            name,
            [
                ("has_rad", "<i4"),
                ("has_opening", "<i4"),
                ("rad", "<f8", (len(leader.joints),)),
                ("opening", "<f8"),
            ],
        )
        for name, leader in profile.leaders.items()
    ]
    return np.dtype(
        [
            ("magic", "<i8"),
            ("sequence", "<i8"),
            ("time_ns", "<i8"),
            ("moving_base", "<i8"),
            ("base_twist", "<f8", (3,)),
            ("lift_m_s", "<f8"),
            ("leaders", leaders),
        ]
    )


class HandsWriter:
    """The end of those who move the leaders.

    Args:
        runtime_dir: the session's directory.
        profile: its leaders make the layout; both ends need the same one.
    """

    def __init__(self, runtime_dir: Path, profile: RobotProfile) -> None:
        layout = _layout(profile)
        descriptor = os.open(runtime_dir / HANDS_FILE, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            os.ftruncate(descriptor, layout.itemsize)
            self._map = mmap.mmap(descriptor, layout.itemsize)
        finally:
            os.close(descriptor)
        self._row = np.ndarray((), dtype=layout, buffer=self._map)
        sequence = int(self._row["sequence"])
        self._sequence = sequence + sequence % 2
        self._leaders = tuple(profile.leaders)

    def write(self, hands: Hands) -> None:
        """Publish what the hands want now.

        Raises:
            KeyError: when a leader is not the profile's.
        """
        unknown = {*hands.leader_rad, *hands.leader_opening} - set(self._leaders)
        if unknown:
            raise KeyError(
                f"no leader {min(unknown)!r}; the profile has {', '.join(self._leaders) or 'none'}"
            )
        row = self._row
        row["sequence"] = self._sequence + 1
        row["time_ns"] = time.monotonic_ns()
        row["moving_base"] = hands.moving_base
        row["base_twist"] = hands.base_twist
        row["lift_m_s"] = hands.lift_m_s
        for name in self._leaders:
            leader = row["leaders"][name]
            leader["has_rad"] = name in hands.leader_rad
            leader["has_opening"] = name in hands.leader_opening
            leader["rad"] = hands.leader_rad.get(name, 0.0)
            leader["opening"] = hands.leader_opening.get(name, 0.0)
        row["magic"] = _MAGIC
        self._sequence += 2
        row["sequence"] = self._sequence

    def close(self) -> None:
        """Let the file go; what was last written ages."""
        del self._row
        self._map.close()


class HandsReader:
    """The world's end; the file need not exist yet."""

    def __init__(self, runtime_dir: Path, profile: RobotProfile) -> None:
        self._path = runtime_dir / HANDS_FILE
        self._layout = _layout(profile)
        self._leaders = tuple(profile.leaders)
        self._map: mmap.mmap | None = None
        self._seen = 0
        self._seen_ns = 0
        self._on = False

    def news(self, *, now_ns: int) -> Hands | None:
        """What the hands want, when that has changed; None when it has not.

        Hands that have not written for `HANDS_TIMEOUT_NS` are reported once as empty `Hands`.
        """
        if self._map is None and not self._open():
            return None
        hands = self._newest()
        if hands is not None and now_ns - self._seen_ns <= HANDS_TIMEOUT_NS:
            self._on = True
            return hands
        if self._on and now_ns - self._seen_ns > HANDS_TIMEOUT_NS:
            self._on = False
            return Hands()
        return None

    def close(self) -> None:
        """Let the file go."""
        if self._map is not None:
            self._map.close()
            self._map = None

    def _open(self) -> bool:
        try:
            descriptor = os.open(self._path, os.O_RDONLY)
        except FileNotFoundError:
            return False
        try:
            if os.fstat(descriptor).st_size != self._layout.itemsize:
                return False
            self._map = mmap.mmap(descriptor, self._layout.itemsize, prot=mmap.PROT_READ)
        finally:
            os.close(descriptor)
        return True

    def _newest(self) -> Hands | None:
        """The newest whole wish if it was not seen before."""
        if self._map is None:
            return None
        before = self._map[8:16]
        sequence = int.from_bytes(before, "little")
        if sequence == self._seen or sequence % 2:
            return None
        raw = self._map[:]
        if self._map[8:16] != before:
            return None
        row = np.frombuffer(raw, dtype=self._layout)[0]
        if row["magic"] != _MAGIC:
            return None
        self._seen = sequence
        self._seen_ns = int(row["time_ns"])
        leaders = {name: row["leaders"][name] for name in self._leaders}
        vx, vy, wz = row["base_twist"].tolist()
        return Hands(
            leader_rad={name: leader["rad"].copy() for name, leader in leaders.items() if leader["has_rad"]},
            leader_opening={
                n: float(leader["opening"]) for n, leader in leaders.items() if leader["has_opening"]
            },
            base_twist=(vx, vy, wz),
            lift_m_s=float(row["lift_m_s"]),
            moving_base=bool(row["moving_base"]),
        )
