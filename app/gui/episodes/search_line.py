"""The line that filters the list: what is typed, what it may become, and what was not understood."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import QEvent, Qt, pyqtSignal
from PyQt6.QtGui import QKeyEvent
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from app.gui import tokens
from app.gui.episodes.hints import hints
from app.gui.episodes.query import KEYS, pieces
from app.gui.theme import Theme
from app.gui.widgets.label import Label

_EXAMPLE = "Search: words, or task: outcome: tag: operator: longer:30 since:7d is:flagged"


class SearchLine(QWidget):
    """Emits `changed` for every key typed; Tab takes the first hint, Enter and Down go to the list."""

    changed = pyqtSignal(str)
    left_downwards = pyqtSignal()

    def __init__(self, theme: Theme, known: Callable[[], dict[str, tuple[str, ...]]]) -> None:
        super().__init__()
        self._theme = theme
        self._known = known
        self._hints: list[str] = []
        self._problem = ""
        self._how = ""
        self.edit = _Edit(self._take_hint, self.left_downwards.emit)
        self.edit.setFont(tokens.font())
        self.edit.setFixedHeight(tokens.CONTROL_HEIGHT_PX)
        self.edit.setPlaceholderText(_EXAMPLE)
        self.edit.setClearButtonEnabled(True)
        self.edit.setAccessibleName("Search the episodes")
        self._mark = QLabel()
        self._mark.setFixedWidth(tokens.ICON_PX)
        self.below = Label(size_px=tokens.TEXT_SMALL_PX, dim=True)
        line = QHBoxLayout()
        line.setSpacing(tokens.steps(2))
        line.addWidget(self._mark)
        line.addWidget(self.below, stretch=1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(tokens.steps(1))
        column.addWidget(self.edit)
        column.addLayout(line)
        self.edit.textChanged.connect(self._typed)
        theme.changed.connect(self._show_below)
        self._show_below()

    @property
    def text(self) -> str:
        """What is typed."""
        return self.edit.text()

    def set_text(self, text: str) -> None:
        """Replace what is typed."""
        self.edit.setText(text)

    def explain(self, how: str) -> None:
        """Say how to search, where there is nothing else to say."""
        self._how = how
        self._show_below()

    def tell(self, problems: tuple[str, ...]) -> None:
        """Say what was not understood; nothing takes it away again."""
        problem = problems[0] if problems else ""
        if problem != self._problem:
            self._problem = problem
            self._show_below()

    def _typed(self, text: str) -> None:
        self._hints = hints(text, self._known()) if text else []
        self.changed.emit(text)
        self._show_below()

    def _take_hint(self) -> bool:
        if not self._hints:
            return False
        taken = self._hints[0]
        self.edit.setText(taken if taken.endswith(":") else f"{taken} ")
        return True

    def _show_below(self) -> None:
        hinted = [pieces(hint)[-1] for hint in self._hints]
        unfinished = self._problem and not self._hints
        if unfinished:
            self.below.say(self._problem)
            icon = self._theme.pixmap("mdi6.alert", tokens.ICON_PX, tokens.WARNING)
        elif hinted:
            key = hinted[0].removeprefix("-").removesuffix(":")
            meaning = f"  {KEYS[key]}" if len(hinted) == 1 and key in KEYS else ""
            self.below.say("Tab ⇥  " + "   ".join(hinted) + meaning)
            icon = self._theme.pixmap("mdi6.keyboard-tab", tokens.ICON_PX, self._theme.palette.text_dim)
        else:
            minus = "A − before a word or a token leaves out what it finds."
            self.below.say(minus if self.text else self._how)
            icon = self._theme.pixmap("mdi6.magnify", tokens.ICON_PX, self._theme.palette.text_dim)
        self._mark.setPixmap(icon)


class _Edit(QLineEdit):
    """Keeps Tab to itself while it means something."""

    def __init__(self, take_hint: Callable[[], bool], leave: Callable[[], None]) -> None:
        super().__init__()
        self._take_hint = take_hint
        self._leave = leave

    def event(self, event: QEvent | None) -> bool:
        """Tab completes; Enter and Down leave for what was found."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() == Qt.Key.Key_Tab and self._take_hint():
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Down):
                self._leave()
                return True
        return super().event(event)
