"""What the policy process needs around it: a robot that runs its chunks as the real loop does, and a server to ask."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from app.autonomy.choice import HighLevel
from app.control import CommandClient
from app.dataplane import DataPlane
from app.dataplane.layouts import (
    EVENTS,
    FRAME_HEADER,
    RGB,
    chunk_topic,
    frame_topic,
    status_topic,
    tick_layout,
    tick_topic,
)
from app.messages import POLICY_MODES, Command, Event, Mode, Reply, Status
from app.robot.chunk_player import ChunkPlayer
from app.robot.chunks import Chunk, ChunkError, parse_chunk
from app.session import Session
from policy.serving.adapter import ServedPolicy
from policy.serving.server import PolicyServer, ServerConfig
from policy.types import ActionChunk, Committed, Observation, Policy, Subtask

PATIENCE_S = 60.0
PERIOD_S = 0.02


class PlayedRobot:
    """Fifty ticks a second that run chunks by the robot's own player; its state is what it was sent.

    Attributes:
        chunks: every chunk that it took.
        asked: every action, (D,).
        events: all that was said in the session.
        refusal: why it last did not take a chunk.
        blind: whether its cameras send nothing.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._profile = session.profile
        self._plane = DataPlane(session.runtime_dir)
        self._client = CommandClient(session.runtime_dir, "policy")
        self._ticks = self._plane.publisher(tick_topic(self._profile))
        self._status = self._plane.publisher(status_topic("robot"))
        self._chunks = self._plane.subscriber(chunk_topic(self._profile))
        self._events = self._plane.subscriber(EVENTS)
        cameras = ("front", "left_wrist", "right_wrist", "back")
        self._frames = {
            name: self._plane.publisher(frame_topic(name, self._profile.cameras[name])) for name in cameras
        }
        self._row = np.zeros(1, tick_layout(self._profile.dof))
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="robot")
        self._player: ChunkPlayer | None = None
        self.mode = Mode.HOLD
        self.speed = 1.0
        self.pose = np.full(self._profile.dof, 0.1, np.float32)
        self.chunks: list[Chunk] = []
        self.asked: list[NDArray[np.float32]] = []
        self.events: list[Event] = []
        self.refusal = ""
        self.blind = False

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()
        self._client.close()
        self._plane.close()

    # -- what a test asks ------------------------------------------------------------------------------------------

    def tell(self, command: Command) -> Reply:
        return self._client.call(command, timeout_s=10.0)

    def enter(self, mode: Mode) -> None:
        self.mode = mode
        time.sleep(0.1)

    def wait(self, until: Callable[[], bool], what: str, *, timeout_s: float = PATIENCE_S) -> None:
        deadline = time.monotonic() + timeout_s
        while not until():
            said = [f"{event.kind}: {event.message}" for event in list(self.events)[-12:]]
            assert time.monotonic() < deadline, f"{what} did not come about; {self.refusal!r}; {said}"
            time.sleep(0.01)

    def wait_ready(self) -> None:
        self.wait(lambda: self.state == "ready", "a policy that is ready")

    def wait_event(self, words: str, *, kind: str = "") -> Event:
        self.wait(lambda: self.find(words, kind=kind) is not None, f"{words!r} to be said")
        found = self.find(words, kind=kind)
        assert found is not None
        return found

    def find(self, words: str, *, kind: str = "") -> Event | None:
        return next(
            (e for e in list(self.events) if words in e.message and (not kind or e.kind == kind)), None
        )

    def wait_chunk(self, subtask: str, *, more_than: int = 0) -> Chunk:
        """The newest chunk, when there are so many under the subtask."""

        def made() -> list[Chunk]:
            return [chunk for chunk in list(self.chunks) if chunk.subtask.decode() == subtask]

        self.wait(lambda: len(made()) > more_than, f"chunk {more_than + 1} of {subtask!r}")
        return made()[-1]

    @property
    def state(self) -> str:
        view = self._session.snapshot().policy
        return view.state if view is not None else ""

    @property
    def high_level(self) -> HighLevel | None:
        view = self._session.snapshot().policy
        return view.choice.high_level if view is not None else None

    @property
    def action_space(self) -> str:
        view = self._session.snapshot().policy
        return view.choice.action_space if view is not None else ""

    @property
    def running(self) -> bool:
        player = self._player
        return player is not None and player.moving

    # -- the loop --------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        deadline = time.monotonic()
        tick = 0
        while not self._ended.is_set():
            self._session.beat()
            self._tick(tick)
            tick += 1
            deadline = max(deadline + PERIOD_S, time.monotonic())
            self._ended.wait(deadline - time.monotonic())

    def _tick(self, tick: int) -> None:
        now_ns = time.monotonic_ns()
        if self.mode not in POLICY_MODES:
            self._player = None
        elif self._player is None or self._player.mode is not self.mode:
            self._player = ChunkPlayer(self._profile, self.pose, mode=self.mode, began_ns=now_ns)
        for sample in self._chunks.drain():
            try:
                chunk = parse_chunk(sample.payload, dof=self._profile.dof, now_ns=now_ns)
                if self._player is not None:
                    self._player.offer(chunk, now_ns=now_ns, speed=self.speed)
                    self.chunks.append(chunk)
            except ChunkError as error:
                self.refusal = str(error)
        for sample in self._events.drain():
            self.events.append(msgspec.json.decode(sample.payload.tobytes(), type=Event))
        row = self._row[0]
        row["tick"], row["time_ns"], row["mode"] = tick, now_ns, self.mode
        row["position"], row["chunk"], row["chunk_step"] = self.pose, -1, np.nan
        player = self._player
        if player is not None:
            if player.moving and player.chunk is not None:
                row["chunk"], row["chunk_step"] = player.chunk.number, player.cursor
            self.pose = player.step(speed=self.speed)
            self.asked.append(self.pose)
        self._ticks.send(self._row.view(np.uint8))
        if tick % 5 == 0:
            self._publish_rest(now_ns)

    def _publish_rest(self, now_ns: int) -> None:
        status = Status(
            time_ns=now_ns, process="robot", pid=os.getpid(), state="running", detail={"speed": self.speed}
        )
        self._status.send(msgspec.json.encode(status))
        if self.blind:
            return
        header = np.zeros(1, FRAME_HEADER)
        header[0] = (now_ns, 0, 48, 64, RGB, 0)
        for number, port in enumerate(self._frames.values()):
            port.send(header.view(np.uint8), np.full(48 * 64 * 3, 40 * number, np.uint8))


