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
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from whisper.model import ModelDimensions, MultiHeadAttention, Whisper
from whisper.tokenizer import Tokenizer

from app.speech.whisper.clips import (
    CHECK_VOICES,
    Clip,
    Room,
    spoken,
    training_sayings,
)
from app.speech.whisper.mel import SAMPLES_PER_POSITION, encode, log_mel
from app.speech.whisper.model import tokenizer_for
from app.speech.whisper.phrases import KITCHEN_PHRASES, UNKNOWN, written
from app.speech.whisper.sentences import (
    AFTER,
    BEFORE,
    COMMON,
    MORE_NOUNS,
    MORE_VERBS,
    NOUNS,
    PLACES,
    SET_PHRASES,
    VERBS,
    WHO,
)

DIMENSIONS = ModelDimensions(
    n_mels=80,
    n_audio_ctx=256,
    n_audio_state=128,
    n_audio_head=4,
    n_audio_layer=4,
    n_vocab=51864,
    n_text_ctx=32,
    n_text_state=128,
    n_text_head=4,
    n_text_layer=3,
)
"""7.9 million numbers, 6.6 of them in the table of tokens that every Whisper has. The context is 5.12 s."""
CONTEXTS = (128, 192, 256)
"""Positions of the encoder trained on, and how often: most commands take two seconds and a half."""
CONTEXT_SHARES = (0.62, 0.26, 0.12)

LETTERS = " abcdefghijklmnopqrstuvwxyz"
IGNORED = -100


class Vocabulary:
    """Whisper's tokens that occur in the training, numbered anew.

    Attributes:
        tokens: of Whisper's own numbering, ascending; the place of one is its new number.
    """

    def __init__(self, tokenizer: Tokenizer, texts: Sequence[str]) -> None:
        used = {tokenizer.sot, tokenizer.eot, tokenizer.no_timestamps, tokenizer.no_speech}
        for text in texts:
            used.update(tokenizer.encode(text))
        self.tokens = sorted(used)
        self._new = {token: number for number, token in enumerate(self.tokens)}
        self._tokenizer = tokenizer
        self.sot, self.eot, self.no_timestamps, self.no_speech = (
            self._new[token]
            for token in (tokenizer.sot, tokenizer.eot, tokenizer.no_timestamps, tokenizer.no_speech)
        )

    def encode(self, text: str) -> list[int]:
        """A command or sentence, as Whisper would write it; one that is no command has dots before it."""
        whole = written(text) if text in KITCHEN_PHRASES else UNKNOWN + written(text)
        return [self._new[token] for token in self._tokenizer.encode(whole)]


def all_texts() -> list[str]:
    """Texts with every word of the training at the start of one and within one, so that every token occurs."""
    words = {
        word
        for text in (*KITCHEN_PHRASES, *SET_PHRASES, *PLACES, *WHO, *BEFORE, *AFTER)
        for word in text.split()
    }
    words |= {*COMMON, *NOUNS, *MORE_NOUNS, *VERBS, *MORE_VERBS}
    return [
        form
        for word in words
        for form in (written(word), UNKNOWN, f"{UNKNOWN}{written(word)}", f" {word}.", f" {word} {word}.")
    ]


@dataclass(frozen=True, slots=True)
class Batch:
    """Sounds (B, N), the decoder's inputs and targets (B, T), and all spellings in a row, with their lengths."""

    audio_BN: Tensor
    tokens_BT: Tensor
    targets_BT: Tensor
    letters: Tensor
    letter_counts: Tensor


class Batches:
    """Endless batches of clips, each time in another room."""

    def __init__(
        self, clips: Sequence[Clip], vocabulary: Vocabulary, *, rng: np.random.Generator, size: int
    ) -> None:
        self._commands = [clip for clip in clips if clip.text in KITCHEN_PHRASES]
        self._others = [clip for clip in clips if clip.text not in KITCHEN_PHRASES]
        self._vocabulary = vocabulary
        self._rng = rng
        self._size = size
        self._room = Room(rng, talk=[clip.sound for clip in self._others])

    def __iter__(self) -> Iterator[Batch]:
        while True:
            context = int(self._rng.choice(CONTEXTS, p=CONTEXT_SHARES))
            yield self.batch(context)

    def batch(self, context: int) -> Batch:
        """A batch for so many positions of the encoder."""
        count = context * SAMPLES_PER_POSITION
        sounds, texts = [], []
        for _ in range(self._size):
            kind = self._rng.random()
            if kind < 0.08:
                sounds.append(self._room.nothing_said(count))
                texts.append("")
                continue
            clip = self._fitting(self._commands if kind < 0.5 else self._others, count)
            sounds.append(self._room.place(clip.sound, count))
            texts.append(clip.text)
        return labelled(np.stack(sounds), texts, self._vocabulary)

    def _fitting(self, clips: Sequence[Clip], count: int) -> Clip:
        while True:
            clip = clips[int(self._rng.integers(len(clips)))]
            if len(clip.sound) < 0.95 * count:
                return clip


