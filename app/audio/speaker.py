"""Speaks short words aloud by running espeak-ng, on a thread of its own; a newer word cuts off an older one."""

from __future__ import annotations

import subprocess
import threading

PROGRAM = "espeak-ng"
VOICE = ("-v", "en", "-s", "165")
"""English, 165 words a minute: clear over the noise of servos."""


class Speaker:
    """Never blocks its caller and never raises: who cannot be heard is told so once, in `trouble`, and left in peace.

    Args:
        program: speaks what it reads from standard input.
        arguments: given to it before that; a test lets it write to a file.
    """

    def __init__(self, *, program: str = PROGRAM, arguments: tuple[str, ...] = VOICE) -> None:
        self._command = (program, *arguments, "--stdin")
        self._changed = threading.Condition()
        self._next = ""
        self._wish = 0
        self._process: subprocess.Popen[str] | None = None
        self._thread: threading.Thread | None = None
        self._ending = False
        self._trouble = ""

    @property
    def trouble(self) -> str:
        """Why nothing can be heard, and what to do about it; empty as far as is known."""
        return self._trouble

    def say(self, words: str) -> None:
        """Speak these words now; whatever is being said or was still to be said is dropped."""
        with self._changed:
            if self._ending or self._trouble or not words:
                return
            self._cut_off()
            self._next = words
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="speaker", daemon=True)
                self._thread.start()
            self._changed.notify()

    def hush(self) -> None:
        """Be quiet at once."""
        with self._changed:
            self._cut_off()

    def close(self) -> None:
        """Be quiet, and end the thread. Safe to call twice."""
        with self._changed:
            self._ending = True
            self._cut_off()
            self._changed.notify()
        if self._thread is not None:
            self._thread.join()

    def _cut_off(self) -> None:
        self._next = ""
        self._wish += 1
        if self._process is not None:
            self._process.kill()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._next or self._ending)
                if self._ending:
                    return
                words, self._next, wish = self._next, "", self._wish
            try:
                # Not under the lock: starting a program takes milliseconds, for which nobody is to wait.
                process = subprocess.Popen(
                    self._command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.PIPE,
                    text=True,
                    errors="replace",
                )
            except OSError as error:
                self._trouble = f"No voice: {self._command[0]} cannot be run ({error.strerror}); install it"
                continue
            with self._changed:
                self._process = process
                if self._wish != wish:
                    process.kill()
            with process:
                _, complaints = process.communicate(words)
            with self._changed:
                self._process = None
                self._trouble = _trouble(process.returncode, complaints)


def _trouble(code: int, complaints: str) -> str:
    """What a program that ended tells; one that was killed (a negative code) tells nothing.

    Without a sound device espeak-ng 1.51 ends with code 0 and leaves its last line in the words of the sound library.
    """
    last = complaints.strip().rpartition("\n")[2]
    if code > 0 or (code == 0 and last.startswith("error:")):
        reason = last.removeprefix("error:").strip() or f"it ended with code {code}"
        return f"No voice: no sound can be played ({reason}); see the computer's sound settings"
    return ""
