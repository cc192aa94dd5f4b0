"""Writes a run of the simulated robot in lock step as the app's recorder writes a session: as an episode of a dataset.

Its times are those of the simulation, from the moment at which the writing began. Pictures come at 10 a second and are
some ticks old when a state is read, as those of live cameras are; how many is drawn anew for each episode.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from importlib.metadata import version
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.demonstrations.pictures import QUALITY, RATE_HZ, Pictures
from drivers.safety import SafetyLimits
from drivers.sim.direct import DirectRobot
from recordings import ActionSource, Dataset, Environment, EpisodeSpec, EpisodeWriter, Event, Outcome

Vector = NDArray[np.float64]

ACTION_AFTER_NS: Final = 4_000_000
"""From reading the servos to writing them, as on real lines."""
SCENE: Final = "simulated"
"""Where it was recorded, within the profile's home and room."""
OLDEST_TICKS: Final = 3
"""How old a picture may be when the state of its tick is read, at 50 Hz: 20 to 60 ms."""


class RunWriter:
    """One episode of one robot in lock step. In each tick: `see`, then let the robot follow, then `keep`.

    Args:
        dataset: where the episode is made.
        robot: whose run it is.
        pictures: the cameras, dressed already.
        task: what is to be done, in words.
        operator: who asks for the actions.
        tags: to find the episode by.
        phase_ticks: how old each picture is when a state is read, 1 to `OLDEST_TICKS`.

    Raises:
        FolderNotWritable: the dataset refuses new files.
        DiskFull: there is no room.
    """

    def __init__(
        self,
        dataset: Dataset,
        robot: DirectRobot,
        pictures: Pictures,
        *,
        task: str,
        operator: str,
        tags: Sequence[str] = (),
        phase_ticks: int = 2,
    ) -> None:
        profile = robot.world.profile
        limits = SafetyLimits.from_profile(profile)
        self._robot = robot
        self._pictures = pictures
        self._tick_ns = round(1e9 / profile.control_rate_hz)
        self._every = round(profile.control_rate_hz / RATE_HZ)
        self._phase = phase_ticks
        self._start_ns = time.monotonic_ns()
        self._tick = 0
        self._subtasks: dict[str, int] = {}
        self._seen: tuple[Vector, Vector, Vector] | None = None
        self._writer: EpisodeWriter = dataset.create_episode(
            EpisodeSpec(
                task=task,
                environment=Environment(home=profile.scene_home, room=profile.scene_room, scene=SCENE),
                operator=operator,
                robot_profile=profile.name,
                robot_profile_hash=profile.sha256,
                vector_names=profile.vector_names,
                vector_units=profile.vector_units,
                vector_limits=tuple(zip(limits.min.tolist(), limits.max.tolist(), strict=True)),
                cameras=pictures.specs,
                control_rate_hz=profile.control_rate_hz,
                software_version=version("understudy"),
                tags=tuple(tags),
                jpeg_quality=QUALITY,
                simulation_state_size=robot.world.state_size,
            )
        )

    @property
    def episode_id(self) -> str:
        """Of the episode."""
        return self._writer.path.name

    @property
    def duration_s(self) -> float:
        """Simulated time so far."""
        return self._tick * self._tick_ns * 1e-9

    @property
    def bytes_written(self) -> int:
        """Of frames and rows so far."""
        return self._writer.bytes_written

    def see(self) -> None:
        """Note the robot's state before it acts; take pictures where they are due."""
        self._seen = (self._robot.measured(), *self._robot.felt())
        if self._tick == 0:
            self._take_pictures(self._start_ns - self._phase * self._tick_ns)
        elif (self._tick + self._phase) % self._every == 0:
            self._take_pictures(self._now_ns)

    def keep(self, subtask: str, *, source: ActionSource = ActionSource.TELEOP, chunk: int = -1) -> None:
        """Note what was asked for and sent in this tick, and under which subtask, empty for none.

        Raises:
            ValueError: nothing was seen before.
            DiskFull: the row is not kept.
        """
        if self._seen is None:
            raise ValueError("the robot's state was not seen before it acted; call see() first")
        position, velocity, effort = self._seen
        self._writer.append_tick(
            time_ns=self._now_ns,
            position=position,
            velocity=velocity,
            effort=effort,
            action_time_ns=self._now_ns + ACTION_AFTER_NS,
            requested=self._robot.requested,
            sent=self._robot.sent,
            source=source,
            subtask=self._subtask_index(subtask),
            chunk=chunk,
        )
        self._seen = None
        self._tick += 1

    def note(self, kind: str, message: str, data: dict[str, object] | None = None) -> None:
        """Note something that happened now."""
        self._writer.append_event(
            Event(time_ns=self._now_ns, kind=kind, source="demonstrations", message=message, data=data or {})
        )

    def close(self, outcome: Outcome) -> None:
        """End the episode, and wait until it is on the disk."""
        self._writer.close(outcome)
        self._writer.wait_settled()

    @property
    def _now_ns(self) -> int:
        return self._start_ns + self._tick * self._tick_ns

    def _take_pictures(self, time_ns: int) -> None:
        state = self._robot.world.integration_state()
        for name, jpeg in self._pictures.take(state).items():
            self._writer.append_frame(name, time_ns, jpeg)
        self._writer.append_simulation(time_ns, state)

    def _subtask_index(self, text: str) -> int:
        if not text:
            return -1
        if text not in self._subtasks:
            self._subtasks[text] = self._writer.add_subtask(text, time_ns=self._now_ns)
            self.note("subtask", text, {"subtask": text})
        return self._subtasks[text]
