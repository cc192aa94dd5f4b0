"""Has a model loaded and utterances read, in a thread of its own; whoever owns the desk never waits for it."""

from __future__ import annotations

import threading
import time
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from app.speech.said import Said
from app.speech.transcribing import Transcribing
from app.speech.whisper.decision import Decision, Margins, decide
from app.speech.whisper.heard import Reading
from drivers.microphone.capture import RATE_HZ

if TYPE_CHECKING:
    from app.speech.whisper.download import Progress
    from app.speech.whisper.reading import Reader

WAITING = 2
"""Utterances that may wait for one that is being read. More is said faster than it is read: the newest count."""
GOOD_FOR_S = 10.0
"""What was said longer ago is no command any more: the robot has moved on."""
_WARM_UP_S = 2.0
"""Of silence, read once before the first utterance: torch takes its memory and threads at its first use."""

STARTING, LOADING, DOWNLOADING, READY, NO_MODEL = "starting", "loading", "downloading", "ready", "no model"


@dataclass(frozen=True, slots=True)
class DeskState:
    """Where a desk stands.

    Attributes:
        state: `starting`, `loading`, `downloading`, `ready` or `no model`.
        model: the one that is wanted.
        detail: where a download goes; or why there is no model, and what to do.
        done_bytes, total_bytes: of a download; 0 where unknown.
        longest_s: what the model hears at once; that of every Whisper of OpenAI's until it is known.
    """

    state: str = STARTING
    model: str = ""
    detail: str = ""
    done_bytes: int = 0
    total_bytes: int = 0
    longest_s: float = 30.0

    @property
    def why_not_read(self) -> str:
        """Why nothing that is said now would be read, and what to do; empty where it would be."""
        if self.state == READY:
            return ""
        if self.state == NO_MODEL:
            return f"what you say is not read: {self.detail}"
        if self.state == DOWNLOADING:
            so_far = f", {100 * self.done_bytes // self.total_bytes} % so far" if self.total_bytes else ""
            return f"what you say is not read yet: the model {self.model} is being downloaded{so_far}"
        return f"what you say is not read yet: the model {self.model} is being loaded; try again in a moment"


@dataclass(frozen=True, slots=True)
class Read:
    """An utterance that was read.

    Attributes:
        said: the utterance.
        reading: what the model makes of it; None where it was not read.
        decision: what follows.
        reason: why it was not read, in words; empty where it was.
    """

    said: Said
    reading: Reading | None = None
    decision: Decision | None = None
    reason: str = ""


_LOAD_FAILURES = (OSError, RuntimeError, ValueError, IndexError, MemoryError)
"""Of a load, the errors of ours among them: a name that is no path, a disk, or a network that is no Whisper."""


class _Changed(RuntimeError):
    """Another model is wanted by now."""


