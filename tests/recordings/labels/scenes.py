"""Episodes of which it is known when grippers close, when nothing moves, and what was told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from recordings import ActionSource, Dataset, Environment, Episode, EpisodeSpec, Event

SECOND = 1_000_000_000
START_NS = 5 * SECOND
RATE_HZ = 50


def at(seconds: float) -> int:
    """The time of a moment of the episode."""
    return START_NS + round(seconds * SECOND)


@dataclass(frozen=True)
class Told:
    """A subtask told at a moment, its first action 0.2 s later."""

    at_s: float
    text: str
    origin: str = "voice"
    done_s: float | None = None
    confidence: float = 1.0
    utterance: int = 0
    thumb: int = 0
    gave_up: str = ""

    @property
    def first_action_s(self) -> float:
        return self.at_s + 0.2


@dataclass(frozen=True)
class Scene:
    """What happens.

    Attributes:
        seconds: How long it takes.
        closed: From when to when the gripper holds something, a quarter of a second to close and to open.
        still: From when to when nothing moves.
        held: How far open the gripper is around what it holds, 0 to 1.
    """

    seconds: float = 12.0
    task: str = "put the cup into the sink"
    closed: Sequence[tuple[float, float]] = ()
    still: Sequence[tuple[float, float]] = ()
    told: Sequence[Told] = ()
    events: Sequence[Event] = ()
    held: float = 0.3
    limits: bool = True
    noise: float = 0.003
    source: ActionSource = ActionSource.VERBAL
    rows_tell: bool = True


def record(folder: Path, scene: Scene) -> Episode:
    """The scene as an episode, on the disk for good."""
    writer = Dataset.open(folder, create=True).create_episode(
        EpisodeSpec(
            task=scene.task,
            environment=Environment("flat 3", "kitchen", "evening"),
            operator="Ada",
            robot_profile="one-arm",
            robot_profile_hash="1",
            vector_names=("main_shoulder", "main_elbow", "main_gripper"),
            vector_units=("rad", "rad", "opening"),
            vector_limits=((-3.0, 3.0), (-3.0, 3.0), (0.0, 1.0)) if scene.limits else None,
            cameras=(),
            control_rate_hz=float(RATE_HZ),
            software_version="1",
        )
    )
    for event in (*_told_events(scene.told), *scene.events):
        writer.append_event(event)
    rng = np.random.default_rng(1)
    shoulder, numbers = 0.0, {"": -1}
    for tick in range(round(scene.seconds * RATE_HZ)):
        seconds = tick / RATE_HZ
        if not any(begin <= seconds < end for begin, end in scene.still):
            shoulder += 0.5 / RATE_HZ * (1.0 if seconds % 4 < 2 else -1.0)
        noise = rng.normal(0.0, scene.noise, 3) * (0.02, 0.02, 1.0)
        position = np.array([shoulder, -shoulder, _opening(scene, seconds)]) + noise
        text = _in_force(scene, seconds) if scene.rows_tell else ""
        if text not in numbers:
            numbers[text] = writer.add_subtask(text, time_ns=at(seconds))
        writer.append_tick(
            time_ns=at(seconds),
            position=position.astype(np.float32),
            velocity=np.zeros(3, np.float32),
            effort=np.zeros(3, np.float32),
            action_time_ns=at(seconds),
            requested=position.astype(np.float32),
            sent=position.astype(np.float32),
            source=scene.source,
            subtask=numbers[text],
            chunk=-1,
        )
    path = writer.close().path
    writer.wait_settled()
    return Episode(path)


def _opening(scene: Scene, seconds: float) -> float:
    for closed, opened in scene.closed:
        if closed - 0.25 <= seconds < closed:
            return 1.0 - (1.0 - scene.held) * (seconds - closed + 0.25) / 0.25
        if closed <= seconds < opened:
            return scene.held
        if opened <= seconds < opened + 0.25:
            return scene.held + (1.0 - scene.held) * (seconds - opened) / 0.25
    return 1.0


def _in_force(scene: Scene, seconds: float) -> str:
    text = ""
    for told in scene.told:
        if told.first_action_s <= seconds:
            text = "" if told.done_s is not None and told.done_s <= seconds else told.text
    return text


def _told_events(told: Sequence[Told]) -> list[Event]:
    events: list[Event] = []

    def say(seconds: float, kind: str, **data: object) -> None:
        events.append(Event(time_ns=at(seconds), kind=kind, source="policy", message="", data=data))

    for number, one in enumerate(told):
        applied = {"applied_ns": at(one.at_s), "text": one.text, "origin": one.origin}
        say(
            one.at_s,
            "subtask",
            state="applied",
            confidence=one.confidence,
            utterance=one.utterance,
            **applied,
        )
        say(
            one.first_action_s,
            "subtask",
            state="acting",
            applied_ns=at(one.at_s),
            text=one.text,
            first_action_ns=at(one.first_action_s),
        )
        if one.done_s is not None:
            say(one.done_s, "subtask", state="done", gave_up=one.gave_up, **applied)
        if number + 1 < len(told):
            say(told[number + 1].at_s - 0.000_01, "subtask", state="ended", **applied)
        if one.thumb:
            say(one.at_s + 0.5, "thumb", applied_ns=at(one.at_s), text=one.text, thumb=-one.thumb)
            say(one.at_s + 0.6, "thumb", applied_ns=at(one.at_s), text=one.text, thumb=one.thumb)
    return events
