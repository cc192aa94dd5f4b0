"""The session's ear and voice: takes in what the processes publish, keeps the snapshot, carries commands out.

One thread calls it. What it keeps for others (the snapshot, the pictures, the history) is replaced whole or locked.
"""

from __future__ import annotations

import dataclasses
import os
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from app.control import CommandClient
from app.dataplane import DataPlane
from app.dataplane.layouts import EVENTS, status_topic, tick_layout, tick_topic
from app.messages import Command, DiscardEpisode, EndEpisode, Event, Mode, Status, Stop
from app.processes.context import OWNER
from app.robot.gate import GateMask, GatePhase
from app.session import words
from app.session.history import TickHistory
from app.session.library import Library
from app.session.notices import NoticeBoard
from app.session.pictures import Pictures
from app.session.supervisor import Change, Supervisor
from app.session.view import (
    BusView,
    CameraView,
    GateView,
    LoopView,
    Notice,
    RecordingView,
    Snapshot,
    TickView,
)
from drivers.profile import RobotProfile
from recordings.errors import free_bytes

HISTORY_S = 10.0
SUPERVISE_S, HEARTBEAT_S, DISK_S = 0.1, 0.1, 2.0
LOG_LINES = 200
RATE_WINDOW = 100
TICK_SILENT_S = 0.5
"""Without a tick for this long, the screen shows no mode of the robot but that it is not heard."""

LOW_DISK_BYTES = 2 << 30

_decode_event = msgspec.json.Decoder(Event).decode


