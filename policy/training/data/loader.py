"""Batches of samples, read ahead in processes of their own.

Step s is read by process s mod W and handed over in order, so the number of processes changes nothing but the speed. A
process that has a batch ready waits until it is taken: at most one batch for each lies in memory.
"""

from __future__ import annotations

import logging
import multiprocessing
import pickle
import signal
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Self

import numpy as np

from policy.training.data.mixture import Mixture, Ref
from policy.training.recipe import Recipe
from policy.training.samples import SampleSource, SampleUnreadable, TrainingSample

_log = logging.getLogger(__name__)

MOST_REPLACEMENTS = 20
"""Where so many samples of one group in a row cannot be read, it is no single frame that is lost."""

_ENDS_WITHIN_S = 5.0


class LoadingFailed(RuntimeError):
    """Samples cannot be read; the message names the episode or picture and why."""


@dataclass(frozen=True)
class Read:
    """What came of reading a batch.

    Attributes:
        samples: In the order that was asked for.
        replaced: Where each sample was that could not be read, and why; another stands in its place.
    """

    samples: list[TrainingSample]
    replaced: list[tuple[str, str]]


def read(sources: Sequence[SampleSource], refs: Sequence[Ref]) -> Read:
    """Read samples; another of its group takes the place of one that is damaged, always the same one.

    Raises:
        SampleUnreadable: Many in a row are damaged.
    """
    samples, replaced = [], []
    for ref in refs:
        source = sources[ref.source]
        index = ref.index
        for attempt in range(MOST_REPLACEMENTS):
            try:
                samples.append(source.sample(ref.group, index))
                break
            except SampleUnreadable as error:
                if attempt + 1 == MOST_REPLACEMENTS:
                    raise
                replaced.append((error.where, error.reason))
                draw = np.random.default_rng((ref.source, ref.group, ref.index, attempt))
                index = int(draw.integers(source.groups[ref.group].count))
    return Read(samples, replaced)


class Loader:
    """The batches of one stage, one list of samples a step, without end. Use it as a context.

    Args:
        sources: What to read, as `open_sources` gives them.
        mixture: Which samples make which step.
        start_step: The first step.
        workers: Processes that read; 0 reads in this one, when a batch is asked for.
        rank: Which part of every batch is read here, of `world` parts.
        world: Processes that train together.

    Attributes:
        replaced: How many samples could not be read so far, by where they were.
    """

    def __init__(
        self,
        sources: Sequence[SampleSource],
        mixture: Mixture,
        *,
        start_step: int = 0,
        workers: int = 1,
        rank: int = 0,
        world: int = 1,
    ) -> None:
        self._sources = sources
        self._refs = (refs[rank::world] for refs in mixture.steps(start_step))
        self.replaced: Counter[str] = Counter()
        context = multiprocessing.get_context("spawn")
        self._workers = [_Worker(context, sources, number) for number in range(workers)]
        self._turn = 0
        for worker in self._workers:
            worker.ask(next(self._refs))

    @classmethod
    def of(
        cls,
        recipe: Recipe,
        stage: int,
        *,
        sources: Sequence[SampleSource],
        start_step: int = 0,
        workers: int = 1,
        rank: int = 0,
        world: int = 1,
    ) -> Self:
        """The batches of a recipe's stage.

        Args:
            recipe: Says shares, batch and seed.
            stage: Number of the stage.
            sources: As `open_sources` gives them for this stage.
            start_step: The first step, counted from the stage's beginning.
            workers: Processes that read.
            rank: Which part of every batch is read here, of `world` parts.
            world: Processes that train together.
        """
        mixture = Mixture.of(recipe, stage, sources)
        return cls(sources, mixture, start_step=start_step, workers=workers, rank=rank, world=world)

    def __iter__(self) -> Iterator[list[TrainingSample]]:
        return self

    def __next__(self) -> list[TrainingSample]:
        """The samples of the next step.

        Raises:
            LoadingFailed: They cannot be read, or a process that reads has ended.
        """
        if self._workers:
            worker = self._workers[self._turn % len(self._workers)]
            self._turn += 1
            found = worker.take()
            worker.ask(next(self._refs))
        else:
            try:
                found = read(self._sources, next(self._refs))
            except SampleUnreadable as error:
                raise LoadingFailed(_hopeless(error)) from error
        for where, reason in found.replaced:
            if not self.replaced[where]:
                _log.warning(
                    "%s: another sample takes the place of one that cannot be read: %s", where, reason
                )
            self.replaced[where] += 1
        return found.samples

    def close(self) -> None:
        """End the processes; closing twice does nothing."""
        for worker in self._workers:
            worker.hang_up()
        for worker in self._workers:
            worker.end()
        self._workers = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Worker:
    """A process that reads, and the line to it."""

    def __init__(
        self, context: multiprocessing.context.SpawnContext, sources: Sequence[SampleSource], number: int
    ) -> None:
        self._line, far_end = context.Pipe()
        self._process = context.Process(
            target=_work, args=(far_end, sources), name=f"reads samples {number}", daemon=True
        )
        self._process.start()
        far_end.close()

    def ask(self, refs: list[Ref]) -> None:
        with suppress(BrokenPipeError, ConnectionResetError):  # `take` will say that it is gone
            self._line.send(refs)

    def take(self) -> Read:
        try:
            answer: Read | str = pickle.loads(self._line.recv_bytes())
        except (EOFError, ConnectionResetError) as error:
            self._process.join(_ENDS_WITHIN_S)
            raise LoadingFailed(
                f"a process that reads samples has ended by itself (exit code {self._process.exitcode});"
                " it was killed, or there is too little memory for so many"
            ) from error
        if isinstance(answer, str):
            raise LoadingFailed(answer)
        return answer

    def hang_up(self) -> None:
        self._line.close()

    def end(self) -> None:
        self._process.join(_ENDS_WITHIN_S)
        if self._process.is_alive():
            self._process.terminate()
            self._process.join()
        self._process.close()


def _work(line: Connection, sources: Sequence[SampleSource]) -> None:
    """Read what is asked for until nobody listens any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever trains decides when to stop
    with suppress(EOFError, BrokenPipeError, ConnectionResetError), line:
        while True:
            refs: list[Ref] = line.recv()
            line.send_bytes(pickle.dumps(_answer(sources, refs), protocol=pickle.HIGHEST_PROTOCOL))


def _answer(sources: Sequence[SampleSource], refs: list[Ref]) -> Read | str:
    try:
        return read(sources, refs)
    except SampleUnreadable as error:
        return _hopeless(error)
    except Exception:  # noqa: BLE001 - a mistake in the program has to reach the process that trains, with its place
        return f"reading samples failed:\n{traceback.format_exc()}"


def _hopeless(error: SampleUnreadable) -> str:
    return (
        f"{MOST_REPLACEMENTS} samples in a row cannot be read, the last one of {error.where}: {error.reason};"
        " is the disk there? `understudy data verify` finds what is damaged"
    )
