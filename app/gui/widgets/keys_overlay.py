"""The keys of the page, grouped; read from the registry each time it opens."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QGridLayout, QHBoxLayout, QWidget

from app.gui import tokens
from app.gui.actions import Action, Actions
from app.gui.catalogue.groups import TOLD
from app.gui.jog_wish import KEY_LEGEND
from app.gui.told.telling import PALETTE_SIZE
from app.gui.widgets.label import Label
from app.gui.widgets.overlay import Overlay
from app.gui.widgets.scroll import scrolled
from app.gui.wording import key_caps
from app.inputs.trigger import key_of, trigger_words

_COLUMNS = 3
_DRIVE_PAGE = "drive"
_KEYS_SHOWN = 2


class KeysOverlay(Overlay):
    """`?` opens and closes it."""

    def __init__(self, host: QWidget, actions: Actions) -> None:
        super().__init__(host, width_px=tokens.steps(330), height_px=tokens.steps(135))
        self._actions = actions
        self.title = ""
        self._content: QWidget | None = None

    def open_for(self, page: str, title: str) -> None:
        """Show the keys of a page under a title."""
        self.title = f"Keys: {title}"
        if self._content is not None:
            self.body.removeWidget(self._content)
            self._content.hide()
            self._content.deleteLater()
        content = self._build(page)
        self._content = scrolled(content)
        self.body.addWidget(self._content)
        self.fit_height(content.sizeHint().height() + tokens.steps(12))
        self.open()

    def _build(self, page: str) -> QWidget:
        groups: dict[str, list[tuple[str, str]]] = {}
        for action in self._actions.on_page(page):
            if action.triggers and not action.hidden:
                groups.setdefault(action.group, []).append((_keys_of(action), action.title))
        if TOLD in groups:  # nine keys that mean the same, in one line
            numbers = [self._actions[f"subtask.choose_{number}"].key for number in (1, PALETTE_SIZE)]
            groups[TOLD].append((" … ".join(map(key_caps, numbers)), "A subtask, or an answer"))
        if page == _DRIVE_PAGE:
            groups["While driving with keys"] = list(KEY_LEGEND)
        content = QWidget()
        columns = QHBoxLayout(content)
        columns.setContentsMargins(0, 0, 0, 0)
        columns.setSpacing(tokens.steps(6))
        total = sum(len(lines) + 2 for lines in groups.values())
        grids = [QGridLayout() for _ in range(_COLUMNS)]
        row, column = 0, 0
        grids[0].addWidget(Label(self.title, size_px=tokens.TEXT_TITLE_PX, bold=True).fit(), 0, 0, 1, 2)
        row = 1
        for group, lines in groups.items():
            if row + len(lines) > total / _COLUMNS + 2 and column + 1 < _COLUMNS and row > 1:
                column, row = column + 1, 0
            grid = grids[column]
            if row > 0:
                grid.setRowMinimumHeight(row, tokens.steps(2))
                row += 1
            grid.addWidget(Label(group, size_px=tokens.TEXT_SMALL_PX, dim=True).fit(), row, 0, 1, 2)
            row += 1
            for keys, words in lines:
                grid.addWidget(Label(keys, bold=True).fit(), row, 0)
                grid.addWidget(Label(words).fit(), row, 1)
                row += 1
        for grid in grids:
            grid.setHorizontalSpacing(tokens.steps(4))
            grid.setVerticalSpacing(tokens.steps(1) + 2)
            grid.setColumnStretch(1, 1)
            grid.setRowStretch(grid.rowCount(), 1)
            columns.addLayout(grid, stretch=1)
        columns.setAlignment(Qt.AlignmentFlag.AlignTop)
        return content


def _keys_of(action: Action) -> str:
    keys = [key_caps(key) for trigger in action.triggers if (key := key_of(trigger))]
    # Where there are keys, gamepad and gestures are left to the Settings page: there is no room for all of them.
    return "  or  ".join((keys or [trigger_words(trigger) for trigger in action.triggers])[:_KEYS_SHOWN])