class Pump:
    """See the module.

    Args:
        profile: the robot.
        runtime_dir: the session's directory.
        plane: the owner's data plane.
        processes: those to run.
        library: the dataset.
        data_dir: the dataset's folder, whose disk is watched.
    """

    def __init__(
        self,
        profile: RobotProfile,
        runtime_dir: Path,
        plane: DataPlane,
        processes: tuple[str, ...],
        library: Library,
        *,
        data_dir: Path,
    ) -> None:
        self._profile = profile
        self._runtime_dir = runtime_dir
        self._library = library
        self._data_dir = data_dir
        self._layout = tick_layout(profile.dof)
        self._mask = GateMask.of(profile)
        self._ticks = plane.subscriber(tick_topic(profile))
        self._events = plane.subscriber(EVENTS)
        self._heartbeat = plane.publisher(status_topic(OWNER))
        self._clients: dict[str, CommandClient] = {}
        self._then: dict[tuple[str, int], Callable[[], None]] = {}
        self._tick_times: deque[tuple[int, int]] = deque(maxlen=RATE_WINDOW)
        self._tick_heard_ns = 0
        self._max_lateness_ns = 0
        self._log: deque[str] = deque(maxlen=LOG_LINES)
        self._say, self._say_id = "", 0
        self._was_stopped = False
        self._due = {"supervise": 0, "heartbeat": 0, "disk": 0}
        self._disk_free = 0
        self._asked_ns: dict[int, int] = {}
        self.last_close_s = float("nan")
        self.supervisor = Supervisor(runtime_dir, plane, processes)
        self.pictures = Pictures(profile, plane)
        self.history = TickHistory(self._layout, int(HISTORY_S * profile.control_rate_hz))
        self.notices = NoticeBoard()
        self.snapshot = Snapshot(time_ns=time.monotonic_ns(), profile_name=profile.name)

    def start(self) -> None:
        """Start the processes."""
        self.supervisor.start()

    def post(self, process: str, command: Command, then: Callable[[], None] | None) -> None:
        """Send a command; `then` is called when it was done, and its refusal becomes a notice."""
        client = self._clients.get(process)
        if client is None:
            client = self._clients[process] = CommandClient(self._runtime_dir, process)
        number = client.post(command)
        if isinstance(command, EndEpisode | DiscardEpisode):
            self._asked_ns[number] = time.monotonic_ns()
        if then is not None:
            self._then[process, number] = then

    def poll(self, *, beaten_ns: int) -> None:
        """Take in what is new, say what is due, and replace the snapshot.

        Args:
            beaten_ns: when the owner last said that it is alive and watching, monotonic.
        """
        if self._is_due("heartbeat", HEARTBEAT_S):
            # The time is the owner's, not this thread's: a window that hangs is as old as its last sign of life.
            status = Status(time_ns=beaten_ns, process=OWNER, pid=os.getpid(), state="running")
            self._heartbeat.send(msgspec.json.encode(status))
        self._take_ticks()
        self.pictures.poll()
        for sample in self._events.drain():
            self._take_event(_decode_event(sample.payload.tobytes()))
        for process, client in self._clients.items():
            for number, command, reply in client.replies():
                then = self._then.pop((process, number), None)
                if isinstance(command, EndEpisode | DiscardEpisode):
                    self.last_close_s = (time.monotonic_ns() - self._asked_ns.pop(number, 0)) / 1e9
                if reply.error:
                    self._log.append(f"{process}: refused, {reply.error}")
                    self.notices.refuse(reply.error)
                elif then is not None:
                    then()
        if self._is_due("supervise", SUPERVISE_S):
            for change in self.supervisor.poll():
                self._take_change(change)
            self._standing_notices()
        if self._is_due("disk", DISK_S):
            self._disk_free = free_bytes(self._data_dir)
        self.snapshot = self._compose()

    def fail(self, error: Exception) -> None:
        """Say on the last snapshot that there will be no other."""
        notice = Notice(
            key="session",
            level="error",
            what=f"The session has failed, and nothing on screen is live: {type(error).__name__}: {error}",
            remedy="the robot holds by itself; close the app and start it again",
            since_ns=time.monotonic_ns(),
        )
        last = self.snapshot
        self.snapshot = dataclasses.replace(
            last,
            ready=False,
            tick=None,
            gate=None,
            cameras=tuple(dataclasses.replace(camera, stale=True) for camera in last.cameras),
            notices=(notice, *last.notices),
        )

    def close(self) -> None:
        """End the processes."""
        self.supervisor.close()
        for client in self._clients.values():
            client.close()

    # -- taking in -----------------------------------------------------------------------------------------------------

    def _is_due(self, what: str, period_s: float) -> bool:
        now = time.monotonic_ns()
        if now < self._due[what]:
            return False
        self._due[what] = now + int(period_s * 1e9)
        return True

    def _take_ticks(self) -> None:
        for sample in self._ticks.drain():
            row = sample.payload.view(self._layout)[0]
            self.history.append(row)
            self._tick_heard_ns = time.monotonic_ns()
            self._tick_times.append((int(row["action_time_ns"]), int(row["tick"])))
            self._max_lateness_ns = max(self._max_lateness_ns, int(row["lateness_ns"]))

    def _take_event(self, event: Event) -> None:
        self._log.append(f"{event.source}: {event.message}")
        self.notices.take(event)
        if said := words.spoken(event):
            self._speak(said)
        if event.kind == "episode":
            self._library.refresh()

    def _take_change(self, change: Change) -> None:
        key = f"process:{change.name}"
        if change.lost:
            what = f"The {change.name} process is lost: {change.reason}"
            remedy = "it is started again by itself" + CONSEQUENCES.get(change.name, "")
            self.notices.put(
                Notice(key=key, level="error", what=what, remedy=remedy, since_ns=time.monotonic_ns())
            )
            self._log.append(what)
            self._speak(words.lost(change.name))
            if change.name == "recorder" and self.snapshot.recording is not None:
                self.notices.put(
                    Notice(
                        key="episode:cut",
                        level="warning",
                        what="The recording was cut short when the recorder was lost",
                        remedy=f"what was captured is kept; mend it with: understudy data repair "
                        f"{self.snapshot.recording.episode_id}",
                        since_ns=time.monotonic_ns(),
                    )
                )
            if change.name == "robot":
                self._was_stopped = self.snapshot.mode is Mode.STOPPED
            # What it said before is about what it knew; started again, it says anew what is still so.
            self.notices.forget(change.name)
            self._library.refresh()
        else:
            self.notices.remove(key)
            self._log.append(f"The {change.name} process is back")
            if change.name == "robot" and self._was_stopped:
                # Only a person's release ends an emergency stop, not a new start of the robot's process.
                self._was_stopped = False
                self.post("robot", Stop(reason="it was stopped before its process was lost"), None)

    def _speak(self, words: str) -> None:
        self._say = words
        self._say_id += 1

    def _standing_notices(self) -> None:
        robot = self.detail("robot")
        stand = self.notices.standing
        stand(
            "homing",
            bool(robot)
            and not robot.get("homed", True)
            and "searching" not in robot.get("homing", {}).values(),
            Notice(
                key="homing",
                level="warning",
                what="The lift does not know its zero",
                remedy="let it go down to its stop once",
                action="home_lifts",
                action_label="Home the lift",
            ),
        )
        stand(
            "torque",
            bool(robot) and not robot.get("torque", True),
            Notice(
                key="torque",
                level="warning",
                what="The servos are let go",
                remedy="support the arms, then power them",
                action="torque_on",
                action_label="Power the servos",
            ),
        )
        stand(
            "realtime",
            bool(robot) and not robot.get("realtime", True),
            Notice(
                key="realtime",
                level="info",
                what="No real-time priority: the 50 Hz loop can be late when the computer is busy",
                remedy="allow it for your user with a line in /etc/security/limits.d: @audio - rtprio 80",
            ),
        )
        stand(
            "disk",
            0 < self._disk_free < LOW_DISK_BYTES,
            Notice(
                key="disk",
                level="warning",
                what=f"Little room left for recordings in {self._data_dir}",
                remedy="free some space, or choose another folder with --data",
            ),
        )

    # -- composing -----------------------------------------------------------------------------------------------------

    def detail(self, process: str) -> dict[str, Any]:
        """The figures in a process's newest heartbeat; empty while it is starting or lost."""
        status = self.supervisor.status(process)
        return status.detail if status is not None else {}

    def _compose(self) -> Snapshot:
        robot, hands = self.detail("robot"), self.detail("hands")
        cameras = self._cameras()
        shelf = self._library.shelf
        row = self.history.newest
        heard = time.monotonic_ns() - self._tick_heard_ns < TICK_SILENT_S * 1e9
        seen = all(self.pictures.newest(name) is not None for name in self._profile.cameras)
        return Snapshot(
            time_ns=time.monotonic_ns(),
            profile_name=self._profile.name,
            mode=Mode(int(row["mode"])) if row is not None else Mode.HOLD,
            ready=heard and seen,
            homed=bool(robot.get("homed", False)),
            torque=bool(robot.get("torque", True)),
            speed=float(robot.get("speed", 1.0)),
            gate=self._gate(row) if row is not None and heard else None,
            tick=_tick_view(row) if row is not None and heard else None,
            loop=self._loop(row, robot),
            cameras=cameras,
            buses=tuple(_bus_view(name, bus) for name, bus in robot.get("buses", {}).items()),
            processes=self.supervisor.views(),
            notices=self.notices.current(),
            recording=self._recording(),
            episodes=shelf.episodes,
            trashed=shelf.trashed,
            disk_free_bytes=self._disk_free,
            dataset=str(self._data_dir),
            simulated=self._profile.simulation is not None,
            scripts=tuple(hands.get("scripts", ())),
            script=hands.get("script", ""),
            script_phase=hands.get("phase", ""),
            replay_progress=float(robot.get("replay_progress", 0.0)),
            gamepad=hands.get("gamepad", ""),
            log=tuple(self._log),
            say=self._say,
            say_id=self._say_id,
        )

    def _loop(self, row: np.void | None, robot: dict[str, Any]) -> LoopView:
        if row is None or len(self._tick_times) < 2:
            return LoopView()
        (first_ns, first), (last_ns, last) = self._tick_times[0], self._tick_times[-1]
        return LoopView(
            rate_hz=(last - first) / max(1e-9, (last_ns - first_ns) / 1e9),
            ticks=int(row["tick"]) + 1,
            late_ticks=int(row["late_ticks"]),
            max_lateness_ms=self._max_lateness_ns / 1e6,
            realtime=bool(robot.get("realtime", False)),
        )

    def _gate(self, row: np.void) -> GateView | None:
        phase = GatePhase(int(row["gate_phase"]))
        if phase in (GatePhase.CLOSED, GatePhase.FOLLOWING):
            return None
        error = np.where(self._mask.compared, row["leader"] - row["sent"], np.float32(np.nan))
        return GateView(phase.name.lower(), error, row["gate_within"].copy(), float(row["gate_ramp"]))

    def _cameras(self) -> tuple[CameraView, ...]:
        figures = self.detail("cameras").get("cameras", {})
        now = time.monotonic_ns()
        views = []
        for name, camera in self._profile.cameras.items():
            newest = self.pictures.newest(name)
            age_ms = (now - newest.time_ns) / 1e6 if newest is not None else float("inf")
            views.append(
                CameraView(
                    name=name,
                    rate_hz=float(figures.get(name, {}).get("rate_hz", 0.0)),
                    age_ms=age_ms,
                    dropped=int(figures.get(name, {}).get("dropped", 0)),
                    stale=age_ms > camera.stale_after_ms,
                    width_px=camera.width_px,
                    height_px=camera.height_px,
                )
            )
        return tuple(views)

    def _recording(self) -> RecordingView | None:
        detail = self.detail("recorder")
        if not detail.get("episode_id"):
            return None
        return RecordingView(
            episode_id=detail["episode_id"],
            task=detail["task"],
            started_ns=detail["started_ns"],
            duration_s=(time.monotonic_ns() - detail["started_ns"]) / 1e9,
            rows=detail["rows"],
            frames=detail["frames"],
            dropped=detail["dropped"],
            bytes_written=detail["bytes_written"],
        )


CONSEQUENCES = {
    "robot": "; the servos hold by themselves until then",
    "recorder": "; driving goes on, nothing is being recorded",
    "cameras": "; driving goes on without pictures",
    "simworld": "; the robot holds until its world is back",
    "hands": "; base and lift stand still until then",
}
"""What the loss of each process means while it lasts."""


def _tick_view(row: np.void) -> TickView:
    return TickView(
        time_ns=int(row["time_ns"]),
        **{
            name: row[name].copy()
            for name in ("position", "velocity", "effort", "requested", "sent", "leader")
        },
    )


def _bus_view(name: str, bus: dict[str, Any]) -> BusView:
    return BusView(
        name=name,
        connected=bus["connected"],
        reads=bus["reads"],
        retries=bus["retries"],
        failures=bus["failures"],
        latency_p50_ms=bus["latency_p50_ms"] if bus["latency_p50_ms"] is not None else float("nan"),
        latency_p99_ms=bus["latency_p99_ms"] if bus["latency_p99_ms"] is not None else float("nan"),
        last_error=bus["last_error"],
    )
