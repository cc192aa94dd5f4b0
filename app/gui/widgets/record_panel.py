"""Recording: where the operator is, and the keys that mean something there."""

from __future__ import annotations

from PyQt6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from app.collection.collector import BETWEEN, DISCARDED
from app.collection.view import Phase
from app.gui import tokens
from app.gui.actions import Actions
from app.gui.jog_wish import PLAIN_KEYS
from app.gui.phases import figures_line, last_line, phase_of, record_line
from app.gui.theme import Theme
from app.gui.told_keys import with_keys
from app.gui.widgets.action_button import ActionButton
from app.gui.widgets.label import Label
from app.gui.widgets.record_line import RecordLine
from app.session.view import Snapshot

_START_TITLES = {
    Phase.IDLE: "Record",
    Phase.COUNTDOWN: "Cancel",
    Phase.ALIGNING: "Cancel",
    Phase.STARTING: "Starting",
    Phase.CLOSING: "Saving",
    Phase.RESETTING: "Record the next one now",
}

_BACK = "{record.take_back} brings it back"
_CHANGE = "change it with {record.success} {record.failure} {record.drop}"


class RecordPanel(QWidget):
    """Record line, figures and buttons. The same four keys judge the running episode, and after it the last one."""

    def __init__(self, actions: Actions, theme: Theme) -> None:
        super().__init__()
        self._actions = actions
        self._line = RecordLine(theme)
        self._figures = Label(size_px=tokens.TEXT_SMALL_PX, dim=True)
        self._start = ActionButton(actions["record.start"], theme, hue=tokens.ALARM, ink=tokens.ON_ALARM)
        self._last = Label(size_px=tokens.TEXT_PX)
        self._judging = {
            "success": ActionButton(actions["record.success"], theme, hue=tokens.GOOD, compact=True),
            "failure": ActionButton(
                actions["record.failure"], theme, hue=tokens.ALARM, ink=tokens.ON_ALARM, compact=True
            ),
            "unset": ActionButton(actions["record.end"], theme, hue=tokens.HOLD, title="End", compact=True),
            DISCARDED: ActionButton(actions["record.drop"], theme, hue=tokens.HOLD, compact=True),
        }
        self._back = ActionButton(actions["record.take_back"], theme, title="Take back", compact=True)
        ends = QGridLayout()
        ends.setSpacing(tokens.steps(2))
        ends.setContentsMargins(0, 0, 0, 0)
        for number, outcome in enumerate(("success", "failure", DISCARDED, "unset")):
            ends.addWidget(self._judging[outcome], number // 2, number % 2)
        ends.addWidget(self._back, 1, 1)
        self._end_box = QWidget()
        self._end_box.setLayout(ends)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(tokens.steps(2))
        layout.addWidget(self._line)
        layout.addWidget(self._figures)
        layout.addWidget(self._start)
        layout.addWidget(self._last)
        layout.addWidget(self._end_box)
        self._situation: tuple[Phase, str, str] | None = None
        actions.listen(self._rebound)

    def show_brief(self, brief: bool) -> None:
        """Without the small line of figures, where the room is needed for something else."""
        if self._figures.isVisibleTo(self) is brief:
            self._figures.setVisible(not brief)

    @property
    def last(self) -> str:
        """What is said of the last episode, and that it can still be changed; empty while it cannot."""
        return self._last.text() if self._last.isVisibleTo(self) else ""

    @property
    def figures(self) -> str:
        """The small line below the record line."""
        return self._figures.text()

    def buttons(self) -> dict[str, str]:
        """The words on the buttons that are there now, by the action they do."""
        every = (self._start, *self._judging.values(), self._back)
        return {button.action_id: button.title for button in every if button.isVisibleTo(self)}

    def apply(self, snapshot: Snapshot, *, driving: bool) -> None:
        """Follow the collection; while `driving`, show the second keys of those that driving takes."""
        self._line.say(record_line(snapshot))
        self._figures.say(with_keys(figures_line(snapshot), self._actions))
        collection = snapshot.collection
        phase = phase_of(snapshot)
        situation = (phase, collection.last_id, collection.last_outcome)
        if situation != self._situation:
            self._situation = situation
            self._arrange(phase, collection.last_outcome, last_line(collection))
        for button in (self._start, *self._judging.values(), self._back):
            button.refresh()
            button.set_steady(driving and button.key in PLAIN_KEYS)

    def _rebound(self) -> None:
        """Other keys do it now: say so at the next look."""
        self._situation = None

    def _arrange(self, phase: Phase, outcome: str, last: str) -> None:
        recording = phase is Phase.RECORDING
        changeable = phase in BETWEEN and bool(last)
        gone = outcome == DISCARDED
        self._start.setVisible(not recording)
        self._start.set_title(_START_TITLES.get(phase, "Record"))
        self._start.set_lit(phase is Phase.RESETTING)
        self._last.setVisible(changeable)
        self._last.say(f"{last} – {with_keys(_BACK if gone else _CHANGE, self._actions)}")
        self._end_box.setVisible(recording or changeable)
        for name, button in self._judging.items():
            button.set_lit(changeable and name == outcome)
        self._judging["unset"].setVisible(recording)
        self._back.setVisible(changeable)
        self._back.set_title("Bring back" if gone else "Take back")
