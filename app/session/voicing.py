"""From the transcriber's words to subtasks: what was said, what it was taken for, and what becomes of it."""

from __future__ import annotations

import dataclasses
import time
from collections import deque
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from app.messages import AUTOMATIC_MODES, CorrectUtterance, Event, Hush, Mode, Reply, Talk, Transcribe
from app.session.pump import Pump
from app.session.voice_view import CandidateView, UtteranceView, VoiceView
from app.speech.transcribing import Transcribing, write_transcribing

TRANSCRIBER = "transcriber"
SHOWN = 8
"""Utterances kept for the screen."""
OPEN_STATES = ("speaking", "reading")
"""Of an utterance of which more is to come."""

Tell = Callable[[str, str, float, int], None]
"""Carries out a subtask: its text, its origin, the confidence in it, and the utterance that it came from."""


class Voice:
    """The session's way from a microphone to a subtask. Its methods return at once and may be called from any thread.

    Args:
        pump: of the session.
        runtime_dir: the session's directory.
        want: has something done on the session's thread.
        tell: carries out a subtask.
    """

    def __init__(
        self, pump: Pump, runtime_dir: Path, want: Callable[[Callable[[], None]], None], tell: Tell
    ) -> None:
        self._pump = pump
        self._runtime_dir = runtime_dir
        self._want = want
        self._tell = tell
        self._transcribing: Transcribing | None = None
        self._utterances: deque[UtteranceView] = deque(maxlen=SHOWN)
        self._held = False

    def switch(self, on: bool, *, device: str = "", transcribing: Transcribing | None = None) -> None:
        """Have a microphone and a reader of utterances, or no longer; another call while it is on changes how."""
        wanted = (transcribing or Transcribing()) if on else None
        self._want(partial(self._switch, wanted, device))

    def talk(self, on: bool) -> None:
        """The talk key is held, or let go. What cannot be heard or read is refused, by a notice."""
        command = Talk(on=on, time_ns=time.monotonic_ns())
        self._want(partial(self._post_talk, command))

    def hushed(self, until_ns: int) -> None:
        """The app itself speaks until then (monotonic): its voice is not taken for somebody's, where no key is held."""
        self._want(partial(self._post_hush, Hush(until_ns=until_ns)))

    def choose(self, utterance: int, phrase: str) -> None:
        """Answer what an utterance that could not be told was; the subtask is then applied."""
        self._want(partial(self._correct, utterance, phrase, chosen=True))

    def correct(self, utterance: int, text: str) -> None:
        """Say what an utterance really was; kept as a transcript pair, and applied in place of what was heard."""
        self._want(partial(self._correct, utterance, text, chosen=False))

    def view(self) -> VoiceView | None:
        """What the window shows; None while it is switched off. On the session's thread."""
        if self._transcribing is None:
            return None
        status = self._pump.detail(TRANSCRIBER)
        unseen = "lost" if self._pump.supervisor.lost(TRANSCRIBER) else "starting"
        return VoiceView(
            state=str(status.get("state", unseen)),
            model=self._transcribing.model,
            detail=str(status.get("detail", "")),
            done_bytes=int(status.get("done_bytes", 0)),
            total_bytes=int(status.get("total_bytes", 0)),
            hands_free=self._transcribing.hands_free,
            talking=bool(status.get("talking", False)),
            hearing=bool(status.get("hearing", False)),
            utterances=tuple(self._utterances),
        )

    def take(self, event: Event) -> None:
        """Learn from an event of the kind `utterance`; see docs/voice.md. On the session's thread."""
        if event.kind != "utterance":
            return
        seen = utterance_view(event.data)
        self._replace(seen)
        if seen.state == "accepted":
            self._apply(seen.number, seen.accepted, seen.confidence)

    def lost(self, process: str) -> None:
        """Learn that a process was lost: with the transcriber goes what was being said. On the session's thread."""
        if process != TRANSCRIBER:
            return
        self._give_up("the transcriber was lost in its midst; say it again once it is back")

    # -- inside --------------------------------------------------------------------------------------------------------

    def _give_up(self, reason: str) -> None:
        """What is being said or read comes to nothing, for whoever would tell of it is gone."""
        self._held = False
        for seen in list(self._utterances):
            if seen.state in OPEN_STATES:
                self._replace(dataclasses.replace(seen, state="failed", reason=reason))
                # Said for the recording, too, which else would have an utterance without an end.
                self._pump.say(
                    "utterance",
                    f"What you said was lost: {reason}",
                    utterance=seen.number,
                    state="failed",
                    reason=reason,
                    began_ns=seen.began_ns,
                    ended_ns=seen.ended_ns,
                )

    def _switch(self, wanted: Transcribing | None, device: str) -> None:
        self._transcribing = wanted
        self._pump.hear(wanted is not None, device=device)
        if wanted is None:
            self._pump.supervisor.remove(TRANSCRIBER)
            self._give_up("voice was switched off in its midst")
            self._pump.notices.forget(TRANSCRIBER)
            self._pump.notices.remove(f"process:{TRANSCRIBER}")
            return
        write_transcribing(self._runtime_dir, wanted)
        if not self._pump.supervisor.add(TRANSCRIBER):
            self._pump.inform(TRANSCRIBER, Transcribe())

    def _post_talk(self, command: Talk) -> None:
        if command.on:
            if why_not := self._why_deaf():
                self._pump.notices.refuse(why_not)
                return
        elif not self._held:
            return
        self._held = command.on
        self._pump.post(TRANSCRIBER, command, self._talk_answered if command.on else None)

    def _talk_answered(self, reply: Reply) -> None:
        if reply.error:
            self._held = False

    def _why_deaf(self) -> str:
        """Why nobody is there to read what is said; what a reader that is there lacks, it says itself."""
        if self._transcribing is None:
            return "voice is switched off; switch it on first, in Settings"
        if self._pump.supervisor.status(TRANSCRIBER) is None:
            lost = self._pump.supervisor.lost(TRANSCRIBER)
            what = "is lost and being started again" if lost else "is starting"
            return f"what you say is not read yet: the transcriber {what}; say it again in a moment, or use the keys"
        return ""

    def _post_hush(self, command: Hush) -> None:
        if self._transcribing is not None and self._transcribing.hands_free:
            self._pump.post(TRANSCRIBER, command, None)

    def _correct(self, utterance: int, text: str, *, chosen: bool) -> None:
        text = " ".join(text.split())
        if not text:
            self._pump.notices.refuse("a correction without words; type what was said")
            return
        self._pump.post(TRANSCRIBER, CorrectUtterance(utterance=utterance, text=text), None)
        for seen in self._utterances:
            if seen.number == utterance:
                self._replace(dataclasses.replace(seen, state="accepted", accepted=text, corrected=text))
                break
        self._apply(utterance, text, 1.0, origin="key" if chosen else "typed")

    def _apply(self, utterance: int, text: str, confidence: float, *, origin: str = "voice") -> None:
        """A subtask for a robot that takes some now; in any other mode it is only shown."""
        if self._pump.snapshot.mode in AUTOMATIC_MODES - {Mode.REPLAY}:
            self._tell(text, origin, confidence, utterance)

    def _replace(self, seen: UtteranceView) -> None:
        for index, known in enumerate(self._utterances):
            if known.number == seen.number:
                self._utterances[index] = seen
                return
        self._utterances.append(seen)


def utterance_view(data: Mapping[str, Any]) -> UtteranceView:
    """An utterance by the event that tells of it."""
    return UtteranceView(
        number=int(data["utterance"]),
        state=str(data["state"]),
        heard=str(data.get("heard", "")),
        accepted=str(data.get("accepted", "")),
        confidence=float(data.get("confidence", 0.0)),
        candidates=tuple(
            CandidateView(str(one["phrase"]), float(one["probability"])) for one in data.get("candidates", ())
        ),
        reason=str(data.get("reason", "")),
        began_ns=int(data.get("began_ns", 0)),
        ended_ns=int(data.get("ended_ns", 0)),
        reading_ms=float(data.get("reading_ms", float("nan"))),
    )