class ReadingDesk:
    """See the module. All methods are for one thread, and return at once.

    Args:
        margins: how sure is sure enough; the usual ones where None.
    """

    def __init__(self, margins: Margins | None = None) -> None:
        self._margins = margins or Margins()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="reader")
        self._state = DeskState()
        self._wanted: Transcribing | None = None
        self._asked = 0
        self._loading: Future[tuple[Reader, float]] | None = None
        self._learning: deque[Future[None]] = deque()
        self._reader: Reader | None = None
        self._reading: tuple[Said, Future[Reading]] | None = None
        self._waiting: deque[Said] = deque()
        self._closed = threading.Event()

    @property
    def state(self) -> DeskState:
        """Where it stands."""
        return self._state

    @property
    def busy(self) -> bool:
        """Whether something is being read, or waits to be."""
        return self._reading is not None or bool(self._waiting)

    def use(self, wanted: Transcribing) -> None:
        """Read with this model from now on, and know these phrases. A model that failed before is tried anew."""
        before, self._wanted = self._wanted, wanted
        if before is not None and before.model == wanted.model and self._reader is not None:
            if before.known != wanted.known:
                self._learn(self._reader, wanted.known)
            return
        if before is not None and before.model == wanted.model and self._loading is not None:
            return
        self._asked += 1
        self._reader = None
        self._state = DeskState(LOADING, wanted.model)
        self._loading = self._pool.submit(self._load, wanted.model, self._asked)

    def give(self, said: Said) -> list[Read]:
        """Have an utterance read; what is overtaken by it and will not be read comes back."""
        self._waiting.append(said)
        overtaken = []
        while len(self._waiting) > WAITING:
            reason = "you spoke faster than it could be read; say it again, or choose a smaller model"
            overtaken.append(Read(self._waiting.popleft(), reason=reason))
        return overtaken

    def step(self) -> list[Read]:
        """What has been read since the last time.

        Raises:
            Exception: whatever has gone wrong in the thread that nobody foresaw.
        """
        self._see_load()
        while self._learning and self._learning[0].done():
            self._learning.popleft().result()
        found = []
        # Also while a model is loaded or downloaded, which may take minutes.
        while self._waiting and (age_s := _age_s(self._waiting[0])) > GOOD_FOR_S:
            reason = f"it waited {age_s:.0f} s to be read; say it again"
            found.append(Read(self._waiting.popleft(), reason=reason))
        if self._reading is not None and self._reading[1].done():
            (said, future), self._reading = self._reading, None
            found.append(self._outcome(said, future))
        while self._waiting and self._reading is None and self._loading is None:
            said = self._waiting.popleft()
            if self._reader is None:
                found.append(Read(said, reason=f"there is no model to read it with: {self._state.detail}"))
            else:
                self._reading = said, self._pool.submit(self._reader.read, said.samples)
        return found

    def close(self) -> None:
        """Break a download off and let the thread end; what is being read is not waited for."""
        self._closed.set()
        self._pool.shutdown(wait=False, cancel_futures=True)

    # -- on the owner's thread -----------------------------------------------------------------------------------------

    def _see_load(self) -> None:
        """Take over a model that was loaded, or the news that there is none."""
        if self._loading is None or not self._loading.done() or self._wanted is None:
            return
        loading, self._loading = self._loading, None
        try:
            reader, longest_s = loading.result()
        except _Changed:
            return
        except ImportError as error:
            self._state = DeskState(NO_MODEL, self._wanted.model, f"{error}; type: make setup")
            return
        except _LOAD_FAILURES as error:
            self._state = DeskState(NO_MODEL, self._wanted.model, _why_no_model(error, self._wanted.model))
            return
        self._learn(reader, self._wanted.known)
        self._reader = reader
        self._state = DeskState(READY, self._wanted.model, longest_s=longest_s)

    def _learn(self, reader: Reader, known: tuple[str, ...]) -> None:
        self._learning.append(self._pool.submit(_learn, reader, known))

    def _outcome(self, said: Said, future: Future[Reading]) -> Read:
        try:
            reading = future.result()
        except (RuntimeError, ValueError, IndexError, MemoryError) as error:
            return Read(said, reason=f"the model failed at it: {type(error).__name__}: {error}")
        if (age_s := _age_s(said)) > GOOD_FOR_S:
            return Read(
                said,
                reading,
                reason=f"it took {age_s:.0f} s to read; say it again, or choose a smaller model",
            )
        return Read(said, reading, decide(reading, margins=self._margins))

    # -- on the reader's thread ----------------------------------------------------------------------------------------

    def _load(self, model: str, number: int) -> tuple[Reader, float]:
        """A reader, warmed up, and how long an utterance may be for it. Tells how it gets on by replacing the state."""
        from app.speech.whisper.model import load
        from app.speech.whisper.reading import Reader

        def cancelled() -> bool:
            return self._closed.is_set() or number != self._asked

        def progress(told: Progress) -> None:
            if not cancelled():
                self._state = replace(
                    self._state,
                    state=DOWNLOADING,
                    detail=f"to {told.folder}",
                    done_bytes=told.done_bytes,
                    total_bytes=told.total_bytes or 0,
                )

        if cancelled():
            raise _Changed
        loaded = load(model, progress=progress, cancelled=cancelled)
        if cancelled():
            raise _Changed
        reader = Reader(loaded, ())
        reader.read(np.zeros(int(_WARM_UP_S * RATE_HZ), np.int16))
        return reader, loaded.most_samples / RATE_HZ


def _learn(reader: Reader, phrases: tuple[str, ...]) -> None:
    """Between two readings, for it runs on the reader's thread."""
    reader.phrases = phrases


def _why_no_model(error: Exception, model: str) -> str:
    """In words. The loader's own errors name the model and the remedy; torch's and the system's do not."""
    message = str(error) or type(error).__name__
    if model in message:
        return message
    return f"the model {model} cannot be loaded: {message.splitlines()[0]}; choose another one"


def _age_s(said: Said) -> float:
    return (time.monotonic_ns() - said.ended_ns) / 1e9
