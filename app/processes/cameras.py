"""The cameras process: every camera of the profile into shared memory, stamped when captured."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from app.control import Request
from app.dataplane import Publisher
from app.dataplane.layouts import FRAME_HEADER, JPEG, RGB, SIMULATION, frame_topic
from app.messages import ReopenCamera, Shutdown
from app.processes.context import ProcessContext
from drivers.cameras.base import CameraError, Frame
from drivers.cameras.choose import camera_for
from drivers.cameras.reader import CameraHealth, CameraReader
from drivers.cameras.simulated import SimulatedRig
from drivers.profile.schema import Camera

RATE_WINDOW_S = 2.0
IDLE_S = 0.002
OPENING_S = 5.0
"""A camera that says nothing of an error may take so long to deliver its first frame."""


@dataclass(slots=True)
class Channel:
    """One camera's way out: its publisher, and what is known of its stream."""

    publisher: Publisher
    spec: Camera
    captured: int = 0
    dropped: int = 0
    newest_ns: int = 0
    next_sequence: int = 0
    opened_ns: int = field(default_factory=time.monotonic_ns)
    stale: bool = False
    recent_ns: list[int] = field(default_factory=list)

    def send(self, frame: Frame) -> None:
        """Publish a frame, unless it is the last one again, as a camera that is stuck sends it."""
        if frame.time_ns <= self.newest_ns:
            return
        if self.captured:
            # A camera that was opened again counts from the beginning.
            self.dropped += max(0, frame.sequence - self.next_sequence)
        self.next_sequence = frame.sequence + 1
        header = np.zeros(1, FRAME_HEADER)
        encoding = JPEG if frame.jpeg is not None else RGB
        header[0] = (frame.time_ns, self.captured, self.spec.height_px, self.spec.width_px, encoding, 0)
        payload = frame.jpeg if frame.jpeg is not None else frame.image
        if payload is None:
            raise ValueError("a frame without a picture")
        self.publisher.send(
            header.view(np.uint8), payload if isinstance(payload, bytes) else payload.reshape(-1)
        )
        self.captured += 1
        self.newest_ns = frame.time_ns
        self.recent_ns.append(frame.time_ns)

    def figures(self) -> dict[str, object]:
        """Frames captured and lost on the way, rate and intervals over the last seconds, the newest frame's time."""
        now = time.monotonic_ns()
        self.recent_ns = [t for t in self.recent_ns if now - t < RATE_WINDOW_S * 1e9]
        span_s = min(RATE_WINDOW_S, (now - self.opened_ns) / 1e9)
        return {
            "captured": self.captured,
            "dropped": self.dropped,
            "rate_hz": len(self.recent_ns) / span_s if span_s > 0 else 0.0,
            "newest_ns": self.newest_ns,
            "stale": self.stale,
            "intervals_ms": [round((b - a) / 1e6, 1) for a, b in pairwise(self.recent_ns)],
        }