def labelled(sounds_BN: np.ndarray, texts: Sequence[str], vocabulary: Vocabulary) -> Batch:
    """Sounds with what is said in them; an empty text where nobody speaks."""
    rows = [
        [vocabulary.sot, vocabulary.no_timestamps, *vocabulary.encode(text)] if text else [vocabulary.sot]
        for text in texts
    ]
    width = max(map(len, rows))
    tokens = torch.full((len(rows), width), vocabulary.eot)
    targets = torch.full((len(rows), width), IGNORED)
    for index, row in enumerate(rows):
        tokens[index, : len(row)] = torch.tensor(row)
        ends = [*row[1:], vocabulary.eot] if len(row) > 1 else [vocabulary.no_speech]
        targets[index, : len(row)] = torch.tensor(ends)
    spellings = [
        [LETTERS.index(letter) + 1 for letter in text.lower() if letter in LETTERS] for text in texts
    ]
    return Batch(
        torch.from_numpy(sounds_BN),
        tokens,
        targets,
        torch.tensor([letter for spelling in spellings for letter in spelling]),
        torch.tensor([len(spelling) for spelling in spellings]),
    )


class Pupil(nn.Module):
    """The model as it is trained: Whisper with the used tokens only, and the layer that spells."""

    def __init__(self, used: int, *, dimensions: ModelDimensions = DIMENSIONS) -> None:
        super().__init__()
        self.whisper = Whisper(ModelDimensions(**(asdict(dimensions) | {"n_vocab": used})))
        self.spell = nn.Linear(dimensions.n_audio_state, len(LETTERS) + 1)
        self._unused_log = math.log(dimensions.n_vocab - used)
        decoder = self.whisper.decoder
        nn.init.normal_(decoder.positional_embedding, std=0.05)
        with torch.no_grad():
            # Some direction in which all used rows lie: 51,000 logits of zero have to be outweighed from the start.
            common = torch.sign(torch.randn(dimensions.n_text_state))
            decoder.ln.bias.copy_(common)
            decoder.token_embedding.weight.normal_(std=0.1).add_(0.08 * common)

    def forward(self, mel_BMF: Tensor, tokens_BT: Tensor) -> tuple[Tensor, Tensor]:
        """Logits of the used tokens, with one more for all unused together (B, T, U + 1); of the letters (C, B, L)."""
        features_BCD = encode(self.whisper.encoder, mel_BMF)
        logits_BTU = self.whisper.decoder(tokens_BT, features_BCD)
        unused = torch.full_like(logits_BTU[..., :1], self._unused_log)
        return torch.cat((logits_BTU, unused), dim=-1), self.spell(features_BCD).float().permute(1, 0, 2)

    def whole(self, vocabulary: Vocabulary, *, dimensions: ModelDimensions = DIMENSIONS) -> dict[str, object]:
        """The checkpoint in Whisper's own format, in half precision."""
        state = {name: value.half() for name, value in self.whisper.state_dict().items()}
        table = torch.zeros(dimensions.n_vocab, dimensions.n_text_state, dtype=torch.float16)
        table[vocabulary.tokens] = state["decoder.token_embedding.weight"]
        state["decoder.token_embedding.weight"] = table
        return {"dims": asdict(dimensions), "model_state_dict": state}


def losses(pupil: Pupil, batch: Batch, mel_BMF: Tensor) -> tuple[Tensor, Tensor]:
    """Of the text, and of the spelling."""
    logits, letters = pupil(mel_BMF, batch.tokens_BT)
    text = functional.cross_entropy(logits.flatten(0, 1), batch.targets_BT.flatten(), ignore_index=IGNORED)
    counts = torch.full((letters.shape[1],), letters.shape[0])
    spelling = functional.ctc_loss(
        letters.log_softmax(-1), batch.letters, counts, batch.letter_counts, zero_infinity=True
    )
    return text, spelling


def masked(mel_BMF: Tensor, rng: np.random.Generator) -> Tensor:
    """The spectrograms with a band and a short time of each blanked out, as SpecAugment does (Park et al., 2019)."""
    mel_BMF = mel_BMF.clone()
    for mel in mel_BMF:
        if rng.random() < 0.5:
            low = int(rng.integers(0, 70))
            mel[low : low + int(rng.integers(1, 12))] = mel.mean()
        if rng.random() < 0.4:
            start = int(rng.integers(0, mel.shape[1] - 12))
            mel[:, start : start + int(rng.integers(1, 12))] = mel.mean()
    return mel_BMF


@torch.no_grad()
def exact_share(pupil: Pupil, batches: Sequence[Batch]) -> tuple[float, float]:
    """Share of clips of which every token is the likeliest, and the mean loss."""
    pupil.eval()
    right, total, loss = 0, 0, 0.0
    for batch in batches:
        logits, _ = pupil(log_mel(batch.audio_BN, n_mels=DIMENSIONS.n_mels), batch.tokens_BT)
        hit = (logits.argmax(-1) == batch.targets_BT) | (batch.targets_BT == IGNORED)
        right += int(hit.all(dim=1).sum())
        total += len(hit)
        loss += float(functional.cross_entropy(logits.flatten(0, 1), batch.targets_BT.flatten())) / len(
            batches
        )
    pupil.train()
    return right / total, loss


