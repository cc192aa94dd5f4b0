"""The newest state of the simulated world in one memory-mapped file, for those who draw it.

One writer, any number of readers, no locks: a sequence number is odd while the writer is inside and changes with every
snapshot, so a reader that saw it odd, or saw it change, looks again. Whoever is killed leaves nothing locked. A writer
that starts anew maps the same file, keeps the sequence growing and raises the generation.

Layout, little-endian int64 words: magic, sequence, capacity, generation, time_ns, size; then the simulation time as
float64, eight camera slots (a 32-byte name, then kind and rate as words), and `capacity` float64 of state.
"""

from __future__ import annotations

import mmap
import os
import time
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

STATE_FILE = "world.state"
"""The file's name in a session's runtime directory."""

_MAGIC = 0x0001_444C_524F_5755
_CAMERAS = 8
_TRIES = 200
_RETRY_S = 0.000_05
_HEADER = np.dtype(
    [
        ("magic", "<i8"),
        ("sequence", "<i8"),
        ("capacity", "<i8"),
        ("generation", "<i8"),
        ("time_ns", "<i8"),
        ("size", "<i8"),
        ("sim_time_s", "<f8"),
        ("cameras", [("name", "S32"), ("kind", "<i8"), ("rate_hz", "<f8")], (_CAMERAS,)),
    ]
)


class StateFileError(Exception):
    """The shared state cannot be written or read as asked; the message says which file, what was seen, what to do."""


class FaultKind(Enum):
    """How a simulated camera misbehaves."""

    NONE = 0
    FROZEN = 1
    SLOW = 2
    BLACK = 3


@dataclass(frozen=True, slots=True)
class CameraFault:
    """A camera's fault; `rate_hz` is what is left of its rate when it is slow."""

    kind: FaultKind
    rate_hz: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """The world at one physics step.

    Attributes:
        time_ns: `time.monotonic_ns()` when the world was so.
        sim_time_s: MuJoCo's own time.
        state: (N,) float64, MuJoCo's integration state.
        generation: how often the world was started in this session; another one means it is not the world it was.
        faults: the cameras that misbehave, by name.
    """

    time_ns: int
    sim_time_s: float
    state: NDArray[np.float64]
    generation: int
    faults: dict[str, CameraFault] = field(default_factory=dict)

    @property
    def age_s(self) -> float:
        """Time since the world was so."""
        return (time.monotonic_ns() - self.time_ns) / 1e9


class StateWriter:
    """The world's end of the file.

    Args:
        path: the file; created when it is not there, taken over when it is.
        size: N, the length of the state.

    Raises:
        StateFileError: when the file belongs to a world of another size.
    """

    def __init__(self, path: Path, size: int) -> None:
        length = _HEADER.itemsize + 8 * size
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            seen = os.fstat(descriptor).st_size
            if seen not in (0, length):
                raise StateFileError(f"{path} holds {seen} bytes, not the {length} of this world; remove it")
            os.ftruncate(descriptor, length)
            self._map = mmap.mmap(descriptor, length)
        finally:
            os.close(descriptor)
        self._header = np.ndarray((), dtype=_HEADER, buffer=self._map)
        self._state = np.ndarray((size,), dtype="<f8", buffer=self._map, offset=_HEADER.itemsize)
        sequence = int(self._header["sequence"])
        self._sequence = sequence + sequence % 2
        self._header["capacity"] = size
        self.generation = int(self._header["generation"]) + 1
        """How many worlds have written this file, this one included."""
        self._faults: dict[str, CameraFault] = {}

    def set_fault(self, camera: str, fault: CameraFault) -> None:
        """Make a camera misbehave, or behave again with `FaultKind.NONE`; seen with the next snapshot.

        Raises:
            StateFileError: when the name is too long or too many cameras have faults.
        """
        faults = {name: kept for name, kept in self._faults.items() if name != camera}
        if fault.kind is not FaultKind.NONE:
            faults[camera] = fault
        if len(faults) > _CAMERAS or len(camera.encode()) > 32:
            raise StateFileError(
                f"no room for a fault of camera {camera!r}: {_CAMERAS} names of 32 bytes fit"
            )
        self._faults = faults

    def write(self, state: NDArray[np.float64], *, time_ns: int, sim_time_s: float) -> None:
        """Publish a snapshot.

        Args:
            state: (N,) float64.
            time_ns: `time.monotonic_ns()` of the physics step that led to it.
            sim_time_s: MuJoCo's time.
        """
        header = self._header
        header["sequence"] = self._sequence + 1
        header["generation"] = self.generation
        header["time_ns"] = time_ns
        header["sim_time_s"] = sim_time_s
        header["size"] = len(state)
        slots = header["cameras"]
        slots["kind"] = 0
        for slot, (name, fault) in enumerate(self._faults.items()):
            slots[slot] = (name.encode(), fault.kind.value, fault.rate_hz)
        self._state[:] = state
        header["magic"] = _MAGIC
        self._sequence += 2
        header["sequence"] = self._sequence

    def close(self) -> None:
        """Let the file go; it stays for a world that is started again. Closing twice is harmless."""
        if not self._map.closed:
            del self._header, self._state
            self._map.close()


class StateReader:
    """A reader's end of the file, which need not exist yet."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._map: mmap.mmap | None = None

    def newest(self) -> Snapshot | None:
        """The newest whole snapshot, however old; None while no world has written one, or one died writing it."""
        if self._map is None and not self._open():
            return None
        for _ in range(_TRIES):
            before = self._sequence()
            raw = self._map[:] if self._map is not None else b""
            if before % 2 == 0 and before == self._sequence():
                return _parse(raw)
            time.sleep(_RETRY_S)
        return None

    def close(self) -> None:
        """Let the file go."""
        if self._map is not None:
            self._map.close()
            self._map = None

    def _open(self) -> bool:
        try:
            descriptor = os.open(self.path, os.O_RDONLY)
        except FileNotFoundError:
            return False
        try:
            length = os.fstat(descriptor).st_size
            if length <= _HEADER.itemsize:
                return False
            self._map = mmap.mmap(descriptor, length, prot=mmap.PROT_READ)
        finally:
            os.close(descriptor)
        return True

    def _sequence(self) -> int:
        return int.from_bytes(self._map[8:16], "little") if self._map is not None else -1


def _parse(raw: bytes) -> Snapshot | None:
    header = np.frombuffer(raw, dtype=_HEADER, count=1)[0]
    if header["magic"] != _MAGIC:
        return None
    faults = {
        bytes(slot["name"]).decode(): CameraFault(FaultKind(int(slot["kind"])), float(slot["rate_hz"]))
        for slot in header["cameras"]
        if slot["kind"]
    }
    return Snapshot(
        time_ns=int(header["time_ns"]),
        sim_time_s=float(header["sim_time_s"]),
        state=np.frombuffer(raw, dtype="<f8", offset=_HEADER.itemsize, count=int(header["size"])),
        generation=int(header["generation"]),
        faults=faults,
    )
