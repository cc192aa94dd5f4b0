"""The transcriber process: sound in; out of it what was said, while a key is held or whenever somebody speaks.

It is not part of a session until voice is switched on. It never touches the robot: what was said becomes an event, and
whoever owns the session decides what follows. Only a thread of its own knows torch, so heart, commands and sound go on
while a model is loaded or an utterance is read.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import msgspec

from app.control import Request
from app.dataplane.layouts import status_topic
from app.dataplane.sound import SoundSubscriber
from app.messages import CorrectUtterance, Hush, Shutdown, Status, Talk, Transcribe
from app.processes.context import ProcessContext
from app.speech import reading_desk
from app.speech.corrections import Corrections, SoundGone
from app.speech.hands_free import HandsFree
from app.speech.listening import AFTER_HUSH_S
from app.speech.push_to_talk import MICROPHONE_LOST, PushToTalk
from app.speech.reading_desk import Read, ReadingDesk
from app.speech.ring import SoundRing
from app.speech.said import HANDS_FREE, PUSH, Said, Unsaid
from app.speech.telling import told_of_reading
from app.speech.transcribing import Transcribing, read_transcribing
from recordings.errors import RecordingError

THREADS = 2
"""Of torch, and only while something is read: a large model has work for two."""
WAITS = "PASSIVE"
"""How they wait for one another. By default they spin, and where other processes have the cores, each of a reading's
many small steps waits out a turn of the scheduler: 3.3 s for a command instead of 0.4, with a load of 10 on two."""
NICENESS = 5
"""The robot's loop comes first, and everything that moves it."""
BUSY_S, IDLE_S = 0.004, 0.03
"""Pauses between two looks at the sound and the reader, while something is awaited from them and while not."""
NO_SOUND = "no sound comes from the microphone; see that it is plugged in, and chosen in Settings"
KEY_PRESSED = "the talk key was pressed"

_decode_status = msgspec.json.Decoder(Status).decode


