"""The live part of `understudy bench voice`: from the end of a spoken command to the subtask that is in force.

A whole session on the simulated robot, in verbal mode under the scripted policy; eSpeak speaks into a sound server of
the bench's own, whose microphone the session hears; the talk key is let go where the speech ends. Both ends are on one
clock: when the last loud sample was captured, by the published sound, and since when the subtask is in force, by the
policy's event.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from app.autonomy.choice import PolicyChoice, PolicyKind
from app.bench.figures import Figures
from app.bench.room import Room, room
from app.bench.voice_clips import BEFORE_S, VOICES
from app.bench.voices import in_room, say
from app.bench.waiting import beating, wait
from app.dataplane import DataPlane
from app.dataplane.layouts import EVENTS
from app.dataplane.sound import SoundSubscriber
from app.messages import Event, Mode
from app.session import Session
from app.speech.transcribing import Transcribing
from app.speech.whisper.phrases import KITCHEN_PHRASES
from drivers.microphone.capture import RATE_HZ

PROGRAMS = ("pulseaudio", "pactl", "pacat", "espeak-ng")
READY_S, ANSWER_S = 120.0, 20.0
BETWEEN_S = 0.5
_LOUD = 300
"""Of 32,768: above the room's noise, below every sound of speech."""
_ONSET_WITHIN_S = 5.0

_decode_event = msgspec.json.Decoder(Event).decode


@dataclass(frozen=True, slots=True)
class Told:
    """One command that was spoken.

    Attributes:
        phrase: what was said.
        ended_ns: capture time of its last loud sample.
        state: what became of the utterance.
        accepted: the phrase that it was taken for.
        accepted_ns: when that was known; 0 where it was not accepted.
        applied_ns: when the subtask was in force; 0 where it never was.
    """

    phrase: str
    ended_ns: int
    state: str
    accepted: str
    accepted_ns: int = 0
    applied_ns: int = 0


def measure_live(figures: Figures, *, count: int, model: str, seed: int) -> None:
    """Speak so many commands to a session and add how long each took to become a subtask."""
    missing = [program for program in PROGRAMS if shutil.which(program) is None]
    if missing:
        lack = f"not measured: {', '.join(missing)} is not installed; type: sudo apt install pulseaudio espeak-ng"
        figures.add("speech_to_subtask", lack)
        return
    with tempfile.TemporaryDirectory(prefix="understudy-bench-") as scratch:
        folder = Path(scratch)
        with _environment(folder) as sound:
            session = Session(data_dir=folder / "dataset", seed=seed, operator="bench")
            try:
                with beating(session):
                    told = _converse(session, sound, count=count, model=model, seed=seed)
            finally:
                session.close()
    _add(figures, told)


def _add(figures: Figures, told: list[Told]) -> None:
    right = [one for one in told if one.accepted == one.phrase and one.applied_ns]
    figures.add("spoken_commands", len(told))
    figures.add("spoken_accepted_exactly", len(right))
    figures.add("spoken_accepted_as_another", sum(one.accepted not in ("", one.phrase) for one in told))
    for name, ends in (
        ("speech_to_accepted", [one.accepted_ns for one in right]),
        ("speech_to_subtask", [one.applied_ns for one in right]),
    ):
        took_ms = [(end - one.ended_ns) / 1e6 for one, end in zip(right, ends, strict=True)]
        for percent in (50, 95):
            value = float(np.percentile(took_ms, percent)) if took_ms else float("nan")
            # The aim is for the middle; the slowest of few are what a shared machine makes of them.
            at_most = 300.0 if (name, percent) == ("speech_to_subtask", 50) else None
            figures.add(f"{name}_p{percent}_ms", value, at_most=at_most)


def _converse(session: Session, sound: Room, *, count: int, model: str, seed: int) -> list[Told]:
    """Have the robot ready and listening, and tell it one thing after another."""
    session.voice.switch(True, transcribing=Transcribing(model=model, known=KITCHEN_PHRASES))
    session.autonomy.load(PolicyChoice(kind=PolicyKind.SCRIPTED, seed=seed))
    wait(session, lambda now: now.ready and now.homed, READY_S, "robot and cameras to be ready")
    wait(session, lambda now: now.policy is not None and now.policy.state == "ready", READY_S, "the policy")
    wait(session, lambda now: now.voice is not None and now.voice.state == "ready", READY_S, "the model")
    wait(session, lambda now: now.speech is not None and bool(now.speech.device), READY_S, "the microphone")
    session.autonomy.listen()
    wait(session, lambda now: now.mode is Mode.VERBAL, READY_S, "verbal mode")
    rng = np.random.default_rng(seed)
    told = []
    with Listener(session.runtime_dir) as listener:
        for turn in range(count):
            phrase = KITCHEN_PHRASES[int(rng.integers(len(KITCHEN_PHRASES)))]
            clip = in_room(say(phrase, VOICES[turn % len(VOICES)]), rng=rng, before_s=BEFORE_S, after_s=0.6)
            told.append(_tell(session, sound, listener, phrase, clip))
            time.sleep(BETWEEN_S)
    return told


