"""Train the recogniser that ships with the project: `python -m app.speech.whisper.train --minutes 60 kitchen.pt`.

A Whisper of small dimensions, trained as Whisper was: start, no time stamps, the text, end; and `<|nospeech|>` at the
start where nobody speaks. Two things make hours into minutes on two cores:

- Of Whisper's 51,864 tokens a few hundred occur. Only their rows are trained; the others stay zero, so that each of
  them has the logit 0, and their share of the softmax is known without computing it. Saved, the table is whole.
- The encoder also learns to spell: a second loss (CTC over letters) that needs no attention to have been learnt. Its
  one layer is thrown away at the end.

It can be interrupted, and goes on from its state file; the learning rate follows the time spent, not the steps.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import nn
from whisper.model import MultiHeadAttention

from app.speech.whisper.batches import Batch, Batches, labelled, masked
from app.speech.whisper.clips import CHECK_VOICES, Clip, Room, spoken, training_sayings
from app.speech.whisper.mel import SAMPLES_PER_POSITION, log_mel
from app.speech.whisper.model import tokenizer_for
from app.speech.whisper.phrases import KITCHEN_PHRASES
from app.speech.whisper.pupil import DIMENSIONS, Pupil, exact_share, losses
from app.speech.whisper.vocabulary import Vocabulary, all_texts

WARM_UP_STEPS = 200
LEAST_RATE = 0.01
"""Of the highest rate, at the end."""
SPELLING_WEIGHT = 0.4
WHOLE_PRECISION_FROM = 0.99
"""Share of the time from which nothing is computed in bfloat16 any more."""
REPORT_STEPS = 100
_CHECK_CONTEXT = 192
_CHECK_BATCH = 28
_SMOOTHING = 0.03


class Course:
    """A pupil on its way: the optimizer, the time spent, and the state file beside the checkpoint.

    Args:
        checkpoint: where it is written; its state lies beside it as `.state`, and is gone on from where it is there.
        vocabulary: the tokens that are trained.
        minutes: of training in all, resumed or not.
        rate: of learning, at its highest.
        half: compute in bfloat16.
        warm: a checkpoint to begin with, where there is no state yet.
    """

    def __init__(
        self,
        checkpoint: Path,
        vocabulary: Vocabulary,
        *,
        minutes: float,
        rate: float,
        half: bool,
        warm: Path | None = None,
    ) -> None:
        self._checkpoint = checkpoint
        self._state_path = checkpoint.with_suffix(".state")
        self._vocabulary = vocabulary
        self._whole_s = 60 * minutes
        self._rate = rate
        self._half = half
        self.pupil = Pupil(len(vocabulary.tokens))
        weights = [p for p in self.pupil.parameters() if p.ndim > 1]
        others = [p for p in self.pupil.parameters() if p.ndim <= 1]
        self._optimizer = torch.optim.AdamW(
            [{"params": weights, "weight_decay": 0.02}, {"params": others, "weight_decay": 0.0}],
            lr=rate,
            betas=(0.9, 0.98),
        )
        self.step = 0
        spent_s = 0.0
        if self._state_path.is_file():
            spent_s = self._resume()
        elif warm is not None:
            self.pupil.take(torch.load(warm, weights_only=True), vocabulary)
        self._begun_s = time.monotonic() - spent_s
        self.means = np.zeros(2)

    @property
    def spent_s(self) -> float:
        """Time trained, in this run and those before."""
        return time.monotonic() - self._begun_s

    @property
    def done(self) -> float:
        """Share of the time that is spent; past 1 when it is over."""
        return self.spent_s / self._whole_s

    def learn(self, batch: Batch, rng: np.random.Generator) -> None:
        """One step on one batch."""
        done = min(1.0, self.done)
        fall = LEAST_RATE + (1 - LEAST_RATE) * 0.5 * (1 + math.cos(math.pi * done))
        for group in self._optimizer.param_groups:
            group["lr"] = self._rate * min(1.0, (self.step + 1) / WARM_UP_STEPS) * fall
        mel = masked(log_mel(batch.audio_BN, n_mels=DIMENSIONS.n_mels), rng)
        with torch.autocast("cpu", torch.bfloat16, enabled=self._half and done < WHOLE_PRECISION_FROM):
            text, spelling = losses(self.pupil, batch, mel)
        self._optimizer.zero_grad(set_to_none=True)
        (text + SPELLING_WEIGHT * (1 - done) * spelling).backward()
        nn.utils.clip_grad_norm_(self.pupil.parameters(), 1.0)
        self._optimizer.step()
        self.step += 1
        new = np.array([float(text.detach()), float(spelling.detach())])
        self.means = (1 - _SMOOTHING) * self.means + _SMOOTHING * new

    def save(self) -> None:
        """Write the checkpoint and the state."""
        _write(self._checkpoint, self.pupil.whole(self._vocabulary))
        state = {"pupil": self.pupil.state_dict(), "optimizer": self._optimizer.state_dict()}
        _write(self._state_path, state | {"spent_s": self.spent_s, "step": self.step})

    def _resume(self) -> float:
        state = torch.load(self._state_path, weights_only=True)
        self.pupil.load_state_dict(state["pupil"])
        self._optimizer.load_state_dict(state["optimizer"])
        self.step = int(state["step"])
        return float(state["spent_s"])


def main(arguments: Sequence[str] | None = None) -> int:
    """Train for as long as is asked, writing the checkpoint again and again."""
    options = _parser().parse_args(arguments)
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    # On a CPU the fused attention's backward pass is the slower one.
    MultiHeadAttention.use_sdpa = False

    sayings = training_sayings(
        np.random.default_rng(options.seed),
        each=options.each,
        others=options.others,
        within=options.within,
        near=options.near,
        accents=options.accents,
    )
    _say(f"speaking {len(sayings)} clips, those that are not in {options.cache} yet")
    clips = spoken(sayings, folder=options.cache)
    vocabulary = Vocabulary(tokenizer_for(), all_texts())
    checks = spoken([(p, v) for p in KITCHEN_PHRASES for v in CHECK_VOICES], folder=options.cache)
    check = check_batches(checks, vocabulary, np.random.default_rng(options.seed + 1))
    course = Course(
        options.checkpoint,
        vocabulary,
        minutes=options.minutes,
        rate=options.rate,
        half=options.half,
        warm=options.warm,
    )
    _say(
        f"{len(clips)} clips, {len(vocabulary.tokens)} tokens; from step {course.step}, {course.spent_s / 60:.1f} min"
    )
    train(course, clips, vocabulary, check, seed=options.seed + 2 + course.step, size=options.batch)
    return 0


def train(
    course: Course,
    clips: Sequence[Clip],
    vocabulary: Vocabulary,
    check: Sequence[Batch],
    *,
    seed: int,
    size: int,
) -> None:
    """Let the pupil learn until its time is over, saying now and then how far it is."""
    rng = np.random.default_rng(seed)
    noted_s, noted_step = course.spent_s, course.step
    for batch in Batches(clips, vocabulary, rng=rng, size=size):
        course.learn(batch, rng)
        over = course.done >= 1.0
        if not over and course.step % REPORT_STEPS:
            continue
        exact, loss = exact_share(course.pupil, check)
        each_s = (course.spent_s - noted_s) / (course.step - noted_step)
        noted_s, noted_step = course.spent_s, course.step
        text, spelling = course.means
        _say(
            f"{course.spent_s / 60:5.1f} min  step {course.step}  {each_s:.2f} s each  text {text:.3f}"
            f"  spelling {spelling:.3f}  exact {exact:.3f}  loss {loss:.3f}"
        )
        course.save()
        if over:
            return


def check_batches(clips: Sequence[Clip], vocabulary: Vocabulary, rng: np.random.Generator) -> list[Batch]:
    """What the training is followed by: each clip once, in a room of its own."""
    room = Room(rng)
    count = _CHECK_CONTEXT * SAMPLES_PER_POSITION
    groups = [clips[i : i + _CHECK_BATCH] for i in range(0, len(clips), _CHECK_BATCH)]
    return [
        labelled(
            np.stack([room.place(clip.sound, count) for clip in group]),
            [clip.text for clip in group],
            vocabulary,
        )
        for group in groups
    ]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m app.speech.whisper.train", description=__doc__)
    parser.add_argument("checkpoint", type=Path, help="where to write it; its state lies beside it as .state")
    parser.add_argument("--minutes", type=float, default=60.0, help="of training in all, resumed or not (60)")
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "understudy" / "speech")
    parser.add_argument("--each", type=int, default=80, help="clips of each phrase (80)")
    parser.add_argument("--others", type=int, default=5000, help="clips of other sentences (5000)")
    parser.add_argument("--within", type=int, default=2000, help="of sentences with a phrase in them (2000)")
    parser.add_argument("--near", type=int, default=6000, help="of sentences that are nearly a phrase (6000)")
    parser.add_argument("--accents", type=int, default=50, help="clips of each phrase in rarer accents (50)")
    parser.add_argument("--warm", type=Path, help="a checkpoint to begin with, where there is no state yet")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rate", type=float, default=1.5e-3, help="of learning, at its highest")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--half", action="store_true", help="compute in bfloat16")
    return parser


def _write(path: Path, state: dict[str, object]) -> None:
    """Write a file that is there as a whole or not at all."""
    partial = path.with_name(path.name + ".partial")
    torch.save(state, partial)
    partial.replace(path)


def _say(line: str) -> None:
    """One line on stdout, at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
