"""`understudy bench voice`: how surely spoken commands are read, how seldom one is made up, and how soon.

The voices are eSpeak's, which speak less naturally than people; none of them, and none of the rooms and noises, was
trained on. The figures say what the recogniser that ships with the project does, and what a change of it does.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterable

import numpy as np

from app.bench.figures import Figures, add_json_argument
from app.bench.voice_clips import VOICES, Clip, commands, others
from app.bench.voice_live import measure_live
from app.cli.outcome import CommandError
from app.speech.whisper.catalogue import SHIPPED
from app.speech.whisper.decision import Accepted, Ask, Decision, decide
from app.speech.whisper.model import BASE_EN, ModelMissing, ModelUnreadable, load, untrained
from app.speech.whisper.phrases import KITCHEN_PHRASES
from app.speech.whisper.reading import Reader, Reading

_BASE_REPEATS = 7


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this bench's options."""
    parser.add_argument(
        "--clips", type=int, default=1000, metavar="N", help="commands, and as many other clips (1000)"
    )
    parser.add_argument(
        "--voices",
        type=int,
        default=len(VOICES),
        metavar="N",
        help=f"held-out voices (all {len(VOICES)})",
    )
    parser.add_argument(
        "--spoken",
        type=int,
        default=30,
        metavar="N",
        help="commands spoken to a whole session (30; 0 for none)",
    )
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="of rooms, noise and other talk (0)")
    parser.add_argument("--model", default=SHIPPED, help=f"name or path of another recogniser ({SHIPPED})")
    add_json_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Measure and report; 1 when a bound was missed."""
    try:
        reader = Reader(load(args.model), KITCHEN_PHRASES)
    except (ModelMissing, ModelUnreadable) as error:
        raise CommandError(str(error)) from error
    voices = VOICES[: max(1, args.voices)]
    rng = np.random.default_rng(args.seed)
    figures = Figures()
    figures.add("voices", len(voices))
    measure_commands(figures, reader, commands(voices, args.clips, rng))
    measure_others(figures, reader, others(voices, args.clips, rng))
    measure_base(figures, next(commands(voices, 1, rng)))
    if args.spoken:
        measure_live(figures, count=args.spoken, model=args.model, seed=args.seed)
    return figures.report(args.json)


def measure_commands(figures: Figures, reader: Reader, clips: Iterable[Clip]) -> None:
    """Add how many commands are accepted as what they are, by room, and how long it takes from sound to decision."""
    read = [(clip, *_read(reader, clip)) for clip in clips]
    right = [(clip, _accepted(decision) == clip.said) for clip, _, decision in read]
    wrong = [
        f"{clip.said} → {_accepted(decision)}"
        for clip, _, decision in read
        if _accepted(decision) not in (None, clip.said)
    ]
    figures.add("commands", len(read))
    for room in sorted({clip.kind for clip, _ in right}):
        hits = [hit for clip, hit in right if clip.kind == room]
        figures.add(f"exact_accuracy.{room}", sum(hits) / len(hits))
    missed = Counter(clip.said for clip, hit in right if not hit)
    figures.add(
        "missed_most", ", ".join(f"{text} ({count})" for text, count in missed.most_common(5)) or "nothing"
    )
    figures.add("asked_share", sum(isinstance(decision, Ask) for *_, decision in read) / len(read))
    figures.add("accepted_as_another", len(wrong))
    figures.add("accepted_as_which", ", ".join(wrong) or "nothing")
    figures.add("exact_accuracy", sum(hit for _, hit in right) / len(right), at_least=0.98)
    took_ms = [reading.total_ms for _, reading, _ in read]
    figures.add("reading_p50_ms", float(np.percentile(took_ms, 50)))
    figures.add("reading_p95_ms", float(np.percentile(took_ms, 95)))


def measure_others(figures: Figures, reader: Reader, clips: Iterable[Clip]) -> None:
    """Add how many clips that are no command were accepted as one, and which."""
    read = [(clip, _read(reader, clip)[1]) for clip in clips]
    for kind, count in sorted(Counter(clip.kind for clip, _ in read).items()):
        figures.add(f"others.{kind}", count)
    false = [f"{clip.said} → {decision.phrase}" for clip, decision in read if isinstance(decision, Accepted)]
    figures.add("others_asked", sum(isinstance(decision, Ask) for _, decision in read))
    figures.add("accepted_falsely", ", ".join(false) or "nothing")
    figures.add("false_accepts", len(false), at_most=0)


def measure_base(figures: Figures, clip: Clip) -> None:
    """Add what one reading of a short utterance costs a model of the dimensions that people are read with."""
    model = untrained(BASE_EN)
    reader = Reader(model, KITCHEN_PHRASES)
    readings = [reader.read(clip.samples) for _ in range(_BASE_REPEATS + 1)][1:]
    figures.add("base_utterance_s", readings[0].duration_s)
    figures.add("base_context_positions", model.positions_for(len(clip.samples)))
    figures.add("base_encoder_ms", float(np.median([reading.encode_ms for reading in readings])))
    figures.add("base_scoring_ms", float(np.median([reading.score_ms for reading in readings])))


def _read(reader: Reader, clip: Clip) -> tuple[Reading, Decision]:
    reading = reader.read(clip.samples)
    return reading, decide(reading)


def _accepted(decision: Decision) -> str | None:
    return decision.phrase if isinstance(decision, Accepted) else None