class TranscriberProcess:
    """Reads what is said.

    Args:
        context: the process's surroundings.
    """

    def __init__(self, context: ProcessContext) -> None:
        self._context = context
        self._sound = SoundSubscriber(context.plane)
        self._ear = context.plane.subscriber(status_topic("speech"))
        self._device = ""
        self._ring = SoundRing()
        self._talk = PushToTalk(self._ring)
        self._desk = ReadingDesk()
        self._transcribing = Transcribing()
        self._hands_free: HandsFree | None = None
        self._hushed_until_ns = 0
        self._corrections = Corrections(Path(context.config.data_dir))
        self._told_state = ""

    def run(self) -> None:
        """Work until told to end."""
        context = self._context
        self._beat()
        self._use(read_transcribing(context.runtime_dir))
        while not context.ending and not context.owner_ended():
            for request in context.server.receive():
                self._answer(request)
            self._take_sound()
            self._cut()
            for read in self._desk.step():
                self._tell(read)
            self._look_after_desk()
            if context.due():
                self._beat()
            context.server.wait(BUSY_S if self._talk.open or self._desk.busy else IDLE_S)
        self._desk.close()

    # -- the sound -----------------------------------------------------------------------------------------------------

    def _take_sound(self) -> None:
        for sound in self._sound.drain():
            self._ring.take(sound.time_ns, sound.samples)
            if self._hands_free is None:
                continue
            if why_not := self._why_not_heeded(sound.time_ns):
                self._give_up_speech(why_not)
                continue
            for found in self._hands_free.take(sound.time_ns, sound.samples):
                if isinstance(found, int):
                    self._say_speaking(found, HANDS_FREE, found)
                else:
                    self._end(found)

    def _why_not_heeded(self, time_ns: int) -> str:
        """Why what is said without a key is not heeded at a time; empty where it is."""
        if self._talk.open:
            return KEY_PRESSED
        return "the app spoke itself" if time_ns < self._hushed_until_ns else ""

    def _give_up_speech(self, reason: str, *, lost: bool = False) -> None:
        """What was being said without a key is not heeded after all."""
        if self._hands_free is not None:
            for unsaid in self._hands_free.give_up(reason, lost=lost):
                self._end(unsaid)

    def _cut(self) -> None:
        """See which utterances have come to an end."""
        now_ns = time.monotonic_ns()
        if self._talk.held and not self._context.owner_alive():
            for unsaid in self._talk.abandon(now_ns, "the window stopped answering while the key was held"):
                self._end(unsaid)
        for found in self._talk.step(now_ns):
            self._end(found)
        if self._hands_free is not None and self._hands_free.number is not None and not self._sound.flows:
            # No block comes any more that would tell of the gap.
            self._give_up_speech(MICROPHONE_LOST, lost=True)

    def _end(self, found: Said | Unsaid) -> None:
        if isinstance(found, Said):
            self._give(found)
        else:
            self._unsaid(found)

    def _give(self, said: Said) -> None:
        """Have an utterance read."""
        length_s = (said.ended_ns - said.began_ns) / 1e9
        self._utterance(f"reading {length_s:.1f} s of speech", said, state="reading")
        self._corrections.keep(said)
        for overtaken in self._desk.give(said):
            self._tell(overtaken)

    # -- what is told --------------------------------------------------------------------------------------------------

    def _utterance(
        self, message: str, of: Said | Unsaid | Read, *, level: str = "info", remedy: str = "", **data: object
    ) -> None:
        said = of.said if isinstance(of, Read) else of
        self._context.event(
            "utterance",
            message,
            key="utterance",
            level=level,
            remedy=remedy,
            utterance=said.number,
            by=said.by,
            began_ns=said.began_ns,
            ended_ns=said.ended_ns,
            model=self._transcribing.model,
            **data,
        )

    def _say_speaking(self, number: int, by: str, began_ns: int) -> None:
        self._utterance("listening", Unsaid(number, by, began_ns, 0, ""), state="speaking")

    def _unsaid(self, unsaid: Unsaid) -> None:
        if unsaid.lost:
            self._fail(unsaid, unsaid.reason)
        else:
            self._utterance(f"not read: {unsaid.reason}", unsaid, state="rejected", reason=unsaid.reason)

    def _fail(self, of: Unsaid | Read, reason: str) -> None:
        self._utterance(
            f"What you said was lost: {reason}", of, level="warning", state="failed", reason=reason
        )

    def _tell(self, read: Read) -> None:
        """What an utterance was."""
        self._corrections.learn(read)
        if read.reading is None or read.decision is None:
            self._fail(read, read.reason)
            return
        message, data = told_of_reading(read.said, read.reading, read.decision)
        reading_ms = (time.monotonic_ns() - read.said.ended_ns) / 1e6
        self._utterance(message, read, reading_ms=round(reading_ms, 1), **data)

    def _look_after_desk(self) -> None:
        """Say it once when there is no model, and when there is one again; then speech can be looked for, too."""
        state = self._desk.state
        if state.state == self._told_state:
            return
        self._told_state = state.state
        if state.state == reading_desk.NO_MODEL:
            self._context.event(
                "model",
                f"What is said is not read: {state.detail}",
                key="model",
                level="warning",
                remedy="keys and typing name subtasks meanwhile",
            )
        elif state.state == reading_desk.READY:
            self._context.event("model", f"what is said is read with {state.model}", key="model")
            self._talk.longest_s = state.longest_s
            if self._transcribing.hands_free:
                self._look_for_speech(state.longest_s)

    def _look_for_speech(self, longest_s: float) -> None:
        # Only here: the model's thread has imported torch by now, which takes a second or two.
        from app.speech.whisper.voice_activity import DetectorMissing, VoiceActivity

        try:
            self._hands_free = HandsFree(self._ring, VoiceActivity(), longest_s=longest_s)
        except DetectorMissing as error:
            self._context.event("model", str(error), key="hands-free", level="warning")

    # -- commands ------------------------------------------------------------------------------------------------------

    def _use(self, wanted: Transcribing) -> None:
        """Read as is wanted from now on."""
        self._transcribing = wanted
        self._desk.use(wanted)
        self._told_state = ""
        self._give_up_speech("how speech is read was changed; say it again")
        self._hands_free = None

    def _answer(self, request: Request) -> None:
        match request.command:
            case Talk(on=True, time_ns=time_ns):
                if why_not := self._desk.state.why_not_read or ("" if self._sound.flows else NO_SOUND):
                    request.refuse(why_not)
                    return
                self._give_up_speech(KEY_PRESSED)
                if (number := self._talk.press(time_ns)) is not None:
                    self._say_speaking(number, PUSH, number)
                request.done()
            case Talk(time_ns=time_ns):
                self._talk.release(time_ns)
                request.done()
            case CorrectUtterance(utterance=utterance, text=text):
                self._correct(request, utterance, text)
            case Transcribe():
                self._use(read_transcribing(self._context.runtime_dir))
                request.done()
            case Hush(until_ns=until_ns):
                self._hushed_until_ns = until_ns + int(AFTER_HUSH_S * 1e9)
                request.done()
            case Shutdown():
                request.done()
                self._context.ending = True
            case command:
                request.refuse(f"the transcriber does not understand {type(command).__name__}")

    def _correct(self, request: Request, utterance: int, text: str) -> None:
        """Keep an utterance's sound with what a person says that it was."""
        try:
            file, heard = self._corrections.correct(
                utterance, text, model=self._transcribing.model, device=self._device_name()
            )
        except SoundGone as error:
            request.refuse(str(error))
            return
        except (RecordingError, OSError) as error:
            request.done()
            self._context.event(
                "fault",
                f"The sound of “{text}” could not be kept as a transcript pair: {error}",
                key="correction",
                level="error",
                remedy="the words count all the same; see to the disk and correct it again",
            )
            return
        request.done(file=str(file))
        self._context.event(
            "correction",
            f"“{text}” was said, where “{heard}” was heard",
            key="correction",
            utterance=utterance,
            heard=heard,
            text=text,
            file=str(file),
        )

    def _device_name(self) -> str:
        """The microphone, by the speech process's last heartbeat."""
        payload = self._ear.newest()
        if payload is not None:
            self._device = str(_decode_status(payload.tobytes()).detail.get("microphone", ""))
        return self._device

    def _beat(self) -> None:
        state = self._desk.state
        self._context.beat(
            "running",
            state=state.state,
            model=state.model,
            detail=state.detail,
            done_bytes=state.done_bytes,
            total_bytes=state.total_bytes,
            longest_s=state.longest_s,
            talking=self._talk.held,
            hearing=self._talk.held or (self._hands_free is not None and self._hands_free.number is not None),
            sound=self._sound.flows,
            lost_blocks=0,
        )


def main(argv: list[str]) -> None:
    """Run the transcriber process of the session in the directory `argv[-1]`."""
    # Before torch is imported, which reads it then: its supervisor allows every process one thread.
    os.environ["OMP_NUM_THREADS"] = str(min(THREADS, os.cpu_count() or 1))
    os.environ["OMP_WAIT_POLICY"] = WAITS
    os.nice(NICENESS)
    context = ProcessContext("transcriber", argv)
    try:
        TranscriberProcess(context).run()
    finally:
        context.close()


if __name__ == "__main__":
    main(sys.argv)
