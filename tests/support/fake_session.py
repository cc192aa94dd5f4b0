"""A session of moving make-believe data, for looking at the window and for its tests; it drives nothing."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from app.collection.plan import CollectionPlan
from app.collection.view import CollectionView, Phase
from app.messages import Jog, Mode, Nudge
from app.session.view import (
    BusView,
    CameraView,
    EpisodeView,
    FrameView,
    GateView,
    LoopView,
    Notice,
    ProcessView,
    RecordingView,
    Snapshot,
    SpeechView,
    TickView,
)
from drivers.profile.schema import RobotProfile
from tests.support.fake_policy import FakeAutonomy
from tests.support.fake_robot import healthy_servos, with_intervals, with_latencies
from tests.support.fake_voice import FakeVoice

PROFILE_PATH = Path(__file__).resolve().parents[2] / "drivers" / "profiles" / "sim-kitchen.toml"
GATE_S = 3.0


def load_fake_profile() -> RobotProfile:
    """The simulated kitchen's profile, without what the real reader checks."""
    return msgspec.toml.decode(PROFILE_PATH.read_bytes(), type=RobotProfile)


def painted_image(width_px: int, height_px: int, *, tint: int) -> NDArray[np.uint8]:
    """A still life of gradients: a counter, a wall, something round."""
    y, x = np.mgrid[0:height_px, 0:width_px].astype(np.float32)
    image = np.empty((height_px, width_px, 3), np.uint8)
    image[..., 0] = 90 + 60 * y / height_px + 10 * (tint % 3)
    image[..., 1] = 95 + 50 * y / height_px
    image[..., 2] = 105 + 40 * x / width_px + 8 * tint
    plate = (x - width_px * 0.55) ** 2 + (y - height_px * 0.6) ** 2 < (min(width_px, height_px) * 0.2) ** 2
    image[plate] = (214, 218, 222)
    return image


