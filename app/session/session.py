"""A session: the processes of one robot, watched, and one place from which a person drives, records and replays.

Nothing here knows Qt. The window, the command line and the tests all drive the same object. Every method returns at
once: what is wanted goes into a queue, a thread of the session carries it to the processes, and the outcome is seen
in the next snapshot, refusals included, as notices.
"""

from __future__ import annotations

import logging
import os
import queue
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.collection.plan import CollectionPlan
from app.config import SessionConfig, write_config
from app.dataplane import DataPlane
from app.messages import (
    Command,
    DiscardEpisode,
    EndEpisode,
    HomeLifts,
    Hush,
    Jog,
    LoadReplay,
    Mode,
    MoveHand,
    Nudge,
    ProbeLift,
    RebootServo,
    Relatch,
    Release,
    ReopenCamera,
    Reply,
    RunScript,
    SetMode,
    SetSpeed,
    SetTorque,
    StartEpisode,
    Stop,
    StopScript,
)
from app.runtime import create_runtime_dir, remove_runtime_dir
from app.session.autonomy import Autonomy
from app.session.collecting import Collecting
from app.session.library import Library
from app.session.pump import SPEECH, Pump
from app.session.view import FrameView, Snapshot
from app.session.voicing import Voice
from app.speech.listening import Listening
from drivers.profile import load_profile, true_profile
from drivers.sim.remote import SimRemote

HARDWARE_PROCESSES = ("robot", "cameras", "recorder", "hands")
PUMP_PERIOD_S = 1 / 60
RELATCH_S = 0.5
LAST_ANSWERS_S = 2.0
"""At the end, how long the processes may take to answer what was asked just before."""

log = logging.getLogger("understudy.session")