class Straight:
    """A policy that goes on from where the robot is at a steady pace; it does wrong what `wrong` says.

    Attributes:
        wrong: `nan`, `shape`, `raise`, `slow`, `hang`, or empty.
        named: what its high level says.
        convert: makes other actions of joint targets; what is committed is then ignored.
    """

    def __init__(self) -> None:
        self.wrong = ""
        self.named = "lift it"
        self.convert: Callable[[NDArray[np.float64]], NDArray[np.float64]] | None = None
        self.release = threading.Event()
        self.asked: list[tuple[str, Committed | None]] = []
        self.tasks: list[tuple[str, tuple[str, ...]]] = []

    @property
    def metadata(self) -> Mapping[str, Any]:
        return {
            "name": "straight",
            "embodiment": "sim-kitchen",
            "action_horizon": 50,
            "action_dim": 18,
            "rate_hz": 50.0,
            "execute_steps": 25,
            "cameras_low": ["base_0_rgb"],
            "levels": ["low", "high"],
            "real_time_chunking": "trained",
            "takes_noise": False,
        }

    def warm_up(self) -> None:
        pass

    def subtask(self, observation: Observation, task: str, *, allowed: tuple[str, ...] = ()) -> Subtask:
        self.tasks.append((task, tuple(allowed)))
        if self.wrong == "hang high":
            self.release.wait(PATIENCE_S)
        return Subtask(text=self.named, probability=0.75)

    def actions(
        self,
        observation: Observation,
        subtask: str,
        *,
        committed: Committed | None = None,
        noise: NDArray[np.float32] | None = None,
    ) -> ActionChunk:
        assert set(observation.images) <= {"front"}
        self.asked.append((subtask, committed))
        if self.wrong == "raise":
            raise RuntimeError("out of memory on the accelerator")
        if self.wrong == "slow":
            time.sleep(1.3)
        if self.wrong == "hang":
            self.release.wait(PATIENCE_S)
        if self.convert is not None:
            committed = None
        start = observation.state if committed is None else committed.actions[0]
        actions = np.array(start) + 0.002 * np.arange(50.0)[:, None] * (np.arange(18) == 0)
        actions[:, 14:17] = 0.0
        if committed is not None:
            actions[: committed.frozen] = committed.actions[: committed.frozen]
        if self.convert is not None:
            actions = self.convert(actions)
        if self.wrong == "nan":
            actions[7, 3] = np.nan
        if self.wrong == "shape":
            actions = actions[:, :14]
        target_ns = observation.captured_ns + 20_000_000 * np.arange(50, dtype=np.int64)
        return ActionChunk(actions, target_ns, subtask, inference_ms=1.0)


class ServedHere:
    """A policy served by this process, on a port that stays the same from one `start` to the next."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._port = 0
        self._thread: threading.Thread | None = None
        self._over = threading.Event()

    @property
    def address(self) -> str:
        return f"ws://127.0.0.1:{self._port}"

    def start(self) -> None:
        self._over.clear()
        ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve(ready)), name="policy server")
        self._thread.start()
        assert ready.wait(PATIENCE_S)

    def stop(self) -> None:
        self._over.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    async def _serve(self, ready: threading.Event) -> None:
        config = ServerConfig(port=self._port)
        async with PolicyServer(ServedPolicy(self._policy), config) as server:
            self._port = server.port
            ready.set()
            while not self._over.is_set():
                await asyncio.sleep(0.01)
