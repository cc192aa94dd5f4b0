"""The words of the dataset over the review: how often each is used, which may be one, and what each is to be called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from PyQt6.QtCore import QEvent, QObject, QSize, Qt
from PyQt6.QtGui import QKeyEvent
from PyQt6.QtWidgets import QHBoxLayout, QLineEdit, QListWidget, QListWidgetItem, QWidget

from app.gui import tokens
from app.gui.actions import Actions
from app.gui.labels.segmenting import PALETTE_KEYS
from app.gui.labels.words import Words
from app.gui.theme import Theme
from app.gui.told_keys import with_keys
from app.gui.widgets.action_button import ActionButton
from app.gui.widgets.choice import Choice
from app.gui.widgets.label import Label
from app.gui.widgets.overlay import Overlay
from app.gui.wording import counted
from recordings.labels.vocabulary import Of, Vocabulary

VOCABULARY_KEYS = "vocabulary"
"""The page whose keys count while it is open."""

ROWS = 200
"""So many are listed; more are found by typing."""


@dataclass(frozen=True)
class Row:
    """A line of the list.

    Attributes:
        text: what it is about.
        new: the text that it may be; empty for a line that is no proposal.
        number: its number key; 0 for none.
        words: what is said of it on the right.
    """

    text: str
    new: str = ""
    number: int = 0
    words: str = ""


class VocabularyPanel(Overlay):
    """What is typed finds a text; Enter begins to rename it, or takes what is proposed.

    Args:
        host: the page that it lies over.
        words: of the dataset.
        actions: for its buttons.
        theme: colours.
    """

    keys = VOCABULARY_KEYS

    def __init__(self, host: QWidget, words: Words, actions: Actions, theme: Theme) -> None:
        super().__init__(host, width_px=tokens.steps(170), height_px=tokens.steps(150))
        self._words = words
        self._actions = actions
        self._of: Of = "subtasks"
        self._shown: Vocabulary | None = None
        self._rows: list[Row] = []
        self._renaming = ""
        self._undo = ActionButton(actions["labels.words_undo"], theme, title="Undo", compact=True)
        self._kind = Choice("Words", (("subtasks", "Subtasks"), ("objects", "Objects")))
        self._kind.picked.connect(self._show_kind)
        self.line = QLineEdit()
        self.line.setFont(tokens.font(tokens.TEXT_LARGE_PX))
        self.line.setFixedHeight(tokens.CONTROL_HEIGHT_PX + tokens.steps(1))
        self.line.setAccessibleName("Search the words, or rename one")
        self.line.textChanged.connect(self._typed)
        self.line.returnPressed.connect(self._enter)
        self.line.installEventFilter(self)
        self.hint = Label(size_px=tokens.TEXT_SMALL_PX, dim=True, wrap=True)
        self.list = QListWidget()
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.itemDoubleClicked.connect(lambda _: self._enter())
        self.report = Label(wrap=True)
        head = QHBoxLayout()
        head.addWidget(Label("Words", size_px=tokens.TEXT_TITLE_PX, bold=True).fit())
        head.addWidget(self._kind, stretch=1)
        head.addWidget(ActionButton(actions["labels.words_close"], theme, title="Done", compact=True))
        foot = QHBoxLayout()
        foot.addWidget(self.report, stretch=1)
        foot.addWidget(self._undo)
        self.body.addLayout(head)
        self.body.addWidget(self.line)
        self.body.addWidget(self.hint)
        self.body.addWidget(self.list, stretch=1)
        self.body.addLayout(foot)

    def open(self) -> None:
        """Read the words anew, and be ready to search them."""
        super().open()
        self._show_kind(self._of)

    def leave(self) -> None:
        """Close; a new text that is being written is not thrown away: the hint says how it is taken, or left."""
        if self._renaming and self._new_text not in ("", self._renaming):
            self.line.setFocus(Qt.FocusReason.ShortcutFocusReason)
        else:
            self._stop_renaming()
            self.close_over()

    def apply(self) -> None:
        """Follow what was read and done."""
        vocabulary = self._words.vocabulary(self._of)
        if vocabulary is not self._shown:
            self._shown = vocabulary
            self._list()
        self.report.say("…" if self._words.busy else self._words.report)
        self._undo.refresh()

    def turn_kind(self) -> None:
        """From subtasks to objects, or back."""
        self._show_kind("objects" if self._of == "subtasks" else "subtasks")

    def pin(self, number: int) -> None:
        """Keep the chosen text on a number key; on none for 0."""
        if (row := self._chosen) is not None:
            self._words.pin(row.text, number, self._of)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Arrows in the line move in the list."""
        if watched is self.line and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()))
            if step and self.list.count():
                self._stop_renaming()
                self.list.setCurrentRow((self.list.currentRow() + step) % self.list.count())
                return True
        return super().eventFilter(watched, event)

    @property
    def rows(self) -> Sequence[Row]:
        """What is listed."""
        return self._rows

    @property
    def _new_text(self) -> str:
        return " ".join(self.line.text().split())

    @property
    def _chosen(self) -> Row | None:
        at = self.list.currentRow()
        return self._rows[at] if 0 <= at < len(self._rows) else None

    def _show_kind(self, of: str) -> None:
        self._of = cast(Of, of)
        self._kind.show_value(of)
        self._words.ask(self._of)
        self._shown = None
        self._stop_renaming()
        self.line.clear()
        self._list()
        self.apply()
        self.line.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _enter(self) -> None:
        row = self._chosen
        if self._renaming:
            self._words.rename(self._renaming, self.line.text(), self._of)
            self._stop_renaming()
            self.line.clear()
        elif row is not None and row.new:
            self._words.rename(row.text, row.new, self._of)
        elif row is not None:
            self._renaming = row.text
            self.line.setText(row.text)
            self.line.selectAll()
            self._say_hint()

    def _stop_renaming(self) -> None:
        if self._renaming:
            self._renaming = ""
            self.line.clear()
        self._say_hint()

    def _typed(self, words: str) -> None:
        if not self._renaming:
            self._list()
        self._say_hint()

    def _say_hint(self) -> None:
        row = self._chosen
        if self._renaming:
            new = self._new_text
            there = self._shown is not None and new in self._shown.texts and new != self._renaming
            what = f"“{self._renaming}” and “{new}” become one" if there else f"Rename “{self._renaming}”"
            words = f"{what} in all labels of the dataset: ↵ does it, ↑ or ↓ leaves it as it is."
        elif row is not None and row.new:
            words = "↵ makes both one in all labels of the dataset."
        else:
            words = (
                "Type to find, ↵ renames. {labels.words_pin_1} to {labels.words_pin_9} keeps it on a number,"
                " {labels.words_pin_0} on none."
            )
        self.hint.say(with_keys(words, self._actions))

    def _list(self) -> None:
        chosen = self._chosen
        self._rows = rows_of(self._shown, self.line.text() if not self._renaming else "")[:ROWS]
        self.list.clear()
        for row in self._rows:
            item = QListWidgetItem()
            item.setSizeHint(QSize(0, tokens.steps(9)))
            self.list.addItem(item)
            self.list.setItemWidget(item, _widget(row))
        at = next(
            (n for n, row in enumerate(self._rows) if chosen is not None and row.text == chosen.text), 0
        )
        self.list.setCurrentRow(at if self._rows else -1)
        self._say_hint()


