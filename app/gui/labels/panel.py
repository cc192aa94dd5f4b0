"""The labels' side of the review: who labels, what is chosen, the texts on number keys, and what can be done."""

from __future__ import annotations

from PyQt6.QtGui import QHideEvent, QResizeEvent
from PyQt6.QtWidgets import QGridLayout, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from app.gui import tokens
from app.gui.actions import Actions
from app.gui.labels.labelling import Labelling
from app.gui.labels.lanes import UNNAMED
from app.gui.labels.reviewers_view import PROGRESS_WORDS, ReviewersView
from app.gui.labels.vocabulary_panel import VocabularyPanel
from app.gui.theme import Theme
from app.gui.told.number_board import CELL_PX, Cell, NumberBoard
from app.gui.told_keys import with_keys
from app.gui.widgets.action_button import ActionButton
from app.gui.widgets.label import Label, rule
from app.gui.wording import clock, counted, headline, sentence
from recordings import RecordingError
from recordings.labels import BoxLabel, Progress, SpanLabel

_BUTTONS = (
    ("labels.mark", "Begin or end"),
    ("labels.write", "Text"),
    ("labels.split", "Split"),
    ("labels.merge", "Merge"),
    ("labels.take", "Take"),
    ("labels.refuse", "Refuse"),
    ("labels.undo", "Undo"),
    ("labels.done", "Done"),
)
_ROOM_FOR_HINTS_PX = 500
_LEAST_ROWS, _TWO_ABREAST, _ALL_ROWS = 1, 5, 9
_BOX_HINTS = (
    "In another frame drag it to where it is, or leave it there ({labels.copy_box}); in between it goes in straight"
    " lines. From here on: occluded {labels.box_hidden}, out of view {labels.box_out}, visible {labels.box_seen}."
    " Key frames: {labels.box_key_before} {labels.box_key_after}, this one away {labels.box_unkey}."
)


