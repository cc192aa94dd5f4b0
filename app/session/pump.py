"""The session's ear and voice: takes in what the processes publish, carries commands out, renews the snapshot.

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

from app.collection.view import CollectionView
from app.control import CommandClient
from app.dataplane import DataPlane
from app.dataplane.layouts import EVENTS, status_topic, tick_layout, tick_topic
from app.inputs.bindings import STOP_ACTION
from app.inputs.defaults import EXTRA_TRIGGERS
from app.messages import (
    Command,
    DiscardEpisode,
    EndEpisode,
    Event,
    Listen,
    Mode,
    Reply,
    SetMode,
    Source,
    Status,
    Stop,
)
from app.processes.context import OWNER
from app.robot.gate import GateMask
from app.session import compose, words
from app.session.history import TickHistory
from app.session.library import Library
from app.session.loop_meter import LoopMeter
from app.session.notices import NoticeBoard
from app.session.pictures import Pictures
from app.session.policy_view import PolicyView
from app.session.robot_views import RobotViews
from app.session.standing import standing_notices
from app.session.supervisor import Change, Supervisor
from app.session.view import Notice, Snapshot
from app.session.voice_view import VoiceView
from app.speech.listening import Listening, write_listening
from drivers.profile import RobotProfile
from recordings.errors import free_bytes

SPEECH = "speech"
HISTORY_S = 10.0
SUPERVISE_S, HEARTBEAT_S, DISK_S = 0.1, 0.1, 2.0
LOG_LINES = 200
SKEW_TICKS = 32
"""Ticks among which the one nearest to a picture is looked for: far more than a picture is late."""
TICK_SILENT_S = 0.5
"""Without a tick for this long, the screen shows no mode of the robot but that it is not heard."""

PRESSES_KEPT, PRESS_LIVES_S = 64, 1.0
"""What an input that waited longer was meant for is over: a window that hung must not begin an episode by it."""

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
        self._to_inform: dict[str, Command] = {}
        self._answered: dict[tuple[str, int], Callable[[Reply], None]] = {}
        self._tick_heard_ns = 0
        self._loop_meter = LoopMeter()
        self._tick_times_ns: deque[int] = deque(maxlen=SKEW_TICKS)
        self._robot_views = RobotViews()
        self._log: deque[str] = deque(maxlen=LOG_LINES)
        self._say, self._say_id = "", 0
        self._presses: deque[tuple[int, str]] = deque(maxlen=PRESSES_KEPT)
        self.stop_triggers = frozenset(EXTRA_TRIGGERS[STOP_ACTION])
        self._was_stopped = False
        self._words: Listening | None = None
        self._microphone: str | None = None
        self._due = {"supervise": 0, "heartbeat": 0, "disk": 0}
        self._disk_free = 0
        self._asked_ns: dict[int, int] = {}
        self.last_close_s = float("nan")
        self.supervisor = Supervisor(runtime_dir, plane, processes)
        self.pictures = Pictures(profile, plane)
        self.history = TickHistory(self._layout, int(HISTORY_S * profile.control_rate_hz))
        self.notices = NoticeBoard()
        self.collection: Callable[[], CollectionView] = CollectionView
        self.voice: Callable[[], VoiceView | None] = lambda: None
        self.policy: Callable[[], PolicyView | None] = lambda: None
        self.takers: list[Callable[[Event], None]] = []
        self.when_lost: list[Callable[[str], None]] = []
        self.mode_orders = 0  # how often the robot was told who moves it, or to stop
        self._told = plane.publisher(EVENTS)
        # What never changes is right from the first look on: a window builds itself by it.
        self.snapshot = Snapshot(
            time_ns=time.monotonic_ns(),
            profile_name=profile.name,
            dataset=str(data_dir),
            simulated=profile.simulation is not None,
        )

    def start(self) -> None:
        """Start the processes."""
        self.supervisor.start()

    def post(self, process: str, command: Command, answered: Callable[[Reply], None] | None = None) -> None:
        """Send a command; its refusal becomes a notice, and `answered` gets the reply either way."""
        client = self._clients.get(process)
        if client is None:
            client = self._clients[process] = CommandClient(self._runtime_dir, process)
        number = client.post(command)
        if isinstance(command, SetMode | Stop):
            self.mode_orders += 1
        if isinstance(command, EndEpisode | DiscardEpisode):
            self._asked_ns[number] = time.monotonic_ns()
        if answered is not None:
            self._answered[process, number] = answered

    def inform(self, process: str, command: Command) -> None:
        """Tell a process that what it was started with has changed: now, or as soon as it is heard.

        One that is just starting may have read it a moment ago, and is not yet known to listen.
        """
        if self.supervisor.status(process) is not None:
            self.post(process, command)
        else:
            self._to_inform[process] = command

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
        for process, client in list(self._clients.items()):
            for number, command, reply in client.replies():
                answered = self._answered.pop((process, number), None)
                if isinstance(command, EndEpisode | DiscardEpisode):
                    self.last_close_s = (time.monotonic_ns() - self._asked_ns.pop(number, 0)) / 1e9
                if reply.error:
                    self._log.append(f"{process}: refused, {reply.error}")
                    self.notices.refuse(reply.error)
                if answered is not None:
                    answered(reply)
        if self._is_due("supervise", SUPERVISE_S):
            for change in self.supervisor.poll():
                self._take_change(change)
            for process in [name for name in self._to_inform if self.supervisor.status(name) is not None]:
                self.post(process, self._to_inform.pop(process))
            for notice, wanted in standing_notices(
                self.detail("robot"), disk_free_bytes=self._disk_free, data_dir=self._data_dir
            ):
                self.notices.standing(notice.key, wanted, notice)
        if self._is_due("disk", DISK_S):
            self._disk_free = free_bytes(self._data_dir)
        self.snapshot = self._compose()

    def say(self, kind: str, message: str, **data: Any) -> None:
        """Publish an event of the owner's own: to the log and the running episode."""
        event = Event(time_ns=time.monotonic_ns(), kind=kind, source=OWNER, message=message, data=data)
        self._told.send(msgspec.json.encode(event))

    def hear(self, on: bool, *, device: str = "") -> None:
        """Have a microphone for utterances, whether or not words are listened for too."""
        self._microphone = device if on else None
        self._run_speech()

    def listen(self, listening: Listening | None) -> None:
        """Listen for words, for others, or with None for none any more."""
        self._words = listening
        self._run_speech()

    @property
    def listening(self) -> bool:
        """Whether there is to be a microphone."""
        return self._words is not None or self._microphone is not None

    def _run_speech(self) -> None:
        """Run the speech process as long as anybody wants a microphone, and tell it what has changed."""
        if not self.listening:
            self.supervisor.remove(SPEECH)
            self.notices.forget(SPEECH)
            self.notices.remove(f"process:{SPEECH}")
            return
        listening = self._words or Listening(device=self._microphone or "", triggers=())
        # Whatever its words, what stops the robot is heeded while the app speaks.
        listening = msgspec.structs.replace(listening, urgent=tuple(sorted(self.stop_triggers)))
        write_listening(self._runtime_dir, listening)
        if not self.supervisor.add(SPEECH):
            self.inform(SPEECH, Listen())

    @property
    def awaits_answers(self) -> bool:
        """Whether a process still owes an answer to a command."""
        return any(client.waiting for client in self._clients.values())

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

    def presses(self) -> tuple[str, ...]:
        """The triggers since the last call that are not too old, oldest first; for one other thread."""
        taken = []
        oldest_ns = time.monotonic_ns() - int(PRESS_LIVES_S * 1e9)
        while self._presses:
            time_ns, trigger = self._presses.popleft()
            if time_ns >= oldest_ns:
                taken.append(trigger)
        return tuple(taken)

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
            self._loop_meter.take(row)
            self._tick_times_ns.append(int(row["time_ns"]))

    def _take_input(self, event: Event) -> None:
        """A gamepad's button, a gesture or a spoken word. STOP waits for no window; the log has more to tell."""
        trigger = str(event.data.get("trigger", ""))
        if trigger in self.stop_triggers:
            self.post("robot", Stop(reason=f"STOP by {event.message}"), None)
        self._presses.append((event.time_ns, trigger))

    def _take_event(self, event: Event) -> None:
        if event.kind == "input":
            self._take_input(event)
            return
        self._log.append(f"{event.source}: {event.message}")
        self.notices.take(event)
        for take in self.takers:
            take(event)
        if said := words.spoken(event):
            self.speak(said)
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
            if not change.again:
                self.speak(words.lost(change.name))
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
            for see in self.when_lost:
                see(change.name)
            self._library.refresh()
        else:
            self.notices.remove(key)
            self._log.append(f"The {change.name} process is back")
            if change.name == "robot" and self._was_stopped:
                # Only a person's release ends an emergency stop, not a new start of the robot's process.
                self._was_stopped = False
                self.post("robot", Stop(reason="it was stopped before its process was lost"))

    def speak(self, words: str) -> None:
        """Give the window words to say aloud and to flash."""
        self._say = words
        self._say_id += 1

    # -- composing -----------------------------------------------------------------------------------------------------

    def detail(self, process: str) -> dict[str, Any]:
        """The figures in a process's newest heartbeat; empty while it is starting or lost."""
        status = self.supervisor.status(process)
        return status.detail if status is not None else {}

    def _compose(self) -> Snapshot:
        robot, hands = self.detail("robot"), self.detail("hands")
        self._robot_views.take(robot)
        figures = self.detail("cameras").get("cameras", {})
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
            gate=compose.gate_view(row, self._mask) if row is not None and heard else None,
            tick=compose.tick_view(row) if row is not None and heard else None,
            loop=self._loop_meter.view(realtime=bool(robot.get("realtime", False))),
            cameras=tuple(
                compose.camera_view(
                    name, camera, self.pictures.newest(name), figures.get(name, {}), self._tick_times_ns
                )
                for name, camera in self._profile.cameras.items()
            ),
            buses=self._robot_views.buses,
            servos=self._robot_views.servos,
            processes=self.supervisor.views(),
            notices=self.notices.current(),
            intervening=row is not None and heard and int(row["source"]) == Source.INTERVENTION,
            recording=compose.recording_view(self.detail("recorder")),
            collection=self.collection(),
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
            gesture=_gesture(hands.get("gesture")),
            speech=compose.speech_view(self.detail("speech")) if self.listening else None,
            voice=self.voice(),
            policy=self.policy(),
            log=tuple(self._log),
            say=self._say,
            say_id=self._say_id,
        )


def _gesture(said: Any) -> tuple[str, float]:
    """The gesture under way, as the hands' heartbeat tells it."""
    return (str(said[0]), float(said[1])) if said else ("", 0.0)


CONSEQUENCES = {
    "robot": "; the servos hold by themselves until then",
    "recorder": "; driving goes on, nothing is being recorded",
    "cameras": "; driving goes on without pictures",
    "simworld": "; the robot holds until its world is back",
    "hands": "; base and lift stand still until then",
    "speech": "; spoken words do nothing until then, keys and pedals do",
    "transcriber": "; say it again then, or use the keys",
    "policy": "; the robot holds when the last chunk has run out",
}
"""What the loss of each process means while it lasts."""
