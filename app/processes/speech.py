"""The speech process: a microphone in; out of it its sound, and the words that are triggers.

It is not part of a session until a microphone is wanted. It never touches the robot: a word becomes an event, and
whoever owns the session decides what it means. The sound goes to whoever reads utterances, and into the recording.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from app.control import Request
from app.dataplane.sound import SoundPublisher
from app.messages import Hush, Listen, Shutdown
from app.processes.context import ProcessContext
from app.speech.level import Level, level_of
from app.speech.listening import AFTER_HUSH_S, Listening, read_listening
from app.speech.vocabulary import UnknownWord, phrases_of
from drivers.microphone.base import Block, Microphone, MicrophoneError
from drivers.microphone.system import SystemMicrophone

if TYPE_CHECKING:
    from app.speech.spotter import Heard, Spotter

TRY_AGAIN_S = 2.0
"""Between two tries to open a microphone."""


class SpeechProcess:
    """Listens.

    Args:
        context: the process's surroundings.
        open_microphone: opens a device by its name.
    """

    def __init__(
        self, context: ProcessContext, open_microphone: Callable[[str], Microphone] = SystemMicrophone
    ) -> None:
        self._context = context
        self._open = open_microphone
        self._audio = SoundPublisher(context.plane)
        self._listening = Listening()
        self._spotter: Spotter | None = None
        self._microphone: Microphone | None = None
        self._heard = False
        self._devices: tuple[str, ...] = ()
        self._trouble = ""
        self._try_at_ns = 0
        self._hushed_until_ns = 0
        self._lost_blocks = 0
        self._sound: list[NDArray[np.int16]] = []
        self._last: Heard | None = None

    def run(self) -> None:
        """Work until told to end."""
        context = self._context
        self._begin()
        while not context.ending and not context.owner_ended():
            for request in context.server.receive():
                self._answer(request)
            self._listen()
            if context.due():
                self._beat()
        self._close()

    # -- the microphone ------------------------------------------------------------------------------------------------

    def _listen(self) -> None:
        """Take the next block of sound, or try to have a microphone again."""
        if self._microphone is None:
            if time.monotonic_ns() < self._try_at_ns:
                time.sleep(0.05)
                return
            self._microphone, self._heard, self._lost_blocks = self._open(self._listening.device), False, 0
        try:
            block = self._microphone.read(timeout_s=0.05)
        except MicrophoneError as error:
            self._close()
            self._lost(str(error))
            return
        if block is None:
            return
        if not self._heard:
            self._heard, self._trouble, self._devices = True, "", self._microphone.devices
            self._context.event("microphone", f"listening to {self._microphone.name}", key="microphone")
        self._publish(block, self._microphone.lost_blocks)
        self._sound.append(block.samples)
        if self._spotter is not None:
            for heard in self._spotter.take(block.samples, block.end_ns):
                self._tell(heard)

    def _publish(self, block: Block, lost_blocks: int) -> None:
        """Give a block to all who want sound, and tell of what the microphone has lost before it."""
        self._audio.send(block.begin_ns, block.samples)
        lost, self._lost_blocks = lost_blocks - self._lost_blocks, lost_blocks
        if lost > 0:
            self._context.event(
                "drop",
                f"{lost} blocks of sound were lost at the microphone",
                key="drop:microphone",
                level="warning",
                stream="microphone",
                lost=lost,
            )

    def _lost(self, trouble: str) -> None:
        """There is no microphone: say so once, and try again later."""
        self._try_at_ns = time.monotonic_ns() + int(TRY_AGAIN_S * 1e9)
        if trouble == self._trouble:
            return
        self._trouble = trouble
        self._context.event(
            "microphone",
            f"{'Spoken words are' if self._listening.triggers else 'What is said is'} not heard: {trouble}",
            key="microphone",
            level="warning",
            remedy="it is tried again by itself; keys, pedals and gamepad work meanwhile",
        )

    def _close(self) -> None:
        if self._microphone is not None:
            self._microphone.close()
            self._microphone = None
        if self._spotter is not None:
            self._spotter.reset()

    def _begin(self) -> None:
        try:
            self._take_listening(read_listening(self._context.runtime_dir))
        except UnknownWord as error:
            self._context.event("words", str(error), key="words", level="warning")

    # -- the words -----------------------------------------------------------------------------------------------------

    def _tell(self, heard: Heard) -> None:
        """Make a trigger of a phrase, unless it may be the app's own voice."""
        if heard.said_ns < self._hushed_until_ns and not heard.phrase.urgent:
            return
        self._last = heard
        self._context.event(
            "input",
            f"the words “{heard.phrase.text}”",
            trigger=heard.phrase.trigger,
            said_ns=heard.said_ns,
            score=round(heard.score, 1),
        )

    def _take_listening(self, wanted: Listening) -> None:
        """Listen to another device, or for other words.

        Raises:
            UnknownWord: a word that the dictionary lacks; everything else is as wanted.
        """
        if wanted.device != self._listening.device:
            self._close()
            self._try_at_ns, self._trouble = 0, ""
        self._listening = wanted
        phrases = phrases_of(wanted.triggers, urgent=wanted.urgent)
        if not phrases:
            self._spotter = None
            return
        if self._spotter is None:
            # Only here: its model costs seconds and 100 MB, which a microphone for utterances has no use for.
            from app.speech.spotter import Spotter

            self._spotter = Spotter(())
        self._spotter.listen_for(phrases)

    def _answer(self, request: Request) -> None:
        match request.command:
            case Listen():
                try:
                    self._take_listening(read_listening(self._context.runtime_dir))
                except UnknownWord as error:
                    request.refuse(str(error))
                else:
                    request.done()
            case Hush(until_ns=until_ns):
                self._hushed_until_ns = until_ns + int(AFTER_HUSH_S * 1e9)
                request.done()
            case Shutdown():
                request.done()
                self._context.ending = True
            case command:
                request.refuse(f"the speech process does not understand {type(command).__name__}")

    def _beat(self) -> None:
        microphone, last = self._microphone, self._last
        level = level_of(np.concatenate(self._sound)) if self._sound else Level()
        self._sound.clear()
        self._context.beat(
            "running",
            microphone=microphone.name if microphone is not None and self._heard else "",
            trouble=self._trouble,
            devices=self._devices,
            rms_dbfs=round(level.rms_dbfs, 1),
            peak_dbfs=round(level.peak_dbfs, 1),
            clipped=level.clipped,
            lost_blocks=microphone.lost_blocks if microphone is not None else 0,
            hearing=self._spotter is not None and self._spotter.hearing,
            hushed=time.monotonic_ns() < self._hushed_until_ns,
            words=[phrase.text for phrase in self._spotter.phrases] if self._spotter is not None else [],
            last_word=last.phrase.text if last is not None else "",
            last_word_ns=last.said_ns if last is not None else 0,
        )


def main(argv: list[str]) -> None:
    """Run the speech process of the session in the directory `argv[-1]`."""
    context = ProcessContext("speech", argv)
    try:
        SpeechProcess(context).run()
    finally:
        context.close()


if __name__ == "__main__":
    main(sys.argv)
