"""Plays recorded sound in step with a playhead that somebody else moves, by a program of its own, in a thread."""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import msgspec
import numpy as np
from numpy.typing import NDArray

from app.audio.output import BEGIN, HEADER, HUSH, OFF_NS, RATE_HZ, SAMPLES

Cut = Callable[[int, int], NDArray[np.int16]]
"""`cut(from_ns, count)`: so many samples from a moment of the recording on."""

COMMAND = (sys.executable, "-m", "app.audio.output")
_AHEAD_NS = 1_000_000_000
_CHUNK_NS = 200_000_000
_LOOK_S = 0.1


class _Line(msgspec.Struct, kw_only=True):
    """What `app.audio.output` says of itself."""

    error: str = ""
    device: str = ""
    rate_hz: int = 0


class Playback:
    """Follows the playhead. No method blocks or raises: why nothing can be heard is told in `trouble`.

    The program starts when something is to be heard for the first time, and joins in where the playhead is by then.

    Args:
        cut: of the recording; called in the thread.
        command: the program.
    """

    def __init__(self, cut: Cut, *, command: tuple[str, ...] = COMMAND) -> None:
        self._cut = cut
        self._command = command
        self._changed = threading.Condition()
        self._ahead_ns: int | None = (
            None  # by how much the monotonic clock is ahead of the playhead; None for silence
        )
        self._wish = 0
        self._ending = False
        self._process: subprocess.Popen[bytes] | None = None
        self._thread: threading.Thread | None = None
        self._said = b""
        self._trouble = ""

    @property
    def trouble(self) -> str:
        """Why nothing can be heard, and what to do; empty as far as is known."""
        return self._trouble

    def follow(self, position_ns: int, now_ns: int, *, audible: bool) -> None:
        """Say where the playhead is, again and again while it moves.

        Args:
            position_ns: where.
            now_ns: when that was, monotonic.
            audible: whether it moves forwards at the speed of life, and is to be heard.
        """
        ahead_ns = now_ns - position_ns if audible else None
        with self._changed:
            before = self._ahead_ns
            near = ahead_ns is not None and before is not None and abs(ahead_ns - before) <= OFF_NS
            if near or ahead_ns == before or self._ending:
                return
            if before is None:
                self._trouble = ""  # somebody may have plugged something in
            self._ahead_ns = ahead_ns
            self._wish += 1
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="playback", daemon=True)
                self._thread.start()
            self._changed.notify()

    def close(self) -> None:
        """Be quiet, let go of the device, and end the thread. Safe to call twice."""
        with self._changed:
            self._ending = True
            if self._process is not None:
                self._process.kill()
            self._changed.notify()

    def join(self, timeout_s: float) -> bool:
        """Wait for the thread's end; whether it came."""
        if self._thread is None:
            return True
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        wish, sent_ns = 0, 0
        while True:
            with self._changed:
                self._wait(wish)
                if self._ending:
                    break
                is_new, wish, ahead_ns = self._wish != wish, self._wish, self._ahead_ns
            try:
                if is_new:
                    sent_ns = time.monotonic_ns() - (ahead_ns or 0)
                    self._begin(ahead_ns, sent_ns)
                self._listen()
                if ahead_ns is not None and self._process is not None:
                    sent_ns = self._feed(sent_ns, until_ns=time.monotonic_ns() - ahead_ns + _AHEAD_NS)
            except OSError as error:
                self._give_up(f"no sound can be played ({error.strerror or error})")
        self._let_go()

    def _wait(self, wish: int) -> None:
        """Wait for another wish than this one; while something is played not for long."""
        plays = self._ahead_ns is not None and self._process is not None
        self._changed.wait_for(lambda: self._ending or self._wish != wish, timeout=_LOOK_S if plays else None)

    def _begin(self, ahead_ns: int | None, position_ns: int) -> None:
        """Have the program play from a position on; start it where there is none yet."""
        if ahead_ns is None:
            if self._process is not None:
                self._write(HEADER.pack(HUSH, 0, 0))
            return
        if self._process is None:
            process = subprocess.Popen(
                self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            )
            self._said = b""
            with self._changed:
                self._process = process
                if self._ending:
                    process.kill()
        self._write(HEADER.pack(BEGIN, position_ns + ahead_ns, 0))

    def _feed(self, sent_ns: int, *, until_ns: int) -> int:
        """Send sound up to a position of the recording; up to where it was sent."""
        while sent_ns < until_ns:
            samples = self._cut(sent_ns, _CHUNK_NS * RATE_HZ // 1_000_000_000).astype("<i2").tobytes()
            self._write(HEADER.pack(SAMPLES, 0, len(samples)) + samples)
            sent_ns += _CHUNK_NS
        return sent_ns

    def _write(self, message: bytes) -> None:
        if self._process is None or self._process.stdin is None:
            return
        pipe, rest = self._process.stdin.fileno(), memoryview(message)
        while rest:
            rest = rest[os.write(pipe, rest) :]

    def _listen(self) -> None:
        """Take what the program says of itself, or notice that it has ended."""
        if self._process is None or self._process.stdout is None:
            return
        pipe = self._process.stdout.fileno()
        while select.select([pipe], [], [], 0)[0]:
            heard = os.read(pipe, 4096)
            if not heard:
                self._give_up("the program that plays sound has ended")
                return
            self._said += heard
        *lines, self._said = self._said.split(b"\n")
        for line in lines:
            said = msgspec.json.decode(line, type=_Line)
            if said.error:
                self._give_up(said.error)

    def _give_up(self, trouble: str) -> None:
        """Without it until somebody plays again."""
        self._let_go()
        if not self._ending:
            self._trouble = self._trouble or trouble

    def _let_go(self) -> None:
        with self._changed:
            process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):  # what could not be sent any more
                    pipe.close()
