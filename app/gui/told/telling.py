"""What is said to the policy without a voice: the palette on number keys, typing, answers, thumbs. No Qt."""

from __future__ import annotations

import time
from collections.abc import Callable

from app.gui.session_protocol import SessionLike
from app.gui.settings import Settings
from app.gui.told.voicing import SUBTASK_KIND
from app.gui.told.words import BY_PERSON
from app.messages import Mode
from app.session.policy_view import SubtaskView
from app.session.view import Snapshot
from app.session.voice_view import UtteranceView

TOLD_MODES = frozenset({Mode.VERBAL, Mode.AUTONOMOUS})
"""Those in which the robot takes subtasks."""

PALETTE_SIZE = 9
ANSWERS = 4
"""Of an utterance that could not be told, the best few."""

ASKS_S = 20.0
"""So long the number keys answer a question; then they are the palette's again."""
LAPSES_S = 1.5
"""After that they mean nothing for a moment: an answer that is late must not become a subtask of the palette."""


class Telling:
    """The palette and what its keys mean now.

    Its order is the policy's own, then what was typed: a subtask keeps its number, so that a hand learns it.

    Args:
        session: carries it out.
        now: the snapshot that the expert sees.
        settings: remember what was typed.
    """

    def __init__(self, session: SessionLike, now: Callable[[], Snapshot], settings: Settings) -> None:
        self._session = session
        self._now = now
        self._settings = settings
        self._page = 0
        self._dismissed = 0
        self.filter = ""
        """Words of which every one must be in a subtask of the palette."""

    # -- the palette ---------------------------------------------------------------------------------------------------

    @property
    def every(self) -> tuple[str, ...]:
        """Every subtask that is offered: known ones, and those that were typed or spoken before."""
        policy = self._now().policy
        known = policy.known if policy is not None else ()
        past = tuple(one.text for one in reversed(policy.past)) if policy is not None else ()
        every = dict.fromkeys((*known, *self._settings.remembered(SUBTASK_KIND), *past))
        wanted = self.filter.lower().split()
        return tuple(text for text in every if all(word in text.lower() for word in wanted))

    @property
    def pages(self) -> int:
        """How many pages of nine there are; at least one."""
        return max(1, -(-len(self.every) // PALETTE_SIZE))

    @property
    def page(self) -> int:
        """The one that is shown, from 0."""
        return 0 if self.filter else self._page % self.pages

    @property
    def palette(self) -> tuple[str, ...]:
        """The subtasks on the number keys, at most nine."""
        return self.every[self.page * PALETTE_SIZE :][:PALETTE_SIZE]

    def turn(self) -> None:
        """The next nine; or, while something is asked, none of the answers."""
        if (asked := self.asked) is not None:
            self._dismissed = asked.number
        elif not self._lapsing:
            self._page = (self._page + 1) % self.pages

    # -- number keys ---------------------------------------------------------------------------------------------------

    @property
    def asked(self) -> UtteranceView | None:
        """The utterance that waits for an answer: the newest, until something else was said or it is too old."""
        open_ = self._open
        return open_ if open_ is not None and _age_s(open_) < ASKS_S else None

    @property
    def _lapsing(self) -> bool:
        """Whether a question has become too old just now, so that a key may still be meant for it."""
        open_ = self._open
        return open_ is not None and ASKS_S <= _age_s(open_) < ASKS_S + LAPSES_S

    @property
    def _open(self) -> UtteranceView | None:
        """The newest utterance, if it is a question that nothing has answered; a stop answers all."""
        now = self._now()
        newest = now.voice.utterances[-1] if now.voice is not None and now.voice.utterances else None
        if newest is None or newest.state != "ask" or newest.number == self._dismissed:
            return None
        current = self.current
        named_since = (
            current is not None and current.origin in BY_PERSON and current.applied_ns > newest.ended_ns
        )
        return None if named_since or now.mode is Mode.STOPPED else newest

    @property
    def answers(self) -> tuple[str, ...]:
        """What the number keys choose from while something is asked."""
        asked = self.asked
        return tuple(one.phrase for one in asked.candidates[:ANSWERS]) if asked is not None else ()

    def can_press(self, number: int) -> bool:
        """Whether a number key, from 1, means something now."""
        if self.asked is not None:
            return number <= len(self.answers)
        return self.takes and not self._lapsing and number <= len(self.palette)

    def press(self, number: int) -> None:
        """A number key: an answer where one is asked for, else the subtask of the palette."""
        if (asked := self.asked) is not None:
            self._session.voice.choose(asked.number, self.answers[number - 1])
        else:
            self.tell(self.palette[number - 1], origin="key")

    # -- words ---------------------------------------------------------------------------------------------------------

    @property
    def takes(self) -> bool:
        """Whether the robot takes subtasks now."""
        return self._now().mode in TOLD_MODES

    def tell(self, text: str, *, origin: str) -> None:
        """Carry out a subtask; new words are remembered. A pin moves with it: what is said last stands."""
        text = " ".join(text.split())
        if not text:
            return
        if origin == "typed":
            self._settings.remember(SUBTASK_KIND, text)
        self._session.autonomy.tell(text, origin=origin, pinned=bool(self.pinned))

    @property
    def last(self) -> UtteranceView | None:
        """The newest utterance that was read, which a person may correct."""
        voice = self._now().voice
        read = (
            [one for one in voice.utterances if one.state in ("accepted", "ask", "rejected")] if voice else []
        )
        return read[-1] if read else None

    def correct(self, text: str) -> None:
        """Say what the last utterance really was."""
        text = " ".join(text.split())
        if text and (last := self.last) is not None:
            self._dismissed = last.number
            self._session.voice.correct(last.number, text)

    # -- the subtask in force ------------------------------------------------------------------------------------------

    @property
    def pinned(self) -> str:
        """The subtask that stands until it is unpinned."""
        policy = self._now().policy
        return policy.pinned if policy is not None else ""

    @property
    def current(self) -> SubtaskView | None:
        """The subtask in force."""
        policy = self._now().policy
        return policy.subtask if policy is not None else None

    @property
    def judged(self) -> SubtaskView | None:
        """The subtask that a thumb is about: the one in force, else the last."""
        policy = self._now().policy
        if policy is None:
            return None
        return policy.subtask or (policy.past[-1] if policy.past else None)

    def thumb(self, up: int) -> None:
        """Judge it; the same thumb again takes it back."""
        if (judged := self.judged) is not None:
            self.judge(judged, up)

    def judge(self, subtask: SubtaskView, up: int) -> None:
        """Judge any subtask that is still shown; the same thumb again takes it back."""
        self._session.autonomy.thumb(subtask.applied_ns, 0 if subtask.thumb == up else up)

    @property
    def can_pin(self) -> bool:
        """Whether there is something to pin, or to unpin."""
        return self._now().mode is Mode.AUTONOMOUS and (self.current is not None or bool(self.pinned))

    def pin(self) -> None:
        """Let the subtask in force stand, or let the model name subtasks again."""
        current = self.current
        if self.pinned:
            self._session.autonomy.unpin()
        elif current is not None:
            self._session.autonomy.tell(current.text, origin="key", pinned=True)

    @property
    def can_veto(self) -> bool:
        """Whether there is a subtask of the model's to refuse."""
        return self._now().mode is Mode.AUTONOMOUS and self.current is not None

    def veto(self) -> None:
        """Not this one, for half a minute."""
        if (current := self.current) is not None:
            self._session.autonomy.veto(current.text)

    @property
    def vetoed(self) -> tuple[str, ...]:
        """What is not done for now."""
        policy = self._now().policy
        return policy.vetoed if policy is not None else ()

    def lift_vetoes(self) -> None:
        """Let everything be done again."""
        self._session.autonomy.veto("")


def _age_s(utterance: UtteranceView) -> float:
    return (time.monotonic_ns() - utterance.ended_ns) / 1e9
