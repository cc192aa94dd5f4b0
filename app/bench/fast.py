"""`understudy bench fast`: how few tokens FAST makes of smooth motion, how true, and what random ones become.

Chunks: those of `app.bench.motions`, in the range of the 2000 that the tokenizer is fitted on; the figures are of other
episodes.

Random strings: of each ten, four have random ids and a random length, from one token to twice as many as spell a chunk
on average; two spell a chunk, but for one to three random edits, so that many nearly do or still do; four are drawn
token by token among those that the constraint allows, each as likely, until the chunk is complete. Every string goes
through `FastTokenizer.decode`. A string is wrong when what comes back is no finite chunk of the right shape, when it is
refused although it was drawn under the constraint, or when decoding and the constraint, which are computed in two ways,
disagree on whether it is a chunk.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from app.bench.figures import Figures, add_json_argument
from app.bench.motions import DIMS, STEPS, Range, motion_chunks

if TYPE_CHECKING:
    from policy.actions.fast import FastTokenizer
    from policy.actions.fast_constraint import FastConstraint

FITTED_ON = 2000
OTHER_SEEDS = 3
NOISE = 0.005
STRINGS_AT_ONCE = 10_000
TOLD_EVERY = 100_000
TRIES = 8

In = TypeVar("In")
Out = TypeVar("Out")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this bench's options."""
    parser.add_argument(
        "--chunks", type=int, default=2000, metavar="N", help="held-out chunks to encode (2000)"
    )
    parser.add_argument(
        "--strings", type=int, default=1_000_000, metavar="N", help="random strings (1000000)"
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of chunks and strings (0)")
    add_json_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Measure and report; 1 when a bound was missed."""
    from policy.actions.fast import FastTokenizer

    if args.chunks < 1 or args.strings < 1:
        print("--chunks and --strings must be at least 1", file=sys.stderr)
        return 2
    figures = Figures()
    fitted_on = motion_chunks(FITTED_ON, seed=args.seed)
    scale = Range.of(fitted_on)
    began = time.perf_counter()
    fast = FastTokenizer.fit(scale.normalized(fitted_on))
    figures.add("fit_s", time.perf_counter() - began)
    figures.add("fitted_chunks", FITTED_ON)
    figures.add("scale", fast.scale)
    figures.add("vocab_size", fast.vocab_size)
    held_out = scale.normalized(motion_chunks(args.chunks, seed=args.seed + 1))
    measure_chunks(fast, held_out, figures)
    others = [
        mean_tokens(fast, scale.normalized(motion_chunks(args.chunks, seed=args.seed + 2 + more)))
        for more in range(OTHER_SEEDS)
    ]
    figures.add("tokens_per_chunk_other_seeds", " ".join(f"{mean:.1f}" for mean in others))
    noisy = scale.normalized(motion_chunks(args.chunks, seed=args.seed + 1, noise=NOISE))
    figures.add("tokens_per_noisy_chunk", mean_tokens(fast, noisy))
    figures.add("rmse_of_range_noisy", rmse_of_range(fast, noisy))
    measure_strings(fast, args.strings, np.random.default_rng(args.seed), figures)
    return figures.report(args.json)


def measure_chunks(fast: FastTokenizer, chunks: NDArray[np.float64], figures: Figures) -> None:
    """Tokens, error and time of chunks, one by one as a policy meets them."""
    encoded, encode_ms = timed(fast.encode, list(chunks))
    _, decode_ms = timed(fast.decode, encoded)
    lengths = [len(ids) for ids in encoded]
    figures.add("chunks", len(chunks))
    figures.add("tokens_per_chunk", statistics.mean(lengths), at_most=65)
    figures.add("tokens_per_chunk_p99", float(np.percentile(lengths, 99)), at_most=65)
    figures.add("tokens_per_chunk_max", max(lengths), at_most=65)
    figures.add("tokens_of_binning", STEPS * DIMS)
    figures.add("compression", STEPS * DIMS / statistics.mean(lengths))
    figures.add("rmse_of_range", rmse_of_range(fast, chunks), at_most=0.012)
    figures.add("encode_ms", encode_ms, at_most=2.0)
    figures.add("decode_ms", decode_ms, at_most=1.0)
    constraint = fast.constraint()
    began = time.perf_counter()
    for ids in encoded[:100]:
        progress = constraint.start()
        for token_id in ids:
            constraint.allowed(progress)
            progress = constraint.advance(progress, token_id)
    figures.add("constraint_step_ms", (time.perf_counter() - began) * 1e3 / sum(lengths[:100]), at_most=0.1)


def mean_tokens(fast: FastTokenizer, chunks: NDArray[np.float64]) -> float:
    """Tokens of a chunk, on average."""
    return statistics.mean(len(fast.encode(chunk)) for chunk in chunks)


def rmse_of_range(fast: FastTokenizer, chunks: NDArray[np.float64]) -> float:
    """Root mean square error of what comes back, as a fraction of the range from -1 to 1."""
    squares = [np.mean((fast.decode(fast.encode(chunk)) - chunk) ** 2) for chunk in chunks]
    return float(np.sqrt(np.mean(squares)) / 2)


def timed(function: Callable[[In], Out], inputs: Sequence[In]) -> tuple[list[Out], float]:
    """What a function makes of each input, and the median time that it takes in milliseconds."""
    outputs, times = [], []
    for each in inputs:
        began = time.perf_counter()
        outputs.append(function(each))
        times.append(time.perf_counter() - began)
    return outputs, statistics.median(times) * 1e3


@dataclass
class Outcomes:
    """What became of strings.

    Attributes:
        counts: By outcome: exact, refused, wrong.
        drawn: By the way in which they were drawn.
        first_wrong: What happened to the first wrong one.
    """

    counts: Counter[str] = field(default_factory=Counter)
    drawn: Counter[str] = field(default_factory=Counter)
    first_wrong: str = ""

    def note(self, fast: FastTokenizer, ids: NDArray[np.int64], *, drawn: str, is_chunk: bool) -> None:
        """Decode a string and count what becomes of it.

        Args:
            fast: Decodes it.
            ids: The string.
            drawn: How it was drawn.
            is_chunk: Whether it spells a chunk, says the constraint.
        """
        from policy.actions.tokenizer import MalformedTokens

        self.drawn[drawn] += 1
        try:
            decoded = fast.decode(ids)
        except MalformedTokens as error:
            outcome, said = ("wrong" if is_chunk else "refused"), str(error)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the finding
            outcome, said = "wrong", repr(error)
        else:
            good = decoded.shape == (fast.horizon, fast.action_dim) and bool(np.isfinite(decoded).all())
            outcome, said = ("exact" if good and is_chunk else "wrong"), f"decoded to {decoded.shape}"
        if drawn == "constrained" and outcome != "exact":
            outcome = "wrong"
        self.counts[outcome] += 1
        if outcome == "wrong" and not self.first_wrong:
            self.first_wrong = f"{said}: {ids.tolist()}"


def measure_strings(fast: FastTokenizer, count: int, rng: np.random.Generator, figures: Figures) -> None:
    """Decode random strings."""
    constraint = fast.constraint()
    outcomes = Outcomes()
    began, began_cpu = time.perf_counter(), time.process_time()
    free_length = round(2 * fast.horizon * fast.action_dim / mean_spelled(fast))
    while (done := outcomes.counts.total()) < count:
        batch = min(STRINGS_AT_ONCE, count - done)
        constrained, edited = batch * 4 // 10, batch * 2 // 10
        free = [
            rng.integers(0, fast.vocab_size, length)
            for length in rng.integers(1, free_length + 1, batch - constrained - edited)
        ]
        chunks = random_chunks(constraint, constrained + edited, rng, vocab_size=fast.vocab_size)
        nearly = [edit(ids, rng, vocab_size=fast.vocab_size) for ids in chunks[constrained:]]
        for drawn, strings in (("free", free), ("nearly", nearly), ("constrained", chunks[:constrained])):
            verdicts = are_chunks(constraint, strings)
            for ids, is_chunk in zip(strings, verdicts, strict=True):
                outcomes.note(fast, ids, drawn=drawn, is_chunk=is_chunk)
        if (done + batch) // TOLD_EVERY > done // TOLD_EVERY:
            print(f"{done + batch} of {count} strings", file=sys.stderr, flush=True)
    figures.add("random_strings", count)
    for drawn in ("free", "nearly", "constrained"):
        figures.add(f"strings_{drawn}", outcomes.drawn[drawn])
    figures.add("exact", outcomes.counts["exact"], at_least=outcomes.drawn["constrained"])
    figures.add("refused", outcomes.counts["refused"])
    figures.add("wrong", outcomes.counts["wrong"], at_most=0)
    figures.add("strings_s", time.perf_counter() - began)
    figures.add("strings_cpu_s", time.process_time() - began_cpu, at_most=300)
    if outcomes.first_wrong:
        print(f"first wrong string: {outcomes.first_wrong}", file=sys.stderr)


def mean_spelled(fast: FastTokenizer) -> float:
    """Bytes of a token, on average over the vocabulary: about as many coefficients."""
    return statistics.mean(len(token) for token in fast.vocabulary.token_bytes)


def random_chunks(
    constraint: FastConstraint, count: int, rng: np.random.Generator, *, vocab_size: int
) -> list[NDArray[np.int64]]:
    """Strings under the constraint, each next id as likely as any other that is allowed."""
    start = constraint.start()
    left, waiting = np.full(count, start.left), np.full(count, start.waiting)
    columns = []
    while (active := np.flatnonzero((left > 0) | (waiting > 0))).size:
        ids = np.full(count, -1)
        todo = active
        for _ in range(TRIES):  # an id drawn again until it is allowed is as likely as any allowed one
            ids[todo] = rng.integers(0, vocab_size, todo.size)
            after_left, after_waiting, good = constraint.advance_many(left[todo], waiting[todo], ids[todo])
            left[todo], waiting[todo] = after_left, after_waiting
            todo = todo[~good]
            if not todo.size:
                break
        if todo.size:
            draws = rng.random((todo.size, vocab_size))
            draws[~constraint.allowed_many(left[todo], waiting[todo])] = -1
            ids[todo] = draws.argmax(axis=1)
            left[todo], waiting[todo], _ = constraint.advance_many(left[todo], waiting[todo], ids[todo])
        columns.append(ids)
    table = np.stack(columns, axis=1) if columns else np.empty((count, 0), np.int64)
    return [row[row >= 0] for row in table]


def edit(ids: NDArray[np.int64], rng: np.random.Generator, *, vocab_size: int) -> NDArray[np.int64]:
    """A string with one to three ids replaced, put in, or left out."""
    edited = ids.tolist()
    for _ in range(rng.integers(1, 4)):
        place, kind, other = rng.integers(0, len(edited) + 1), rng.integers(3), int(rng.integers(vocab_size))
        edited[place : place + (kind != 0)] = [other] if kind != 1 else []
    return np.array(edited, dtype=np.int64)


def are_chunks(constraint: FastConstraint, strings: Sequence[NDArray[np.int64]]) -> list[bool]:
    """Of each string, whether the constraint allows its tokens one after another up to a complete chunk."""
    start = constraint.start()
    left, waiting = np.full(len(strings), start.left), np.full(len(strings), start.waiting)
    possible = np.ones(len(strings), bool)
    lengths = np.array([len(ids) for ids in strings], dtype=np.int64)
    begins = np.cumsum(lengths) - lengths
    joined = np.concatenate(strings) if strings else np.zeros(0, np.int64)
    for place in range(lengths.max(initial=0)):
        now = np.flatnonzero(possible & (lengths > place))
        ids = joined[begins[now] + place]
        left[now], waiting[now], possible[now] = constraint.advance_many(left[now], waiting[now], ids)
    verdicts: list[bool] = (possible & (left == 0) & (waiting == 0)).tolist()
    return verdicts