class LabelPanel(QWidget):
    """Follows the labels.

    Args:
        labelling: what it is about.
        theme: colours.
    """

    def __init__(self, labelling: Labelling, theme: Theme) -> None:
        super().__init__()
        self._labelling = labelling
        self._theme = theme
        self._buttons: dict[str, ActionButton] = {}
        self.reviewer = QLineEdit()
        self.queue = Label(size_px=tokens.TEXT_SMALL_PX, wrap=True)
        self.why = Label(size_px=tokens.TEXT_SMALL_PX, dim=True, wrap=True)
        self.chosen = Label(size_px=tokens.TEXT_LARGE_PX, bold=True)
        self.times = Label(size_px=tokens.TEXT_SMALL_PX, dim=True)
        self.hint = Label(size_px=tokens.TEXT_SMALL_PX, dim=True, wrap=True)
        self.problem = Label(wrap=True)
        self.words: VocabularyPanel | None = None
        self._refused = ""

    def build(self, actions: Actions) -> None:
        """Lay out, once the actions are registered."""
        self._actions = actions
        self.reviewer.setFont(tokens.font())
        self.reviewer.setFixedHeight(tokens.CONTROL_HEIGHT_PX)
        self.reviewer.setAccessibleName("Reviewer")
        self.reviewer.setText(self._labelling.reviewer)
        self.reviewer.editingFinished.connect(self._take_reviewer)
        self.reviewer.textEdited.connect(self._forget_refusal)
        self.board = NumberBoard(
            actions,
            self._theme,
            name="Texts on number keys",
            columns=1,
            rows=_ALL_ROWS,
            hue=tokens.TELEOP,
            keys="labels.name_",
        )
        self.board.picked.connect(lambda number: actions.trigger(f"labels.name_{number}"))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(tokens.steps(2))
        waiting = QHBoxLayout()
        waiting.addWidget(self.queue, stretch=1)
        self._buttons["labels.queue_next"] = ActionButton(
            actions["labels.queue_next"], self._theme, title="Next", compact=True
        )
        waiting.addWidget(self._buttons["labels.queue_next"])
        column.addLayout(waiting)
        column.addWidget(self.why)
        head = QHBoxLayout()
        head.addWidget(Label("Labels by", dim=True).fit())
        head.addWidget(self.reviewer, stretch=1)
        column.addLayout(head)
        self.reviewers = ReviewersView(self._labelling, actions)
        column.addWidget(self.reviewers)
        column.addWidget(rule())
        column.addWidget(self.chosen)
        column.addWidget(self.times)
        column.addWidget(self.board)
        column.addWidget(rule())
        grid = QGridLayout()
        grid.setSpacing(tokens.steps(2))
        for number, (action_id, title) in enumerate(_BUTTONS):
            button = ActionButton(actions[action_id], self._theme, title=title, compact=True)
            self._buttons[action_id] = button
            grid.addWidget(button, number // 2, number % 2)
        column.addLayout(grid)
        column.addWidget(self.hint)
        column.addWidget(self.problem)
        column.addStretch(1)

    @property
    def words_open(self) -> bool:
        """Whether the words of the dataset lie over the page, and their keys count."""
        return self.words is not None and self.words.isVisible()

    def toggle_words(self, host: QWidget) -> None:
        """Show the words of the dataset over the page, or take them away."""
        if self.words is None:
            self.words = VocabularyPanel(host, self._labelling.words, self._actions, self._theme)
        self.words.toggle()

    def hideEvent(self, event: QHideEvent | None) -> None:
        """Words are not left open over another sheet, nor for when the page is opened again."""
        if self.words is not None:
            self.words.hide()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """In a low window the texts stand two in a row."""
        self._fit()

    def refresh(self, start_ns: int, position_ns: int) -> None:
        """Show how things stand with the playhead there; times count from `start_ns`."""
        desk, segmenting = self._labelling.desk, self._labelling.segmenting
        self._say_chosen(start_ns)
        chosen = desk.selected
        lit = chosen.text if chosen is not None else ""
        sides = self.reviewers.side_cells(position_ns)
        cells = sides or [Cell(text, lit=text == lit) for text in self._labelling.palette]
        kind = "names of objects" if desk.selected_box is not None else "texts"
        nameable = bool(sides) or chosen is not None or segmenting.begun is not None
        self.board.show_cells(
            cells,
            keyed=nameable,
            empty=with_keys(f"No {kind} yet: write one with {{labels.write}}", self._actions),
        )
        terse = self.height() < _ROOM_FOR_HINTS_PX
        self.reviewers.refresh(terse=terse)
        self.hint.setVisible(not (terse or self._labelling.adjudicating.on))
        self.times.setVisible(not terse or chosen is not None or segmenting.begun is not None)
        self._say_reviewer()
        self._say_queue()
        if self.words is not None and self.words_open:
            self.words.apply()
        self._fit()
        self.hint.say(with_keys(self._hints(), self._actions))
        what, remedy = headline(self._refused or desk.problem or self._labelling.prompts.problem)
        self.problem.say(". ".join(sentence(part) for part in (what, remedy) if part))
        self.problem.setVisible(bool(what))
        self._buttons["labels.mark"].set_title(
            "End it here" if segmenting.begun is not None else "Begin here"
        )
        self._buttons["labels.mark"].set_lit(segmenting.begun is not None)
        self._buttons["labels.done"].set_lit(desk.judgement.progress is not Progress.OPEN)
        for button in self._buttons.values():
            button.refresh()

    def _say_queue(self) -> None:
        queue = self._labelling.queue
        self.queue.say(sentence(queue.words))
        why = queue.why(self._labelling.desk.episode_id)
        self.why.say(why)
        self.why.setVisible(bool(why) and self.height() >= _ROOM_FOR_HINTS_PX)

    def _fit(self) -> None:
        """Give the texts what the rest leaves: a line each where there is room, else two abreast."""
        column = self.layout()
        if column is None:
            return
        rest = column.totalHeightForWidth(self.width()) - self.board.height()
        rows = (self.height() - rest) // (CELL_PX + tokens.steps(1))
        roomy = rows >= _ALL_ROWS
        self.board.arrange(
            columns=1 if roomy else 2,
            rows=_ALL_ROWS if roomy else min(max(rows, _LEAST_ROWS), _TWO_ABREAST),
        )

    def _say_reviewer(self) -> None:
        """The final labels are nobody's own, so there is no name to change."""
        self.reviewer.setEnabled(not self._labelling.adjudicating.on)
        if not self.reviewer.hasFocus() and self.reviewer.text() != self._labelling.reviewer:
            self.reviewer.setText(self._labelling.reviewer)

    def _say_chosen(self, start_ns: int) -> None:
        chosen, begun = self._labelling.desk.selected, self._labelling.segmenting.begun
        if isinstance(chosen, SpanLabel):
            self.chosen.say(chosen.text or UNNAMED)
            self.times.say(
                f"{clock((chosen.start_ns - start_ns) / 1e9)} to {clock((chosen.end_ns - start_ns) / 1e9)},"
                f" {chosen.duration_ns / 1e9:.2f} s"
            )
        elif isinstance(chosen, BoxLabel):
            self.chosen.say(chosen.text or UNNAMED)
            self.times.say(f"box in {chosen.camera}, {counted(len(chosen.keys), 'key frame')}")
        elif begun is not None:
            self.chosen.say(begun.text or UNNAMED)
            self.times.say(f"from {clock((begun.start_ns - start_ns) / 1e9)}, has no end yet")
        else:
            labels = self._labelling.desk.labels
            progress = PROGRESS_WORDS[labels.episode.progress]
            count = counted(len(labels.subtasks), "subtask")
            self.chosen.say(f"{count}, {progress}" if progress else count)
            self.times.say("Click a label, or choose one with ↑ and ↓")

    def _hints(self) -> str:
        if self._labelling.desk.selected_box is not None:
            return _BOX_HINTS
        segmenting, proposed = self._labelling.segmenting, len(self._labelling.suggesting.open)
        lag = f"Marks are set {segmenting.lag_s:.2f} s early while it plays ({{labels.lag_less}} {{labels.lag_more}})."
        chained = " Each end begins the next ({labels.chain})." if segmenting.chained else ""
        taken = f" {counted(proposed, 'suggestion')}: {{labels.take}} takes, {{labels.refuse}} refuses."
        return lag + chained + (taken if proposed else "") + " {labels.vocabulary} renames words."

    def _take_reviewer(self) -> None:
        name = self.reviewer.text().strip()
        if name == self._labelling.reviewer:
            return
        try:
            self._labelling.set_reviewer(name)
        except RecordingError as error:
            self._refused = str(error)
            self.problem.say(sentence(self._refused))
            self.problem.show()
            self.reviewer.setText(self._labelling.reviewer)
        else:
            self._refused = ""

    def _forget_refusal(self, _: str) -> None:
        self._refused = ""