def main(arguments: Sequence[str] | None = None) -> int:
    """Train for as long as is asked, writing the checkpoint again and again."""
    parser = argparse.ArgumentParser(prog="python -m app.speech.whisper.train", description=__doc__)
    parser.add_argument("checkpoint", type=Path, help="where to write it; its state lies beside it as .state")
    parser.add_argument("--minutes", type=float, default=60.0, help="of training in all, resumed or not (60)")
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "understudy" / "speech")
    parser.add_argument("--each", type=int, default=70, help="clips of each phrase (70)")
    parser.add_argument("--others", type=int, default=5000, help="clips of other sentences (5000)")
    parser.add_argument("--within", type=int, default=1500, help="of sentences with a phrase in them (1500)")
    parser.add_argument("--near", type=int, default=5000, help="of sentences that are nearly a phrase (5000)")
    parser.add_argument("--accents", type=int, default=40, help="clips of each phrase in rarer accents (40)")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rate", type=float, default=1.5e-3, help="of learning, at its highest")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--half", action="store_true", help="compute in bfloat16")
    options = parser.parse_args(arguments)
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
    say(f"speaking {len(sayings)} clips, those that are not in {options.cache} yet")
    clips = spoken(sayings, folder=options.cache)
    checks = spoken([(p, v) for p in KITCHEN_PHRASES for v in CHECK_VOICES], folder=options.cache)
    tokenizer = tokenizer_for()
    vocabulary = Vocabulary(tokenizer, all_texts())
    check_room = Room(np.random.default_rng(options.seed + 1))
    count = 192 * SAMPLES_PER_POSITION
    check = [
        labelled(
            np.stack([check_room.place(clip.sound, count) for clip in checks[i : i + 28]]),
            [clip.text for clip in checks[i : i + 28]],
            vocabulary,
        )
        for i in range(0, len(checks), 28)
    ]
    pupil = Pupil(len(vocabulary.tokens))
    decayed = [p for p in pupil.parameters() if p.ndim > 1]
    plain = [p for p in pupil.parameters() if p.ndim <= 1]
    optimizer = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": 0.02}, {"params": plain, "weight_decay": 0.0}],
        lr=options.rate,
        betas=(0.9, 0.98),
    )
    state_path = options.checkpoint.with_suffix(".state")
    spent_s, step = 0.0, 0
    if state_path.is_file():
        state = torch.load(state_path, weights_only=True)
        pupil.load_state_dict(state["pupil"])
        optimizer.load_state_dict(state["optimizer"])
        spent_s, step = state["spent_s"], state["step"]
    say(f"{len(clips)} clips, {len(vocabulary.tokens)} tokens; from step {step}, {spent_s / 60:.1f} min")

    rng = np.random.default_rng(options.seed + 2 + step)
    begun_s = time.monotonic() - spent_s
    noted_s, noted_step = spent_s, step
    means = np.zeros(2)
    for batch in Batches(clips, vocabulary, rng=rng, size=options.batch):
        spent_s = time.monotonic() - begun_s
        done = spent_s / (60 * options.minutes)
        rate = (
            options.rate
            * min(1.0, (step + 1) / 200)
            * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(1.0, done))))
        )
        for group in optimizer.param_groups:
            group["lr"] = rate
        mel = masked(log_mel(batch.audio_BN, n_mels=DIMENSIONS.n_mels), rng)
        with torch.autocast("cpu", torch.bfloat16, enabled=options.half and done < 0.99):
            text, spelling = losses(pupil, batch, mel)
        optimizer.zero_grad(set_to_none=True)
        (text + 0.4 * (1 - done) * spelling).backward()
        nn.utils.clip_grad_norm_(pupil.parameters(), 1.0)
        optimizer.step()
        step += 1
        means = 0.97 * means + 0.03 * np.array([float(text.detach()), float(spelling.detach())])
        over = done >= 1.0
        if over or step % 100 == 0:
            exact, loss = exact_share(pupil, check)
            each_s = (spent_s - noted_s) / (step - noted_step)
            noted_s, noted_step = spent_s, step
            say(
                f"{spent_s / 60:5.1f} min  step {step}  {each_s:.2f} s each  text {means[0]:.3f}"
                f"  spelling {means[1]:.3f}  exact {exact:.3f}  loss {loss:.3f}"
            )
            save(options.checkpoint, pupil.whole(vocabulary))
            state = {"pupil": pupil.state_dict(), "optimizer": optimizer.state_dict()}
            save(state_path, state | {"spent_s": spent_s, "step": step})
        if over:
            return 0
    return 0


def save(path: Path, state: dict[str, object]) -> None:
    """Write a file that is there as a whole or not at all."""
    partial = path.with_name(path.name + ".partial")
    torch.save(state, partial)
    partial.replace(path)


def say(line: str) -> None:
    """One line on stdout, at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