class CamerasProcess:
    """Captures from the simulated rig on its own thread's beat and from each other camera's reader.

    Args:
        context: the process's surroundings.
    """

    def __init__(self, context: ProcessContext) -> None:
        self._context = context
        profile = context.profile
        self._channels = {
            name: Channel(context.plane.publisher(frame_topic(name, camera)), camera)
            for name, camera in profile.cameras.items()
        }
        simulated = [name for name, camera in profile.cameras.items() if camera.source == "sim"]
        self._rig = SimulatedRig(profile, context.runtime_dir) if simulated else None
        self._states = context.plane.publisher(SIMULATION) if simulated else None
        self._readers = {
            name: CameraReader(camera_for(name, camera))
            for name, camera in profile.cameras.items()
            if camera.source != "sim"
        }
        self._trouble = ""
        self._state_ns = 0

    def run(self) -> None:
        """Capture until told to end."""
        context = self._context
        context.beat("starting")
        for reader in self._readers.values():
            reader.start()
        while not context.ending and not context.owner_ended():
            for request in context.server.receive():
                self._answer(request)
            self._capture_simulated()
            for name, reader in self._readers.items():
                for frame in reader.take():
                    self._channels[name].send(frame)
            self._watch_age()
            if context.due():
                context.beat("running", cameras={name: self._figures(name) for name in self._channels})
            if self._rig is None:
                time.sleep(IDLE_S)
        for reader in self._readers.values():
            reader.stop()
        if self._rig is not None:
            self._rig.close()

    def _capture_simulated(self) -> None:
        if self._rig is None or self._states is None:
            return
        try:
            frames = self._rig.capture()
        except CameraError as error:
            self._say_trouble(str(error))
            time.sleep(0.05)
            return
        self._say_trouble("")
        if not frames:
            return
        # A camera that is stuck sends its last frame again, with its old time.
        newest_ns = max(frame.time_ns for _, frame in frames)
        if newest_ns > self._state_ns:
            self._state_ns = newest_ns
            self._states.send(np.int64(newest_ns).tobytes(), self._rig.last_state.view(np.uint8))
        for name, frame in frames:
            self._channels[name].send(frame)

    def _say_trouble(self, trouble: str) -> None:
        # Once for each loss: the words tell how long it lasts by now, and would be new in every round.
        if trouble and not self._trouble:
            self._context.event("fault", trouble, key="cameras", level="error")
        elif self._trouble and not trouble:
            self._context.event("fault_cleared", "The simulated cameras see again", key="cameras")
        self._trouble = trouble

    def _watch_age(self) -> None:
        now = time.monotonic_ns()
        for name, channel in self._channels.items():
            age_ms = (now - (channel.newest_ns or channel.opened_ns)) / 1e6
            late = age_ms > channel.spec.stale_after_ms
            error = self._readers[name].health().error if late and name in self._readers else ""
            stale = late and (bool(error) or now - channel.opened_ns > OPENING_S * 1e9)
            if stale and not channel.stale:
                self._context.event(
                    "fault",
                    f"The camera {name.replace('_', ' ')} has delivered nothing for {age_ms:.0f} ms"
                    + (f": {error}" if error else ""),
                    key=f"camera:{name}",
                    level="error",
                    remedy="check its cable; it is opened again by itself"
                    if name in self._readers
                    else "the computer is too busy to draw the kitchen in time; close what else runs on it",
                    camera=name,
                    can_reopen=name in self._readers,
                )
            elif channel.stale and not stale:
                self._context.event(
                    "fault_cleared", f"The camera {name} is back", key=f"camera:{name}", camera=name
                )
            channel.stale = stale

    def _figures(self, name: str) -> dict[str, object]:
        figures = self._channels[name].figures()
        if name in self._readers:
            figures |= _told_by_reader(self._readers[name].health())
        return figures

    def _answer(self, request: Request) -> None:
        match request.command:
            case ReopenCamera(name=name) if name in self._readers:
                self._readers[name].reopen()
                request.done()
            case ReopenCamera(name=name):
                request.refuse(
                    f"camera {name!r} cannot be reopened; those that can: {', '.join(self._readers) or 'none'}"
                )
            case Shutdown():
                request.done()
                self._context.ending = True
            case command:
                request.refuse(f"the cameras do not understand {type(command).__name__}")


def _told_by_reader(health: CameraHealth) -> dict[str, object]:
    """What only the reader of a real camera knows."""
    return {
        "is_open": health.is_open,
        "lost": health.lost,
        "reopened": health.reopened,
        "undecodable": health.undecodable,
        "is_black": health.is_black,
        "error": health.error,
        "last_error": health.last_error,
    }


def main(argv: list[str]) -> None:
    """Run the cameras process of the session in the directory `argv[-1]`."""
    context = ProcessContext("cameras", argv)
    try:
        CamerasProcess(context).run()
    finally:
        context.close()


if __name__ == "__main__":
    main(sys.argv)