class FakeSession:
    """Answers like a session; tests set `mode`, `gate_seconds`, `faults` and read `calls`.

    Args:
        images: pictures by camera name, in place of painted ones.
        moving: whether pictures and joints change by themselves.
    """

    def __init__(self, *, images: dict[str, NDArray[np.uint8]] | None = None, moving: bool = True) -> None:
        self.profile = load_fake_profile()
        self.profile_source = "sim-kitchen"
        self.runtime_dir = Path("no session's directory")
        self.calls: list[tuple[Any, ...]] = []
        self.jogs: list[Jog] = []
        self.beats = 0
        self.closed = False
        self.mode = Mode.HOLD
        self.notices: tuple[Notice, ...] = ()
        self.stale_camera = ""
        self.lost_process = ""
        self.lost_bus = ""
        self.leader_offset_rad = 0.0
        self.gate: GateView | None = None
        self.recording: RecordingView | None = None
        self.collection = CollectionView(plan=CollectionPlan(countdown_s=0.0))
        self.intervening = False
        self.disk_free_bytes = 412_000_000_000
        self.pressed: list[str] = []
        self.gesture = ("", 0.0)
        self.stop_triggers: frozenset[str] = frozenset()
        self.script = ""
        self.speech: SpeechView | None = None
        self.autonomy = FakeAutonomy(self.calls, self._enter, lambda: self.mode)
        self.voice = FakeVoice(self.calls, self.autonomy.told)
        self.episodes: tuple[EpisodeView, ...] = ()
        self.trashed: tuple[EpisodeView, ...] = ()
        self.gamepad = ""
        self.ready = True
        self.homed = True
        self.torque = True
        self.speed = 0.75
        self.replay_progress = 0.0
        self.log: tuple[str, ...] = ("robot: five buses answer", "cameras: four cameras deliver")
        self.moving = moving
        self.simulated = True
        self.servos = healthy_servos(self.profile)
        self._say = ("", 0)
        self._started_ns = time.monotonic_ns()
        self._gate_until_s = 0.0
        self._images = {
            name: (images or {}).get(name, painted_image(camera.width_px, camera.height_px, tint=index))
            for index, (name, camera) in enumerate(self.profile.cameras.items())
        }

    # -- what is shown --------------------------------------------------------------------------------------------

    def snapshot(self) -> Snapshot:
        now_ns = time.monotonic_ns()
        self._advance_gate()
        elapsed_s = (now_ns - self._started_ns) / 1e9
        recording = self.recording
        if recording is not None:
            duration_s = (now_ns - recording.started_ns) / 1e9
            recording = replace(
                recording,
                duration_s=duration_s,
                rows=int(50 * duration_s),
                frames=int(120 * duration_s),
                bytes_written=int(2.4e6 * duration_s),
            )
        return Snapshot(
            time_ns=now_ns,
            profile_name=self.profile.name,
            mode=self.mode,
            ready=self.ready,
            homed=self.homed,
            torque=self.torque,
            speed=self.speed,
            gate=self.gate,
            tick=self._tick(now_ns),
            loop=LoopView(
                rate_hz=50.0, ticks=int(50 * elapsed_s), late_ticks=0, max_lateness_ms=0.8, realtime=True
            ),
            cameras=tuple(self._camera(name) for name in self.profile.cameras),
            buses=tuple(self._bus(name) for name in self.profile.buses),
            servos=self.servos,
            processes=tuple(self._process(name) for name in ("robot", "cameras", "recorder", "simworld")),
            notices=self.notices,
            recording=recording,
            collection=self.collection,
            intervening=self.intervening,
            episodes=self.episodes,
            trashed=self.trashed,
            disk_free_bytes=self.disk_free_bytes,
            dataset="data/sim-kitchen",
            simulated=self.simulated,
            scripts=(
                "pick up the plate",
                "pick up the cup",
                "pick up the sponge",
                "pick up the spoon",
                "open the drawer",
            ),
            script=self.script,
            script_phase="lowering the hand" if self.script else "",
            replay_progress=self.replay_progress,
            gamepad=self.gamepad,
            gesture=self.gesture,
            speech=self.speech or self.voice.speech(),
            voice=self.voice.view(),
            policy=self.autonomy.view(),
            log=self.log,
            say=self._say[0],
            say_id=self._say[1],
        )

    def frame(self, camera: str) -> FrameView | None:
        image = self._images.get(camera)
        if image is None or not self.ready:
            return None
        now_ns = time.monotonic_ns()
        sequence = (
            int((now_ns - self._started_ns) * 30 / 1e9) if self.moving and camera != self.stale_camera else 1
        )
        return FrameView(camera=camera, time_ns=now_ns, sequence=sequence, image=image)

    def ticks(self, since_ns: int) -> NDArray[Any]:
        dof = self.profile.dof
        dtype = np.dtype(
            [
                ("time_ns", "i8"),
                ("position", "f4", (dof,)),
                ("sent", "f4", (dof,)),
                ("requested", "f4", (dof,)),
                ("lateness_ns", "i8"),
            ]
        )
        now_ns = time.monotonic_ns()
        times = np.arange(max(since_ns + 20_000_000, now_ns - 10_000_000_000), now_ns, 20_000_000)
        rows = np.zeros(len(times), dtype)
        rows["time_ns"] = times
        for index, time_ns in enumerate(times):
            tick = self._tick(int(time_ns))
            rows[index]["position"], rows[index]["sent"] = tick.position, tick.sent
            rows[index]["requested"] = tick.requested
        return rows

    def say(self, words: str) -> None:
        """Give the window something new to flash."""
        self._say = (words, self._say[1] + 1)

    # -- what is asked --------------------------------------------------------------------------------------------

    def beat(self) -> None:
        self.beats += 1

    def set_mode(self, mode: Mode) -> None:
        self.calls.append(("set_mode", mode))
        if self.mode is Mode.STOPPED:
            return
        self.mode = mode
        if mode is Mode.TELEOP:
            self._gate_until_s = time.monotonic() + GATE_S

    def _enter(self, mode: Mode) -> None:
        if self.mode is not Mode.STOPPED:
            self.mode, self.gate, self._gate_until_s = mode, None, 0.0

    def stop(self, reason: str) -> None:
        self.calls.append(("stop", reason))
        self.mode, self.gate, self._gate_until_s = Mode.STOPPED, None, 0.0
        self.say("Stopped")

    def release(self) -> None:
        self.calls.append(("release",))
        self.mode = Mode.HOLD
        self.say("Released")

    def home_lifts(self) -> None:
        self.calls.append(("home_lifts",))
        self.homed = True

    def set_torque(self, on: bool, *, lent: bool = False) -> None:
        self.calls.append(("set_torque", on))
        self.torque = on

    def nudge(self, nudge: Nudge) -> None:
        self.calls.append(("nudge", nudge))

    def probe_lift(self, lift: str, distance_m: float) -> None:
        self.calls.append(("probe_lift", lift, distance_m))

    def set_speed(self, factor: float) -> None:
        self.calls.append(("set_speed", factor))
        self.speed = factor

    def reboot_servo(self, bus: str, servo_id: int) -> None:
        self.calls.append(("reboot_servo", bus, servo_id))

    def reopen_camera(self, name: str) -> None:
        self.calls.append(("reopen_camera", name))

    def set_plan(self, plan: CollectionPlan) -> None:
        self.calls.append(("set_plan", plan))
        self.collection = replace(self.collection, plan=plan)

    def start_episode(self, task: str, *, tags: tuple[str, ...] = ()) -> None:
        self.calls.append(("start_episode", task, tags))

    def end_episode(self, outcome: str = "unset") -> None:
        self.calls.append(("end_episode", outcome))

    def discard_episode(self) -> None:
        self.calls.append(("discard_episode",))

    def begin(self, *, at_once: bool = False) -> None:
        self.calls.append(("begin", at_once))
        number = f"ep-{len(self.episodes) + 1:06d}"
        self.recording = RecordingView(
            episode_id=number,
            task=self.collection.plan.task,
            started_ns=time.monotonic_ns(),
            duration_s=0.0,
            rows=0,
            frames=0,
            dropped=0,
            bytes_written=0,
        )
        self.collection = replace(self.collection, phase=Phase.RECORDING, aim=number)
        self.say("Recording")

    def record(self, task: str) -> None:
        """Be in the middle of an episode."""
        self.collection = replace(self.collection, plan=CollectionPlan(task=task, countdown_s=0.0))
        self.begin()
        self.calls.clear()

    def be(self, phase: Phase, **fields: Any) -> None:
        """Stand in a phase of the collection, with other fields of its view changed too."""
        if phase is Phase.RECORDING and self.recording is None:
            self.begin()
            self.calls.clear()
        if phase is not Phase.RECORDING:
            self.recording = None
        self.collection = replace(self.collection, phase=phase, **fields)

    def end(self, outcome: str) -> None:
        """End the running episode."""
        self.judge(outcome, aim=self.collection.aim)

    def cancel(self) -> None:
        self.calls.append(("cancel",))
        self.collection = replace(self.collection, phase=Phase.IDLE)

    def judge(self, outcome: str, *, aim: str) -> None:
        self.calls.append(("judge", outcome, aim))
        if self.recording is None or aim != self.recording.episode_id:
            return
        if outcome == "discard":
            self.trashed = (self._closed("unset"), *self.trashed)
        else:
            self.episodes = (self._closed(outcome), *self.episodes)
        self.recording = None
        self.collection = replace(
            self.collection, phase=Phase.RESETTING, aim=aim, last_id=aim, last_outcome=outcome
        )
        self.say("Discarded" if outcome == "discard" else outcome.capitalize())

    def take_back(self) -> None:
        self.calls.append(("take_back",))

    def presses(self) -> tuple[str, ...]:
        taken, self.pressed = tuple(self.pressed), []
        for trigger in self.stop_triggers.intersection(taken):
            self.stop(f"STOP by {trigger}")
        return taken

    def stop_on(self, triggers: frozenset[str]) -> None:
        self.stop_triggers = triggers

    def listen(self, on: bool, *, device: str = "", triggers: tuple[str, ...] | None = None) -> None:
        self.calls.append(("listen", on, device, triggers))
        self.speech = SpeechView(state="listening", device=device or "Built-in microphone") if on else None

    def hushed(self, until_ns: int) -> None:
        self.calls.append(("hushed", until_ns))

    def annotate_episode(
        self,
        episode_id: str,
        *,
        outcome: str | None = None,
        notes: str | None = None,
        tags: tuple[str, ...] | None = None,
    ) -> None:
        self.calls.append(("annotate_episode", episode_id, outcome, notes, tags))
        changes = {"outcome": outcome, "notes": notes, "tags": tags}
        wanted: dict[str, Any] = {key: value for key, value in changes.items() if value is not None}
        self.episodes = tuple(
            replace(episode, **wanted) if episode.episode_id == episode_id else episode
            for episode in self.episodes
        )

    def trash_episode(self, episode_id: str) -> None:
        self.calls.append(("trash_episode", episode_id))
        gone = tuple(episode for episode in self.episodes if episode.episode_id == episode_id)
        self.episodes = tuple(episode for episode in self.episodes if episode.episode_id != episode_id)
        self.trashed = gone + self.trashed

    def restore_episode(self, episode_id: str) -> None:
        self.calls.append(("restore_episode", episode_id))
        back = tuple(episode for episode in self.trashed if episode.episode_id == episode_id)
        self.trashed = tuple(episode for episode in self.trashed if episode.episode_id != episode_id)
        self.episodes = tuple(
            sorted(back + self.episodes, key=lambda episode: episode.episode_id, reverse=True)
        )

    def delete_episodes(self, episode_ids: tuple[str, ...]) -> None:
        self.calls.append(("delete_episodes", episode_ids))
        self.trashed = tuple(episode for episode in self.trashed if episode.episode_id not in episode_ids)

    def replay(self, episode_id: str) -> None:
        self.calls.append(("replay", episode_id))
        self.mode = Mode.REPLAY
        self.replay_progress = 0.3

    def jog(self, jog: Jog) -> None:
        self.jogs.append(jog)

    def run_script(self, name: str, seed: int) -> None:
        self.calls.append(("run_script", name, seed))
        self.script = name

    def stop_script(self) -> None:
        self.calls.append(("stop_script",))
        self.script = ""

    def reset_world(self, seed: int) -> None:
        self.calls.append(("reset_world", seed))

    def do(self, action: str) -> None:
        self.calls.append(("do", action))

    def close(self) -> None:
        self.closed = True

    # -- states for pictures and tests ----------------------------------------------------------------------------

    def fill_episodes(self, count: int = 9) -> None:
        """A dataset with some history."""
        tasks = ("put the dishes into the sink", "wipe the counter", "open the drawer")
        outcomes = ("success", "success", "failure", "unset")
        self.episodes = tuple(
            EpisodeView(
                episode_id=f"ep-{number:06d}",
                task=tasks[number % 3],
                outcome=outcomes[number % 4],
                started_at=f"2026-01-{10 + number // 3:02d}T14:{(7 * number) % 60:02d}:12+00:00",
                duration_s=41.3 + 17.7 * number,
                complete=True,
                damage="3 frames of back are missing" if number == 4 else "",
                tags=("demo",) if number % 3 == 0 else (),
                notes="The cup slipped once." if number == 7 else "",
            )
            for number in range(count, 0, -1)
        )

    def fail(self) -> None:
        """A bad day: a camera frozen, a cable pulled, a process restarted."""
        self.stale_camera, self.lost_bus, self.lost_process = "back", "left_follower", "recorder"
        self.notices = (
            Notice(
                key="bus:left_follower",
                level="error",
                what="No reply from the left arm (left_follower) for 2.1 s",
                remedy="Check its cable and power; it reconnects by itself.",
                action="reconnect:left_follower",
                action_label="Try now",
            ),
            Notice(
                key="camera:back",
                level="warning",
                what="Camera back is frozen for 1.8 s",
                remedy="Its pictures are not recorded while it is.",
                action="reopen:back",
                action_label="Reopen",
            ),
        )

    def hold_gate(self, *, ramp: float | None = None) -> None:
        """Stay in the alignment gate (or its ramp) until told otherwise."""
        self.mode = Mode.TELEOP
        self._gate_until_s = math.inf
        self.gate = self._gate("ramping" if ramp is not None else "aligning", ramp or 0.0)

    # -- inner ----------------------------------------------------------------------------------------------------

    def _advance_gate(self) -> None:
        if self._gate_until_s == math.inf:
            return
        left_s = self._gate_until_s - time.monotonic()
        if left_s <= 0:
            self.gate = None
        else:
            ramping = left_s < GATE_S / 2
            self.gate = self._gate(
                "ramping" if ramping else "driving", 1 - 2 * left_s / GATE_S if ramping else 0.0
            )

    def _gate(self, phase: str, ramp: float) -> GateView:
        error = np.full(self.profile.dof, np.nan, np.float32)
        for segment in self.profile.segments:
            if segment.kind in ("arm", "gripper"):
                error[segment.slice] = 0.05
        if phase == "aligning":
            error[1], error[2], error[9], error[11] = 0.42, -0.61, -0.3, 0.2
        elif phase == "driving":
            error[2] = -0.35
        within = ~(np.abs(error) > self.profile.teleop.align_rad)
        return GateView(phase=phase, error_rad=error, within=within, ramp=ramp)

    def _tick(self, time_ns: int) -> TickView:
        phase = (time_ns - self._started_ns) / 1e9 if self.moving else 0.0
        position = np.zeros(self.profile.dof, np.float32)
        for segment in self.profile.segments:
            if segment.kind == "arm":
                position[segment.slice] = self.profile.arms[segment.name].home_rad
            elif segment.kind == "gripper":
                position[segment.slice] = 0.6
            elif segment.kind == "lift":
                position[segment.slice] = 0.31
        sway = 0.12 * np.sin(phase * 0.9 + np.arange(self.profile.dof)).astype(np.float32)
        sent = position + sway
        measured = position + 0.12 * np.sin(phase * 0.9 - 0.05 + np.arange(self.profile.dof)).astype(
            np.float32
        )
        leader = sent.copy()
        if self.gate is not None:
            leader = measured + np.nan_to_num(self.gate.error_rad)
        if self.lost_bus == "left_follower":
            measured[0:7] = np.nan
        zeros = np.zeros_like(position)
        return TickView(
            time_ns=time_ns,
            position=measured.astype(np.float32),
            velocity=zeros,
            effort=zeros,
            requested=sent,
            sent=sent,
            leader=leader.astype(np.float32),
        )

    def _camera(self, name: str) -> CameraView:
        stale = name == self.stale_camera
        camera = self.profile.cameras[name]
        view = CameraView(
            name=name,
            rate_hz=0.0 if stale else 30.0,
            age_ms=1800.0 if stale else 21.0,
            dropped=0,
            stale=stale,
            width_px=camera.width_px,
            height_px=camera.height_px,
        )
        return with_intervals(view)

    def _bus(self, name: str) -> BusView:
        lost = name == self.lost_bus
        view = BusView(
            name=name,
            connected=not lost,
            reads=12_000,
            retries=3,
            failures=104 if lost else 0,
            latency_p50_ms=0.6,
            latency_p99_ms=1.4,
            last_error="no reply after 2 tries" if lost else "",
        )
        return with_latencies(view, around_ms=0.6)

    def _process(self, name: str) -> ProcessView:
        lost = name == self.lost_process
        return ProcessView(
            name=name,
            state="restarting" if lost else "running",
            pid=1234,
            cpu_share=0.12,
            detail="killed by signal 9" if lost else "",
        )

    def _closed(self, outcome: str) -> EpisodeView:
        if self.recording is None:
            raise RuntimeError("no episode is recorded")
        return EpisodeView(
            episode_id=self.recording.episode_id,
            task=self.recording.task,
            outcome=outcome,
            started_at="2026-01-20T10:00:00+00:00",
            duration_s=(time.monotonic_ns() - self.recording.started_ns) / 1e9,
            complete=True,
        )
