"""Below the pictures while the robot takes subtasks: talk, type, and the palette on number keys."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from app.gui import tokens
from app.gui.actions import Actions
from app.gui.theme import Theme
from app.gui.told.hint import VoiceHint
from app.gui.told.number_board import Cell, NumberBoard
from app.gui.told.talk import BUTTON, TALK_ACTION, Talk
from app.gui.told.talk_button import TalkButton
from app.gui.told.tell_line import TellLine
from app.gui.told.telling import Telling
from app.gui.told.words import model_words
from app.gui.told_keys import with_keys
from app.gui.widgets.label import Label
from app.gui.widgets.level_meter import QUIETEST_DBFS
from app.session.view import Snapshot

_TALK_WIDTH_STEPS = 56
_COLUMNS, _ROWS = 3, 3
_EMPTY = "No subtask is known yet. {subtask.type} types one; it is remembered."
_NO_MATCH = "None of the known ones. Enter has it done as it stands."


class ToldTray(QWidget):
    """See the module.

    Args:
        actions: `voice.talk`, `subtask.more`.
        theme: colours.
        telling: the palette and what it does.
        talk: who talks.
        hint: for whom the shipped recogniser is.
        leave: hands the keys back to the window.
    """

    def __init__(
        self,
        actions: Actions,
        theme: Theme,
        *,
        telling: Telling,
        talk: Talk,
        hint: VoiceHint,
        leave: Callable[[], None],
    ) -> None:
        super().__init__()
        self.setObjectName("panel")
        self._actions = actions
        self._telling = telling
        self._talk = talk
        self.hint = hint
        self.talk_button = TalkButton(actions[TALK_ACTION], theme)
        self.talk_button.held.connect(lambda: talk.hold(BUTTON))
        self.talk_button.let_go.connect(lambda: talk.let_go(BUTTON))
        self.line = TellLine(actions)
        self.line.typed.connect(lambda words: telling.tell(words, origin="typed"))
        self.line.amended.connect(telling.correct)
        self.line.searched.connect(self._search)
        self.line.left.connect(leave)
        self._state = Label(size_px=tokens.TEXT_SMALL_PX, dim=True)
        self.board = NumberBoard(actions, theme, name="Subtasks on number keys", columns=_COLUMNS, rows=_ROWS)
        self.board.picked.connect(self.choose)
        self._more = Label(size_px=tokens.TEXT_SMALL_PX, dim=True)
        left = QWidget()
        left.setFixedWidth(tokens.steps(_TALK_WIDTH_STEPS))
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(tokens.steps(2))
        column.addWidget(self.talk_button)
        column.addWidget(self.line)
        column.addWidget(self._state)
        right = QVBoxLayout()
        right.setSpacing(tokens.steps(1))
        right.addWidget(self.board)
        right.addWidget(self._more)
        row = QHBoxLayout()
        row.setSpacing(tokens.steps(3))
        row.addWidget(left)
        row.addLayout(right, stretch=1)
        every = QVBoxLayout(self)
        every.setContentsMargins(tokens.steps(3), tokens.steps(2), tokens.steps(3), tokens.steps(2))
        every.setSpacing(tokens.steps(2))
        every.addWidget(hint)
        every.addLayout(row)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    @property
    def more(self) -> str:
        """What is said below the palette: which page it is, or what it is searched for."""
        return self._more.text()

    def apply(self, snapshot: Snapshot) -> None:
        """Show a snapshot."""
        voice, speech, policy = snapshot.voice, snapshot.speech, snapshot.policy
        self.hint.apply(snapshot)
        on = self._talk.on or (voice is not None and (voice.talking or voice.hearing))
        free = voice is not None and voice.hands_free
        self.talk_button.show_state(
            "Talking" if on else "Hands-free" if free else "Hold to talk",
            on=on,
            ready=voice is not None and voice.state == "ready",
            rms_dbfs=speech.rms_dbfs if speech is not None else QUIETEST_DBFS,
        )
        if voice is None:
            state = with_keys("The voice is off ({voice.switch})", self._actions)
        elif speech is not None and speech.state == "no microphone":
            state = f"No microphone: {speech.trouble}"
        else:
            microphone = speech.device if speech is not None else ""
            named = f"{microphone} microphone" if microphone == "default" else microphone
            state = ", ".join(part for part in (named, model_words(voice.model)) if part)
        self._state.say(state)
        current = policy.subtask.text if policy is not None and policy.subtask is not None else ""
        vetoed = policy.vetoed if policy is not None else ()
        cells = [
            Cell(text, lit=text == current, struck=text in vetoed and text != current)
            for text in self._telling.palette
        ]
        empty = _NO_MATCH if self._telling.filter else with_keys(_EMPTY, self._actions)
        self.board.show_cells(cells, keyed=self._telling.asked is None, empty=empty)
        pages = self._telling.pages
        more = (
            f"Page {self._telling.page + 1} of {pages}: {{subtask.more}} turns to the next"
            if pages > 1
            else ""
        )
        if self._telling.filter:
            more = f"Those with “{self._telling.filter}”"
        self._more.say(with_keys(more, self._actions))

    def choose(self, number: int) -> None:
        """A number was pressed or clicked; what was typed to find it is no longer needed."""
        self._telling.press(number)
        self.line.leave()

    def _search(self, words: str) -> None:
        self._telling.filter = words
