"""`understudy bench thresholds`: the scores of phrases and of talk, and the thresholds that follow from them.

It speaks with the voices that `understudy bench words` does not use. What it proposes is copied by hand into
`app.speech.vocabulary`.
"""

from __future__ import annotations

import argparse
import math
from collections import defaultdict
from dataclasses import replace
from itertools import product

import numpy as np

from app.bench.figures import Figures, add_json_argument
from app.bench.voices import QUIET_DBFS, TUNED_ON, in_room, say
from app.bench.words import NOISY_DBFS, SENTENCES, SHORT_TALK, USED_TO_S, Ear, noise
from app.speech.spotter import Spotter
from app.speech.vocabulary import PHRASES, phrase_of

ABOVE_TALK = 2.0
"""A threshold is this much above the best score of talk …"""
BELOW_HITS = 6.0
"""… and goes no lower than this below the worst score of the phrase itself, for lack of a reason to."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this bench's options."""
    parser.add_argument("--words", nargs="*", metavar="PHRASE", help="to score (those bound from the start)")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="of the noise (0)")
    add_json_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Measure and report."""
    phrases = tuple(map(phrase_of, args.words)) if args.words else PHRASES
    rng = np.random.default_rng(args.seed)
    ear = Ear(Spotter([replace(phrase, threshold=-math.inf) for phrase in phrases]))
    hits: dict[str, list[float]] = defaultdict(list)
    talk: dict[str, list[tuple[float, str]]] = defaultdict(list)
    for dbfs in (NOISY_DBFS, QUIET_DBFS):
        ear.hear(noise(dbfs, rng, seconds=USED_TO_S))
        for said, voice in product(phrases, TUNED_ON):
            for heard in ear.hear(in_room(say(said.text, voice), rng=rng, noise_dbfs=dbfs)):
                if heard.phrase.text == said.text:
                    hits[said.text].append(heard.score)
                else:
                    talk[heard.phrase.text].append((heard.score, said.text))
            ear.pause()
    for text in (*SHORT_TALK, *SENTENCES):
        for voice in TUNED_ON:
            for heard in ear.hear(in_room(say(text, voice), rng=rng)):
                talk[heard.phrase.text].append((heard.score, text))
            ear.pause()
    figures = Figures()
    for phrase in phrases:
        own, others = hits[phrase.text], sorted(talk[phrase.text], reverse=True)
        name = phrase.text.replace(" ", "_")
        figures.add(f"{name}.found", len(own) / (2 * len(TUNED_ON)))
        figures.add(f"{name}.scores", " ".join(f"{score:.0f}" for score in sorted(own)))
        figures.add(f"{name}.talk", "; ".join(f"{score:.0f} {text}" for score, text in others[:4]))
        least = min(own, default=0.0) - BELOW_HITS
        best = others[0][0] + ABOVE_TALK if others else -math.inf
        figures.add(f"{name}.threshold", round(max(best, least)))
        figures.add(
            f"{name}.over_it", float(np.mean([score >= max(best, least) for score in own])) if own else 0.0
        )
    return figures.report(args.json)