class Session:
    """Starts the processes of a profile and carries commands to them until `close`.

    Args:
        profile: a shipped profile's name, or a path.
        data_dir: the dataset that episodes go to.
        seed: of the simulated world's object placement.
        operator: who drives.
        processes: those to run; by default all that the profile needs.

    Raises:
        ProfileError: when the profile cannot be used; lists every mistake in it.
    """

    def __init__(
        self,
        profile: str = "sim-kitchen",
        *,
        data_dir: Path,
        seed: int = 0,
        operator: str = "",
        processes: tuple[str, ...] | None = None,
    ) -> None:
        self.profile = load_profile(profile)
        self.profile_source = profile
        # A simulated world that it names and that cannot be is refused here, and not in its process.
        true_profile(self.profile)
        self.runtime_dir = create_runtime_dir()
        write_config(
            self.runtime_dir,
            SessionConfig(
                profile=profile, data_dir=str(data_dir), seed=seed, operator=operator, owner_pid=os.getpid()
            ),
        )
        if processes is None:
            processes = (("simworld",) if self.profile.simulation is not None else ()) + HARDWARE_PROCESSES
        self._plane = DataPlane(self.runtime_dir)
        self._library = Library(data_dir, self._refuse)
        self._pump = Pump(
            self.profile, self.runtime_dir, self._plane, processes, self._library, data_dir=data_dir
        )
        self._collecting = Collecting(self.profile, self._pump, self._library, operator=operator)
        self._pump.collection = self._collecting.view
        self._wanted: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self.autonomy = Autonomy(self._pump, self.runtime_dir, self._wanted.put)
        self.voice = Voice(self._pump, self.runtime_dir, self._wanted.put, self._told)
        self._pump.policy, self._pump.voice = self.autonomy.view, self.voice.view
        self._pump.takers += [self.autonomy.take, self.voice.take]
        self._pump.when_lost.append(self.voice.lost)
        self._ended = threading.Event()
        self._beaten_ns = 0
        self._pump.start()
        self._library.refresh()
        self._thread = threading.Thread(target=self._run, name="session")
        self._thread.start()

    # -- what is seen --------------------------------------------------------------------------------------------------

    def snapshot(self) -> Snapshot:
        """Everything the window shows, as of a few milliseconds ago."""
        return self._pump.snapshot

    def frame(self, camera: str) -> FrameView | None:
        """The newest picture of a camera, or None before the first."""
        return self._pump.pictures.newest(camera)

    def ticks(self, since_ns: int) -> NDArray[np.void]:
        """The ticks after this time, at most the last ten seconds, in the layout of `app.dataplane.layouts`."""
        return self._pump.history.since(since_ns)

    def process_detail(self, name: str) -> dict[str, Any]:
        """The figures in a process's newest heartbeat; empty while it is starting or lost."""
        return self._pump.detail(name)

    @property
    def last_close_s(self) -> float:
        """Seconds from the end of the last episode, as it was asked for, to the recorder's word that it is closed."""
        return self._pump.last_close_s

    @property
    def _seen_ns(self) -> int:
        """When the owner last showed that it watches; until it first does, nobody can have set anything in motion."""
        return self._beaten_ns or time.monotonic_ns()

    def beat(self) -> None:
        """Say that the owner is alive and watching; without it for a second, the robot holds."""
        self._beaten_ns = time.monotonic_ns()

    # -- driving -------------------------------------------------------------------------------------------------------

    def set_mode(self, mode: Mode) -> None:
        """Hand the robot to a source."""
        self._send("robot", SetMode(mode=mode))

    def stop(self, reason: str = "emergency stop pressed") -> None:
        """Emergency stop."""
        self._send("robot", Stop(reason=reason))

    def release(self) -> None:
        """Leave the emergency stop."""
        self._send("robot", Release())

    def home_lifts(self) -> None:
        """Let every lift find its zero."""
        self._send("robot", HomeLifts())

    def set_torque(self, on: bool, *, lent: bool = False) -> None:
        """Power the servos, or let them go: the arms then fall. Lent, they are powered again should the owner end."""
        self._send("robot", SetTorque(on=on, lent=lent))

    def nudge(self, nudge: Nudge) -> None:
        """Make a small slow move out of hold, for a calibration."""
        self._send("robot", nudge)

    def probe_lift(self, lift: str, distance_m: float) -> None:
        """Move a lift a little, up where the profile says that up is."""
        self._send("robot", ProbeLift(lift=lift, distance_m=distance_m))

    def set_speed(self, factor: float) -> None:
        """Scale the speed of base and lift."""
        self._send("robot", SetSpeed(factor=factor))

    def reboot_servo(self, bus: str, servo_id: int) -> None:
        """Clear a servo's hardware error."""
        self._send("robot", RebootServo(bus=bus, servo_id=servo_id))

    def reopen_camera(self, name: str) -> None:
        """Close a camera and open it again."""
        self._send("cameras", ReopenCamera(name=name))

    def jog(self, jog: Jog) -> None:
        """What the keys or on-screen handles want now; repeat it while they want it."""
        self._send("hands", jog)

    def move_hand(
        self, hand: str, position_m: tuple[float, float, float], opening: float | None = None
    ) -> None:
        """Put a hand's grasp point somewhere, in the frame of the lift carriage."""
        self._send("hands", MoveHand(hand=hand, position_m=position_m, opening=opening))

    def run_script(self, name: str, seed: int = 0) -> None:
        """Let the scripted operator do a task: it takes the leaders, and the robot is told to follow."""
        self._send("hands", RunScript(script=name, seed=seed), then=lambda: self.set_mode(Mode.TELEOP))

    def stop_script(self, *, hold: bool = True) -> None:
        """Take the scripted operator's hands off; then the robot holds, or goes on following hands that stand still."""
        self._send("hands", StopScript(), then=(lambda: self.set_mode(Mode.HOLD)) if hold else None)

    def reset_world(self, seed: int) -> None:
        """Put the simulated kitchen in order: objects placed by the seed, the robot at its start."""
        if self.profile.simulation is None:
            self._refuse(f"{self.profile.name} is not simulated; there is no world to reset")
            return
        if self.snapshot().mode not in (Mode.HOLD, Mode.STOPPED):
            self._refuse("the robot is moving; hold it before resetting the kitchen")
            return
        self._send(
            "robot",
            Relatch(for_s=RELATCH_S),
            then=lambda: self._library.run(partial(self._reset_world, seed)),
        )

    # -- recording -----------------------------------------------------------------------------------------------------

    def start_episode(self, task: str, *, tags: tuple[str, ...] = ()) -> None:
        """Begin an episode."""
        self._send("recorder", StartEpisode(task=task, tags=tags))

    def end_episode(self, outcome: str = "unset") -> None:
        """Close the running episode: `success`, `failure` or `unset`."""
        self._send("recorder", EndEpisode(outcome=outcome), then=self._library.refresh)

    def discard_episode(self) -> None:
        """Close the running episode and put it into the trash."""
        self._send("recorder", DiscardEpisode(), then=self._library.refresh)

    def set_plan(self, plan: CollectionPlan) -> None:
        """Say what is collected from the next episode on."""
        self._wanted.put(partial(self._collecting.set_plan, plan))

    def begin(self, *, at_once: bool = False) -> None:
        """Go for the next episode: countdown, gate, ramp, recording; or record at once, whatever the robot does."""
        self._wanted.put(partial(self._collecting.begin, at_once=at_once))

    def cancel(self) -> None:
        """Give up the countdown or the alignment of an episode that has not begun."""
        self._wanted.put(self._collecting.cancel)

    def judge(self, outcome: str, *, aim: str) -> None:
        """End or judge an episode as `success`, `failure`, `unset` or `discard`.

        Args:
            outcome: of the four above; `discard` puts it into the trash.
            aim: `snapshot().collection.aim` as it was when the operator decided. It is refused when that episode is
                neither running nor the last one.
        """
        self._wanted.put(partial(self._collecting.judge, outcome, aim))

    def take_back(self) -> None:
        """Put the last episode into the trash, or take it out again when it was just put there."""
        self._wanted.put(self._collecting.take_back)

    def presses(self) -> tuple[str, ...]:
        """Triggers given since the last call by gamepad, leader handles or voice, oldest first."""
        return self._pump.presses()

    def stop_on(self, triggers: frozenset[str]) -> None:
        """Let these triggers stop the robot as soon as they are heard, however busy the window is."""
        self._pump.stop_triggers = triggers

    def listen(self, on: bool, *, device: str = "", triggers: tuple[str, ...] | None = None) -> None:
        """Listen for spoken words, or no longer. While it is on, another call changes what is listened to.

        Args:
            on: whether to listen.
            device: the microphone's name; empty for the system's default.
            triggers: of which the words are listened for; None for the usual ones.
        """
        listening = (
            Listening(device=device) if triggers is None else Listening(device=device, triggers=triggers)
        )
        self._wanted.put(lambda: self._pump.listen(listening if on else None))

    def hushed(self, until_ns: int) -> None:
        """Say that the app itself speaks until then (monotonic), so that its voice is not taken for a command."""
        if self._pump.listening:
            self._send(SPEECH, Hush(until_ns=until_ns))
        self.voice.hushed(until_ns)

    def trash_episode(self, episode_id: str) -> None:
        """Put an episode into the trash."""
        self._library.trash(episode_id)

    def restore_episode(self, episode_id: str) -> None:
        """Take an episode out of the trash."""
        self._library.restore(episode_id)

    def delete_episodes(self, episode_ids: tuple[str, ...]) -> None:
        """Delete episodes from the trash for good."""
        self._library.delete(episode_ids)

    def annotate_episode(
        self,
        episode_id: str,
        *,
        outcome: str | None = None,
        notes: str | None = None,
        tags: tuple[str, ...] | None = None,
    ) -> None:
        """Change what is said of an episode; None leaves a field as it is."""
        self._library.annotate(episode_id, outcome=outcome, notes=notes, tags=tags)

    def replay(self, episode_id: str) -> None:
        """Let the robot do again what it did in an episode; a hold or stop while it is being read stands."""
        self._wanted.put(partial(self._replay, episode_id))

    def do(self, action: str) -> None:
        """Perform the action of a notice."""
        match action.split():
            case ["home_lifts"]:
                self.home_lifts()
            case ["release"]:
                self.release()
            case ["torque_on"]:
                self.set_torque(True)
            case ["reboot_servo", bus, servo_id]:
                self.reboot_servo(bus, int(servo_id))
            case ["reopen_camera", name]:
                self.reopen_camera(name)
            case _:
                self._refuse(f"no such action: {action!r}")

    # -- the end -------------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """End the running episode, then every process, and remove the session's directory."""
        if self._ended.is_set():
            return
        self._ended.set()
        self._wanted.put(lambda: None)  # so that its thread looks up
        self._thread.join()
        self._pump.close()
        self._library.close()
        self._plane.close()
        remove_runtime_dir(self.runtime_dir)

    # -- inside --------------------------------------------------------------------------------------------------------

    def _send(self, process: str, command: Command, *, then: Callable[[], None] | None = None) -> None:
        def answered(reply: Reply) -> None:
            if then is not None and not reply.error:
                then()

        self._wanted.put(lambda: self._pump.post(process, command, answered))

    def _told(self, subtask: str, origin: str, confidence: float, utterance: int) -> None:
        """Carry out what was said."""
        self.autonomy.tell(subtask, origin=origin, confidence=confidence, utterance=utterance)

    def _refuse(self, error: str) -> None:
        self._wanted.put(lambda: self._pump.notices.refuse(error))

    def _replay(self, episode_id: str) -> None:
        said_before = self._pump.mode_orders

        def begin() -> None:
            if self._pump.mode_orders == said_before:
                self.set_mode(Mode.REPLAY)

        def loaded(rows: int, actions: bytes) -> None:
            command = LoadReplay(episode_id=episode_id, rows=rows, actions=actions)
            self._send("robot", command, then=begin)

        self._library.load_actions(episode_id, loaded)

    def _reset_world(self, seed: int) -> None:
        with SimRemote(self.runtime_dir) as remote:
            remote.reset(seed, robot=True)

    def _run(self) -> None:
        """The session's thread, until its end. Should it fail, the owner's heartbeat ends with it: the robot holds."""
        try:
            self._take_turns()
        except Exception as error:
            log.exception("the session's thread has ended")
            self._pump.fail(error)

    def _take_turns(self) -> None:
        """Commands out, news in, about sixty times a second."""
        deadline = time.monotonic()
        while not self._ended.is_set():
            self._carry_out()
            self._collecting.step()
            self._pump.poll(beaten_ns=self._seen_ns)
            deadline = max(deadline + PUMP_PERIOD_S, time.monotonic())
            self._carry_out(until_s=deadline)
        # What was asked for just before the end, such as an episode's outcome, still counts.
        self._carry_out()
        last_s = time.monotonic() + LAST_ANSWERS_S
        while self._pump.awaits_answers and time.monotonic() < last_s:
            self._pump.poll(beaten_ns=self._seen_ns)
            time.sleep(PUMP_PERIOD_S)

    def _carry_out(self, *, until_s: float | None = None) -> None:
        """Do what has been asked for since the last time, and until then (monotonic) whatever is asked for, at once."""
        while True:
            left_s = 0.0 if until_s is None or self._ended.is_set() else until_s - time.monotonic()
            try:
                wanted = self._wanted.get(timeout=left_s) if left_s > 0 else self._wanted.get_nowait()
            except queue.Empty:
                return
            wanted()
