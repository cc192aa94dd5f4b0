"""The clips of `understudy bench voice`: commands in rooms, and everything that is no command.

No voice, no noise and hardly a sentence of it was trained on: the sounds are made here in other ways than those of
`app.speech.whisper.clips`, and the sentences have words that the training lacks, or order its words in other ways.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, lfilter

from app.bench.voices import HELD_OUT, SPEECH_DBFS, Voice, at_level, say
from app.speech.espeak import QUIET_DBFS, coloured_noise
from app.speech.whisper.phrases import KITCHEN_PHRASES
from drivers.microphone.capture import RATE_HZ

Wave = NDArray[np.float64]
"""(n,) at 16 kHz, in units of 16-bit samples."""

VOICES = (*(voice for voice in HELD_OUT if voice.name != "en-us-nyc+f2"), Voice("en-us-nyc+f5", 165, 60))
"""None of them trained the recogniser. Their accents did, in other voices."""

BEFORE_S, AFTER_S = 0.3, 0.25
"""Around the speech, as push-to-talk leaves it."""

SENTENCES = (
    "could you bring me the newspaper from upstairs", "the kettle is almost boiling", "mind the puddle over there",
    "we should calibrate it before lunch", "my sister arrives on thursday", "what a lovely afternoon",
    "the demonstration went surprisingly well", "turn the heating up a little", "is the battery charged",
    "I cannot find my glasses anywhere", "remember to water the plants", "that was extremely close",
    "somebody left the oven on", "nobody told me about the meeting", "let me think about it",
    "the children are playing outside", "can we continue after dinner", "it smells like burnt toast",
    "press the emergency button if it hurts", "one moment please", "how heavy is that thing", "careful with the vase",
    "you forgot the napkins", "it keeps beeping", "that does not look right", "ask the engineer tomorrow",
    "he is washing the dishes", "the gripper looks dirty", "this drawer is always stuck", "whose cup is this",
    "a spoon fell behind the counter", "she opened the drawer yesterday", "I closed the gripper already",
    "we never carry plates to the sink", "the sponge is in the sink", "there is a cup in the sink",
    "the plate is next to the sponge", "the lift is too low", "his arms hurt", "home is where the heart is",
    "do you want sugar or honey", "goodbye and see you on monday", "happy birthday to you", "excuse me",
    "absolutely not", "hurry up", "good evening everybody", "that is enough", "wonderful", "what happened here",
    "ouch", "listen to this", "where did you put the handle", "who took the sponge from the counter",
    "go to bed", "go to the dentist", "pick up the groceries", "pick up the children", "carry the basket to the cellar",
    "carry the laundry to the bedroom", "put the kettle in the cupboard", "put the laundry in the dryer",
    "open the curtains", "close the curtains", "open the umbrella", "close the laptop", "raise the curtain",
    "lower the volume", "lower the blinds", "bring the umbrella along", "back away from the edge",
    "drive to the airport", "drive to the station", "let go of the rope", "let go of my sleeve", "take the umbrella",
    "do not pick up the sponge yet", "please never open the drawer alone", "I said close the gripper slowly",
    "she wants to go to the drawer", "why should I carry the cup to the sink", "stop before you raise the lift",
    "pick up", "go to the", "put the", "carry the plate", "open the", "take the", "back away", "bring the arms",
    "let go of", "in the sink", "to the counter", "the handle of the drawer",
)  # fmt: skip
OTHER_THINGS = (
    "kettle", "mug", "saucer", "toaster", "blender", "carton", "basket", "bucket", "broom", "lemon", "potato", "tomato",
    "hammer", "cushion", "blanket", "laptop", "printer", "ladder", "napkin", "whisk", "pitcher", "grater", "lantern",
    "wallet", "umbrella", "scissors", "vase", "colander", "thermos", "battery", "cupboard", "oven", "freezer",
)  # fmt: skip
OTHER_VERBS = (
    "rinse", "polish", "unplug", "tilt", "rotate", "toss", "hide", "borrow", "measure", "paint", "scrub", "inspect",
    "photograph", "describe", "forget", "avoid", "order", "follow", "count", "repair",
)  # fmt: skip
_THINGS = frozenset(
    ("plate", "cup", "sponge", "spoon", "drawer", "handle", "counter", "lift", "gripper", "sink", "arms")
)


@dataclass(frozen=True, slots=True)
class Clip:
    """A sound, and what is known about it.

    Attributes:
        kind: of the room, or of what is no command.
        said: the text, or what makes the sound.
        samples: (n,) int16 at 16 kHz.
    """

    kind: str
    said: str
    samples: NDArray[np.int16]


def command(phrase: str, voices: Sequence[Voice], rng: np.random.Generator) -> Clip:
    """A phrase by any of the voices in any of the rooms."""
    room = tuple(_ROOMS)[int(rng.integers(len(_ROOMS)))]
    voice = _as_today(voices[int(rng.integers(len(voices)))], rng)
    return Clip(room, phrase, _in(room, say(phrase, voice), voices, rng))


def commands(voices: Sequence[Voice], count: int, rng: np.random.Generator) -> Iterator[Clip]:
    """Every phrase in turn, by every voice in turn, in every room in turn, until there are so many."""
    rooms = tuple(_ROOMS)
    for index in range(count):
        phrase = KITCHEN_PHRASES[index % len(KITCHEN_PHRASES)]
        turn = index // len(KITCHEN_PHRASES)
        # Phrase and turn both move the room on, so that no phrase is tied to one.
        room = rooms[(index + turn) % len(rooms)]
        voice = _as_today(voices[(turn + index) % len(voices)], rng)
        yield Clip(room, phrase, _in(room, say(phrase, voice), voices, rng))


def others(voices: Sequence[Voice], count: int, rng: np.random.Generator) -> Iterator[Clip]:
    """What must never be taken for a command: of 20 one is silence, 3 noise, 4 music, 12 talk."""
    for index in range(count):
        slot = index % 20
        if slot == 0:
            yield Clip(
                "silence",
                "silence",
                _recorded(at_level(coloured_noise(_length(rng), rng), rng.uniform(-90, -55))),
            )
        elif slot < 4:
            name, noise = _noise(rng)
            yield Clip("noise", name, _recorded(at_level(noise, rng.uniform(-50, -12))))
        elif slot < 8:
            music = _music(_length(rng), rng)
            yield Clip("music", "music", _recorded(at_level(music, rng.uniform(-45, -15))))
        else:
            spoken = command(sentence(rng), voices, rng)
            yield replace(spoken, kind="talk")


def sentence(rng: np.random.Generator) -> str:
    """A sentence that is no command: one of the list, or a command with one word changed to an untrained one."""
    if rng.random() < 0.5:
        return str(rng.choice(SENTENCES))
    words = str(rng.choice(KITCHEN_PHRASES)).split()
    things = [place for place, word in enumerate(words) if word in _THINGS]
    if things and rng.random() < 0.75:
        words[int(rng.choice(things))] = str(rng.choice(OTHER_THINGS))
    else:
        words[0] = str(rng.choice(OTHER_VERBS))
    return " ".join(words)


def _as_today(voice: Voice, rng: np.random.Generator) -> Voice:
    """Nobody speaks twice alike."""
    return replace(
        voice,
        words_per_minute=round(voice.words_per_minute * rng.uniform(0.85, 1.15)),
        pitch=int(np.clip(voice.pitch + rng.integers(-12, 13), 0, 99)),
    )


def _in(room: str, speech: Wave, voices: Sequence[Voice], rng: np.random.Generator) -> NDArray[np.int16]:
    padded = np.concatenate((np.zeros(int(BEFORE_S * RATE_HZ)), speech, np.zeros(int(AFTER_S * RATE_HZ))))
    heard = _ROOMS[room](padded, voices, rng)
    return _recorded(heard * 10 ** (rng.uniform(-10, 10) / 20))


def _quiet(speech: Wave, voices: Sequence[Voice], rng: np.random.Generator) -> Wave:
    return speech + at_level(coloured_noise(len(speech), rng), QUIET_DBFS)


def _fan(speech: Wave, voices: Sequence[Voice], rng: np.random.Generator) -> Wave:
    """Air through blades, 20 dB below the voice."""
    t = np.arange(len(speech)) / RATE_HZ
    beat = 1 + 0.5 * np.sin(2 * np.pi * rng.uniform(8, 40) * t)
    return speech + at_level(
        _band(rng.normal(size=len(t)), 80, rng.uniform(800, 3000)) * beat, SPEECH_DBFS - 20
    )


def _street(speech: Wave, voices: Sequence[Voice], rng: np.random.Generator) -> Wave:
    """Low rumble and hiss, 15 dB below the voice."""
    noise = coloured_noise(len(speech), rng, exponent=0.9) * 30 + 0.05 * coloured_noise(
        len(speech), rng, exponent=0.1
    )
    return speech + at_level(noise, SPEECH_DBFS - 15)


def _others_talk(speech: Wave, voices: Sequence[Voice], rng: np.random.Generator) -> Wave:
    """Another person at the far end of the room, 20 dB below."""
    other = say(str(rng.choice(SENTENCES)), voices[int(rng.integers(len(voices)))])
    return _quiet(speech, voices, rng) + at_level(np.resize(other, len(speech)), SPEECH_DBFS - 20)


def _tiled(speech: Wave, voices: Sequence[Voice], rng: np.random.Generator) -> Wave:
    """Walls that answer: some first echoes, and a tail of 0.3 s."""
    answer = np.zeros(int(0.3 * RATE_HZ))
    answer[0] = 1.0
    for _ in range(8):
        answer[int(rng.uniform(0.003, 0.05) * RATE_HZ)] += rng.uniform(-0.35, 0.35)
    tail = rng.normal(size=len(answer)) * np.exp(-np.arange(len(answer)) / (0.045 * RATE_HZ))
    answer += 0.25 * tail / np.sqrt(np.sum(tail * tail))
    return _quiet(np.convolve(speech, answer)[: len(speech)], voices, rng)


_ROOMS: dict[str, Callable[[Wave, Sequence[Voice], np.random.Generator], Wave]] = {
    "quiet": _quiet,
    "fan": _fan,
    "street": _street,
    "others_talk": _others_talk,
    "tiled": _tiled,
}


def _noise(rng: np.random.Generator) -> tuple[str, Wave]:
    count = _length(rng)
    t = np.arange(count) / RATE_HZ
    name = str(rng.choice(("rumble", "hiss", "motor", "dishes", "knocks", "breath", "siren")))
    if name == "rumble":
        return name, coloured_noise(count, rng, exponent=1.2)
    if name == "hiss":
        return name, _band(rng.normal(size=count), rng.uniform(1000, 3000), 7500)
    if name == "motor":
        turn = 2 * np.pi * np.cumsum(rng.uniform(60, 300) * (1 + 0.3 * np.sin(2 * np.pi * 0.7 * t))) / RATE_HZ
        return name, np.sign(np.sin(turn)) + 0.5 * np.sin(7.3 * turn) + rng.normal(size=count)
    if name == "siren":
        return name, np.sin(
            2 * np.pi * np.cumsum(700 + 400 * np.sin(2 * np.pi * rng.uniform(0.3, 4) * t)) / RATE_HZ
        )
    sound = 0.003 * rng.normal(size=count)
    for _ in range(int(rng.integers(2, 12))):
        start = int(rng.integers(count))
        rest = np.arange(count - start) / RATE_HZ
        if name == "dishes":
            ring = sum(np.sin(2 * np.pi * hz * rest) for hz in rng.uniform(1500, 7000, 4)) * np.exp(
                -rest * 25
            )
        elif name == "knocks":
            ring = np.sin(2 * np.pi * rng.uniform(70, 250) * rest) * np.exp(-rest * 60)
        else:
            puff = np.sin(np.pi * np.minimum(rest / 0.4, 1.0)) ** 2
            ring = _band(rng.normal(size=len(rest)), 400, 4000) * puff
        sound[start:] += ring
    return name, sound


def _music(count: int, rng: np.random.Generator) -> Wave:
    """A band: plucked chords, a tune that slides, and drums."""
    sound = np.zeros(count)
    step = int(rng.uniform(0.12, 0.4) * RATE_HZ)
    scale = np.array((0, 2, 4, 5, 7, 9, 11, 12))
    root_hz = rng.uniform(90, 260)
    tune_hz = np.empty(count)
    for beat, start in enumerate(range(0, count, step)):
        rest = np.arange(count - start) / RATE_HZ
        tune_hz[start : start + step] = root_hz * 2 * 2 ** (rng.choice(scale) / 12)
        for degree in rng.choice(scale, 3, replace=False):
            period = int(RATE_HZ / (root_hz * 2 ** (degree / 12)))
            pluck = np.resize(rng.normal(size=period), len(rest)) * np.exp(-rest * rng.uniform(3, 9))
            sound[start:] += 0.3 * _band(pluck, 60, 3500)
        drum = rng.normal(size=len(rest)) if beat % 2 else np.sin(2 * np.pi * 70 * rest)
        sound[start:] += 0.6 * drum * np.exp(-rest * 40)
    glide = lfilter([0.002], [1, -0.998], tune_hz, zi=[0.998 * tune_hz[0]])[0]
    phase = 2 * np.pi * np.cumsum(glide) / RATE_HZ
    return np.asarray(sound + 0.7 * sum(np.sin(k * phase) / k**1.5 for k in range(1, 7)))


def _band(sound: Wave, low_hz: float, high_hz: float) -> Wave:
    b, a = butter(2, (low_hz, high_hz), btype="band", fs=RATE_HZ)
    return np.asarray(lfilter(b, a, sound))


def _length(rng: np.random.Generator) -> int:
    return int(rng.uniform(0.6, 4.0) * RATE_HZ)


def _recorded(sound: Wave) -> NDArray[np.int16]:
    return np.clip(np.round(sound), -32768, 32767).astype(np.int16)