def _tell(session: Session, sound: Room, listener: Listener, phrase: str, clip: NDArray[np.int16]) -> Told:
    """Press, speak, let go where the speech ends, and see what comes of it."""
    loud = np.flatnonzero(np.abs(clip.astype(int)) > _LOUD)
    speech_ns = int((loud[-1] - loud[0]) * 1e9 / RATE_HZ)
    asked_ns = time.monotonic_ns()
    session.voice.talk(True)
    playing = threading.Thread(target=sound.play, args=(clip,), name="speech")
    playing.start()
    try:
        onset_ns = listener.onset_ns(asked_ns)
        left_s = (onset_ns + speech_ns - time.monotonic_ns()) / 1e9
        time.sleep(max(0.0, left_s))
    finally:
        session.voice.talk(False)
        playing.join()
    return listener.outcome(phrase, onset_ns, onset_ns + speech_ns)


class Listener:
    """Hears what the session hears and says, in a thread of its own.

    Args:
        runtime_dir: the session's directory.
    """

    def __init__(self, runtime_dir: Path) -> None:
        self._plane = DataPlane(runtime_dir)
        self._sound = SoundSubscriber(self._plane)
        self._events = self._plane.subscriber(EVENTS)
        self._loud_ns: list[int] = []
        self._told: list[Event] = []
        self._news = threading.Condition()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="listener")

    def __enter__(self) -> Listener:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self._plane.close()

    def onset_ns(self, since_ns: int) -> int:
        """When the first loud sample since then was captured.

        Raises:
            TimeoutError: nothing was heard.
        """

        def first() -> int:
            return next((time_ns for time_ns in self._loud_ns if time_ns > since_ns), 0)

        with self._news:
            if not self._news.wait_for(lambda: first() > 0, _ONSET_WITHIN_S):
                raise TimeoutError("what was played into the room was not heard by its microphone")
            return first()

    def outcome(self, phrase: str, onset_ns: int, about_ns: int) -> Told:
        """What became of the utterance that is under way: waits for it, and for the subtask where it was accepted."""

        def of_utterance() -> Event | None:
            found = [one for one in self._told if one.kind == "utterance" and one.time_ns > onset_ns]
            return next((one for one in found if one.data["state"] not in ("speaking", "reading")), None)

        def of_subtask(number: int) -> int:
            applied = [
                int(one.data["applied_ns"])
                for one in self._told
                if one.kind == "subtask"
                and one.data.get("state") == "applied"
                and one.data.get("utterance") == number
            ]
            return applied[0] if applied else 0

        with self._news:
            if not self._news.wait_for(lambda: of_utterance() is not None, ANSWER_S):
                raise TimeoutError(f"nothing became of “{phrase}” in {ANSWER_S:.0f} s")
            event = of_utterance()
            data = event.data if event is not None else {}
            accepted = str(data.get("accepted", ""))
            number = int(data.get("utterance", 0))
            if accepted:
                self._news.wait_for(lambda: of_subtask(number) > 0, ANSWER_S)
            # By the sound itself, for the sound server may have stretched what was played.
            near_ns = [time_ns for time_ns in self._loud_ns if onset_ns <= time_ns <= about_ns + 500_000_000]
            return Told(
                phrase=phrase,
                ended_ns=near_ns[-1] if near_ns else about_ns,
                state=str(data.get("state", "")),
                accepted=accepted,
                accepted_ns=event.time_ns if event is not None and accepted else 0,
                applied_ns=of_subtask(number) if accepted else 0,
            )

    def _run(self) -> None:
        while not self._over.wait(0.003):
            loud = []
            for sound in self._sound.drain():
                at = np.flatnonzero(np.abs(sound.samples.astype(int)) > _LOUD)
                loud += (
                    [sound.time_ns + int(index) * 1_000_000_000 // RATE_HZ for index in at[[0, -1]]]
                    if len(at)
                    else []
                )
            told = [_decode_event(sample.payload.tobytes()) for sample in self._events.drain()]
            if loud or told:
                with self._news:
                    self._loud_ns += loud
                    self._told += told
                    self._news.notify_all()


@contextmanager
def _environment(folder: Path) -> Iterator[Room]:
    """A room that this process and all that it starts hear, for as long as the block lasts."""
    with room(folder) as sound:
        before = {name: os.environ.get(name) for name in sound.environment}
        os.environ.update(sound.environment)
        try:
            yield sound
        finally:
            for name, value in before.items():
                if value is None:
                    del os.environ[name]
                else:
                    os.environ[name] = value