def rows_of(vocabulary: Vocabulary | None, typed: str) -> list[Row]:
    """What is listed: proposals to make two texts one, then all texts; only those found, where something is typed."""
    if vocabulary is None:
        return []
    found = vocabulary.complete(typed, at_most=ROWS) if typed.strip() else vocabulary.texts
    entries = {entry.text: entry for entry in vocabulary.entries}
    number = {text: place for place, text in enumerate(vocabulary.texts[:PALETTE_KEYS], start=1)}
    proposed = [
        Row(merge.old, merge.new, 0, f"{merge.why}, {counted(entries[merge.old].labelled, 'label')}")
        for merge in vocabulary.near_duplicates()
        if merge.old in found or merge.new in found
    ]
    rows = []
    for text in found:
        entry = entries[text]
        told = f", told in {counted(entry.recorded, 'episode')}" if entry.recorded else ""
        kept = ", kept on its number" if entry.pinned else ""
        rows.append(Row(text, "", number.get(text, 0), f"{counted(entry.labelled, 'label')}{told}{kept}"))
    return proposed + rows


def _widget(row: Row) -> QWidget:
    widget = QWidget()
    line = QHBoxLayout(widget)
    line.setContentsMargins(tokens.steps(2), 0, tokens.steps(2), 0)
    number = Label(str(row.number) if row.number else "≈" if row.new else "", dim=True).fit()
    number.setFixedWidth(tokens.steps(5))
    line.addWidget(number)
    line.addWidget(Label(f"{row.text}  →  {row.new}" if row.new else row.text), stretch=1)
    line.addWidget(Label(row.words, size_px=tokens.TEXT_SMALL_PX, dim=True).fit())
    return widget
