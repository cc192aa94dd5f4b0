"""`understudy bench words`: how surely spoken words are heard, how seldom one is made up, and how soon.

The voices are eSpeak's, which speak less naturally than people, and none of them had a part in choosing phrases and
thresholds. People's voices will differ: the figures tell what a change of phrases, thresholds or model does.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from app.bench.figures import Figures, add_json_argument
from app.bench.voices import HELD_OUT, QUIET_DBFS, SPEECH_DBFS, TUNED_ON, Voice, in_room, room_noise, say
from app.speech.spotter import Heard, Spotter
from app.speech.vocabulary import PHRASES
from drivers.microphone.capture import BLOCK_S, RATE_HZ

SENTENCES = (
    "could you bring me the blue cup from the other side of the kitchen please",
    "we should restart the robot tomorrow because the left arm is not calibrated yet",
    "I think the demonstration was good but the gripper slipped a little at the end",
    "put the plate into the sink and then wipe the counter with the sponge",
    "the robot stands next to the table and waits for the next person",
    "stop by the office when you are done with the dishes",
    "he started to cancel the appointment and hold the door",
    "what a success that was, nobody failed the exam this time",
    "let us start the recording after lunch",
    "discard the old ones and take it back to the store",
)
SHORT_TALK = (
    "okay", "yes please", "hello there", "put it down", "not yet", "right arm", "what now", "one two three",
    "thank you", "come here", "wait a second", "pick up the cup", "next one", "good morning", "hold on a minute",
    "look at that", "is it recording", "to the left", "careful", "the sink", "restart it", "let it go", "oh no",
    "all right", "again", "where is it", "open the drawer", "faster", "a bit slower", "who is there",
)  # fmt: skip
"""Said alone, as a command is: the hardest, and among them are neighbours of the phrases."""

NOISY_DBFS = -46.0
"""Of a room with a fan and servos: 20 dB below the voice."""
NOISE_S = 60.0
"""Of noise alone and of silence, each."""
USED_TO_S = 4.0
"""Longer than it takes to get used to another loudness of the room."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this bench's options."""
    parser.add_argument("--voices", choices=("held-out", "tuned-on"), default="held-out", help="(held-out)")
    parser.add_argument("--count", type=int, default=len(HELD_OUT), metavar="N", help="of voices (all)")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="of the noise (0)")
    add_json_argument(parser)


@dataclass(slots=True)
class Ear:
    """A spotter on a clock of its own, and what it cost."""

    spotter: Spotter
    now_s: float = 0.0
    heard_s: float = 0.0
    busy_s: float = 0.0
    late_ms: list[float] = field(default_factory=list)

    def hear(self, sound: NDArray[np.int16]) -> list[Heard]:
        """Everything found in a sound, block by block as a microphone gives it."""
        found: list[Heard] = []
        size = round(BLOCK_S * RATE_HZ)
        for start in range(0, len(sound) - size + 1, size):
            self.now_s += BLOCK_S
            self.heard_s += BLOCK_S
            begun_s, begun_cpu_s = time.perf_counter(), time.process_time()
            now = self.spotter.take(sound[start : start + size], int(self.now_s * 1e9))
            self.busy_s += time.process_time() - begun_cpu_s
            took_s = time.perf_counter() - begun_s
            self.late_ms += [(self.now_s - heard.said_ns / 1e9 + took_s) * 1e3 for heard in now]
            found += now
        return found

    def pause(self) -> None:
        """Let time pass, so that the same words from the next voice are no echo."""
        self.now_s += 3.0


def run(args: argparse.Namespace) -> int:
    """Measure and report; 1 when a bound was missed."""
    voices = (HELD_OUT if args.voices == "held-out" else TUNED_ON)[: max(1, args.count)]
    rng = np.random.default_rng(args.seed)
    ear = Ear(Spotter(PHRASES))
    figures = Figures()
    figures.add("voices", len(voices))
    quiet = _hits(figures, ear, voices, rng, dbfs=QUIET_DBFS, name="hit_rate")
    noisy = _hits(figures, ear, voices, rng, dbfs=NOISY_DBFS, name="noisy_hit_rate")
    figures.add("hit_rate", quiet, at_least=0.85)
    figures.add("noisy_hit_rate", noisy)
    figures.add("latency_p50_ms", float(np.percentile(ear.late_ms, 50)))
    figures.add("latency_p95_ms", float(np.percentile(ear.late_ms, 95)))
    figures.add("cpu_share_of_commands", ear.busy_s / ear.heard_s)

    talk = Ear(ear.spotter, now_s=ear.now_s)
    false = _false(talk, (in_room(say(text, voice), rng=rng) for text in SENTENCES for voice in voices))
    hours = talk.heard_s / 3600
    figures.add("talk_minutes", hours * 60)
    figures.add("talk_false_alarms", len(false))
    figures.add("talk_false_alarms_per_hour", len(false) / hours)
    figures.add("cpu_share_of_talk", talk.busy_s / talk.heard_s, at_most=0.25)

    short = Ear(ear.spotter, now_s=talk.now_s)
    false = _false(short, (in_room(say(text, voice), rng=rng) for text in SHORT_TALK for voice in voices))
    figures.add("short_phrases_said", len(SHORT_TALK) * len(voices))
    figures.add("short_phrases_mistaken", len(false))
    figures.add("short_phrases_mistaken_share", len(false) / (len(SHORT_TALK) * len(voices)), at_most=0.05)
    figures.add("mistaken_for", ", ".join(sorted(set(false))) or "nothing")

    alone = Ear(ear.spotter, now_s=short.now_s)
    levels = (-90.0, -50.0, SPEECH_DBFS)
    false = _false(alone, (noise(dbfs, rng, seconds=NOISE_S) for dbfs in levels))
    figures.add("noise_minutes", len(levels) * NOISE_S / 60)
    figures.add("noise_false_alarms", len(false), at_most=0)
    figures.add("cpu_share_of_noise", alone.busy_s / (len(levels) * NOISE_S))
    return figures.report(args.json)


def _hits(
    figures: Figures, ear: Ear, voices: Iterable[Voice], rng: np.random.Generator, *, dbfs: float, name: str
) -> float:
    """The share of phrases heard as what they were; a figure for each, and one of those taken for another."""
    said = hits = wrong = 0
    speakers = tuple(voices)
    ear.hear(noise(dbfs, rng, seconds=USED_TO_S))
    for phrase in PHRASES:
        right = 0
        for voice in speakers:
            heard = [
                one.phrase for one in ear.hear(in_room(say(phrase.text, voice), rng=rng, noise_dbfs=dbfs))
            ]
            right += phrase in heard
            wrong += sum(other != phrase for other in heard)
            ear.pause()
        figures.add(f"{name}.{phrase.text.replace(' ', '_')}", right / len(speakers))
        said, hits = said + len(speakers), hits + right
    figures.add(name.replace("hit_rate", "taken_for_another"), wrong)
    return hits / said


def _false(ear: Ear, sounds: Iterable[NDArray[np.int16]]) -> list[str]:
    found = []
    for sound in sounds:
        found += [heard.phrase.text for heard in ear.hear(sound)]
        ear.pause()
    return found


def noise(dbfs: float, rng: np.random.Generator, *, seconds: float) -> NDArray[np.int16]:
    """A room with nobody in it."""
    return room_noise(int(seconds * RATE_HZ), dbfs, rng).clip(-32768, 32767).astype(np.int16)
