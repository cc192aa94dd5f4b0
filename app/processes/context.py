"""What every process of a session has: its configuration, its door to the others, a heartbeat, a log, a way to end."""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

import msgspec

from app.config import SessionConfig, read_config
from app.control import CommandServer
from app.dataplane import DataPlane, Subscriber
from app.dataplane.layouts import EVENTS, status_topic
from app.messages import Event, Status
from drivers.profile import RobotProfile, load_profile

OWNER = "app"
OWNER_SILENT_S = 1.0
"""Without the owner's heartbeat for this long, nobody watches the robot any more."""

_decode_status = msgspec.json.Decoder(Status).decode


class ProcessContext:
    """The surroundings of one process, made once at its start.

    Args:
        name: of the process, such as `robot`.
        argv: the command line; its last word is the runtime directory.
        heartbeat_s: the shortest time between two statuses.
    """

    def __init__(self, name: str, argv: list[str], *, heartbeat_s: float = 0.1) -> None:
        self.name = name
        self.runtime_dir = Path(argv[-1])
        self.config: SessionConfig = read_config(self.runtime_dir)
        self.profile: RobotProfile = load_profile(self.config.profile)
        self.log = start_log(self.runtime_dir, name)
        self.plane = DataPlane(self.runtime_dir)
        self.server = CommandServer(self.runtime_dir, name)
        self.ending = False
        self._events = self.plane.publisher(EVENTS)
        self._status = self.plane.publisher(status_topic(name))
        self._owner: Subscriber = self.plane.subscriber(status_topic(OWNER))
        self._owner_seen_ns = time.monotonic_ns()
        self._heartbeat_ns = int(heartbeat_s * 1e9)
        self._next_status_ns = 0
        signal.signal(signal.SIGTERM, self._end)
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def event(
        self, kind: str, message: str, *, key: str = "", level: str = "info", remedy: str = "", **data: Any
    ) -> None:
        """Say that something happened: to the screen, the log and the running episode."""
        self.log.log(logging.INFO if level == "info" else logging.WARNING, "%s: %s %s", kind, message, remedy)
        event = Event(
            time_ns=time.monotonic_ns(),
            kind=kind,
            source=self.name,
            message=message,
            key=key,
            level=level,
            remedy=remedy,
            data=data,
        )
        self._events.send(msgspec.json.encode(event))

    def due(self) -> bool:
        """Whether it is time for the next heartbeat."""
        return time.monotonic_ns() >= self._next_status_ns

    def beat(self, state: str, /, **detail: Any) -> None:
        """Publish the heartbeat. Among its figures may be a `state` of what the process is there for."""
        now = time.monotonic_ns()
        self._next_status_ns = now + self._heartbeat_ns
        status = Status(time_ns=now, process=self.name, pid=os.getpid(), state=state, detail=detail)
        self._status.send(msgspec.json.encode(status))

    def owner_alive(self) -> bool:
        """Whether the owner of the session, the window or the headless command, still says that it watches."""
        payload = self._owner.newest()
        if payload is not None:
            self._owner_seen_ns = _decode_status(payload.tobytes()).time_ns
        return time.monotonic_ns() - self._owner_seen_ns < OWNER_SILENT_S * 1e9

    def owner_ended(self) -> bool:
        """Whether the owner's process is gone for good."""
        return os.getppid() != self.config.owner_pid

    def close(self) -> None:
        """Leave the session."""
        self.server.close()
        self.plane.close()
        logging.shutdown()

    def _end(self, signum: int, frame: FrameType | None) -> None:
        self.ending = True


def start_log(runtime_dir: Path, name: str) -> logging.Logger:
    """A log file of this process in the session's directory; it is shown in the window and kept with its crash."""
    directory = runtime_dir / "logs"
    directory.mkdir(exist_ok=True)
    handler = logging.FileHandler(directory / f"{name}.log")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logger = logging.getLogger(f"understudy.{name}")
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)
    logger.propagate = False

    def told(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        logger.critical("ended by an error", exc_info=(kind, error, trace))

    sys.excepthook = told
    return logger
