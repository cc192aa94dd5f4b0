"""Starts the session's processes, sees within a second that one has died, and starts it again.

Each process is a fresh interpreter (never a fork), a child of the session's owner, with its output in the session's
log folder. A process that keeps dying is given more and more time between two starts.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import msgspec
import psutil

from app.dataplane import DataPlane, Subscriber
from app.dataplane.layouts import status_topic
from app.messages import Status
from app.session.view import ProcessView

SILENT_S = 1.0
"""Without a heartbeat for this long a process counts as lost."""

HANGS_S = {"recorder": 6.0, "cameras": 4.0, "speech": 8.0, "transcriber": 10.0, "policy": 3.0}
"""How long one that still lives may hang. The recorder may wait for a disk that stalls, and to kill it for that would
cut its episode short: its streams hold two seconds of frames, and what they cannot hold is counted. Simulated cameras
draw four pictures between two heartbeats, which takes a second where something else has the processors; pictures tell
their age by themselves, and to start the process anew only takes more time from everybody. To load a model of speech
takes long there, too."""

STARTING_S = 20.0
"""How long the first heartbeat may take."""

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 10.0
"""Pause before a dead process is started again; doubled each time it dies young."""

YOUNG_S = 15.0

LEAVING_S = 2.0
"""How long a process that is no longer wanted may take to end."""

_decode_status = msgspec.json.Decoder(Status).decode


@dataclass(slots=True)
class Child:
    """One process as its supervisor knows it."""

    name: str
    status_port: Subscriber
    process: subprocess.Popen[bytes] | None = None
    started_ns: int = 0
    seen_ns: int = 0
    status: Status | None = None
    pause_s: float = FIRST_PAUSE_S
    start_at_ns: int = 0
    lost: bool = False
    cpu_share: float = 0.0
    cpu_s: float = 0.0
    cpu_at_ns: int = 0


@dataclass(frozen=True, slots=True)
class Change:
    """A process was lost (`lost=True`) or came back.

    Attributes:
        name: of the process.
        lost: whether it was lost.
        reason: how it ended.
        again: whether it was lost before it had come back from the last time.
    """

    name: str
    lost: bool
    reason: str = ""
    again: bool = False


class Supervisor:
    """Watches the processes of one session. Call `poll` about ten times a second.

    Args:
        runtime_dir: the session's directory.
        plane: the owner's data plane.
        names: processes to run, in the order in which they start.
    """

    def __init__(self, runtime_dir: Path, plane: DataPlane, names: tuple[str, ...]) -> None:
        self._runtime_dir = runtime_dir
        self._children = {name: Child(name, plane.subscriber(status_topic(name))) for name in names}
        self._plane = plane
        self._leaving: list[Child] = []
        self._closing = False
        (runtime_dir / "logs").mkdir(exist_ok=True)

    def start(self) -> None:
        """Start every process."""
        for child in self._children.values():
            self._start(child)

    def add(self, name: str) -> bool:
        """Run one process more; one that runs already goes on. Whether it was started by this."""
        if name in self._children or self._closing:
            return False
        for child in [child for child in self._leaving if child.name == name]:
            # Two of a name would share a door; what is going anyway, goes now.
            self._kill(child)
            self._leaving.remove(child)
        child = Child(name, self._plane.subscriber(status_topic(name)))
        self._children[name] = child
        self._start(child)
        return True

    def remove(self, name: str) -> None:
        """Let a process end, for it is no longer wanted; `poll` sees to it."""
        child = self._children.pop(name, None)
        if child is not None and child.process is not None:
            child.process.terminate()
            child.start_at_ns = time.monotonic_ns() + int(LEAVING_S * 1e9)
            self._leaving.append(child)

    def poll(self) -> list[Change]:
        """Take heartbeats, notice the dead, start them again when their pause is over."""
        changes = []
        now = time.monotonic_ns()
        self._see_off(now)
        for child in self._children.values():
            payload = child.status_port.newest()
            if payload is not None:
                status = _decode_status(payload.tobytes())
                if child.process is not None and status.pid == child.process.pid:
                    child.status, child.seen_ns = status, now
            reason = self._why_dead(child, now)
            if reason:
                again, child.lost = child.lost, True
                self._kill(child)
                young = now - child.started_ns < YOUNG_S * 1e9
                child.pause_s = min(child.pause_s * 2, LONGEST_PAUSE_S) if young else FIRST_PAUSE_S
                child.start_at_ns = now + int(child.pause_s * 1e9)
                child.status = None
                changes.append(Change(child.name, lost=True, reason=reason, again=again))
            elif child.lost and child.process is None and now >= child.start_at_ns and not self._closing:
                self._start(child)
            elif child.lost and child.status is not None:
                child.lost = False
                changes.append(Change(child.name, lost=False))
        return changes

    def status(self, name: str) -> Status | None:
        """The newest heartbeat of a process, or None while it is starting, lost, or not part of this session."""
        child = self._children.get(name)
        return child.status if child is not None else None

    def lost(self, name: str) -> bool:
        """Whether a process was lost and is not back yet."""
        child = self._children.get(name)
        return child is not None and child.lost

    def views(self) -> tuple[ProcessView, ...]:
        """What the window shows of each process."""
        return tuple(self._view(child) for child in self._children.values())

    def pid(self, name: str) -> int | None:
        """The process id of a running process."""
        child = self._children[name]
        return child.process.pid if child.process is not None else None

    def close(self, *, timeout_s: float = 5.0) -> None:
        """End every process, politely first; the simulated world last, so that no line vanishes under a driver."""
        self._closing = True
        order = sorted((*self._children.values(), *self._leaving), key=lambda child: child.name == "simworld")
        for last in (False, True):
            group = [
                child for child in order if (child.name == "simworld") is last and child.process is not None
            ]
            for child in group:
                if child.process is not None:
                    child.process.terminate()
            deadline = time.monotonic() + timeout_s
            for child in group:
                if child.process is None:
                    continue
                try:
                    child.process.wait(max(0.1, deadline - time.monotonic()))
                except subprocess.TimeoutExpired:
                    self._kill(child)

    def _see_off(self, now: int) -> None:
        """Take leave of the processes that have ended, and end those that do not by themselves."""
        for child in list(self._leaving):
            if child.process is None or child.process.poll() is not None:
                self._leaving.remove(child)
            elif now >= child.start_at_ns:
                self._kill(child)

    def _start(self, child: Child) -> None:
        with (self._runtime_dir / "logs" / f"{child.name}.out").open("ab") as output:
            child.process = subprocess.Popen(
                [sys.executable, "-m", f"app.processes.{child.name}", str(self._runtime_dir)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                env=os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
            )
        child.started_ns = child.seen_ns = time.monotonic_ns()
        child.status = None

    def _kill(self, child: Child) -> None:
        if child.process is not None:
            child.process.kill()
            child.process.wait()
            child.process = None

    def _why_dead(self, child: Child, now: int) -> str:
        if child.process is None:
            return ""
        code = child.process.poll()
        if code is not None:
            return f"killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
        patience_s = HANGS_S.get(child.name, SILENT_S) if child.status is not None else STARTING_S
        silent_s = (now - child.seen_ns) / 1e9
        return f"silent for {silent_s:.1f} s" if silent_s > patience_s else ""

    def _view(self, child: Child) -> ProcessView:
        if child.lost:
            state = "restarting"
        elif child.status is None:
            state = "starting"
        else:
            state = child.status.state
        self._measure(child)
        return ProcessView(
            name=child.name,
            state=state,
            pid=child.process.pid if child.process is not None else 0,
            cpu_share=child.cpu_share,
            detail="",
        )

    def _measure(self, child: Child) -> None:
        """Processor share over about two seconds, as a fraction of one core."""
        now = time.monotonic_ns()
        if child.process is None or now - child.cpu_at_ns < 2e9:
            return
        try:
            times = psutil.Process(child.process.pid).cpu_times()
        except psutil.Error:
            return
        used = times.user + times.system
        if child.cpu_at_ns and used >= child.cpu_s:
            child.cpu_share = (used - child.cpu_s) / ((now - child.cpu_at_ns) / 1e9)
        child.cpu_s, child.cpu_at_ns = used, now
