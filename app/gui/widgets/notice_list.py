"""Notices in place: what is wrong, why, what to do, and a button that does it. Nothing to dismiss."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import QRectF, Qt
from PyQt6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app.gui import tokens
from app.gui.actions import Actions
from app.gui.robot.pick import KIND_WORDS, Pick
from app.gui.theme import Theme
from app.gui.told_keys import with_keys
from app.gui.widgets.label import Label
from app.gui.wording import headline, sentence
from app.session.view import Notice, Snapshot

_SHOWN = 3
_LINE_PX = tokens.CONTROL_HEIGHT_PX + tokens.steps(2)
_MORE_PX = tokens.steps(7)
_HELD = {"release": "Hold ↵ to release."}
"""Actions that take a long press, and so have no button here that a slip could click."""
_URGENCY = {"error": 0, "warning": 1}


class _Words(QWidget):
    """What is wrong, and what to do: beside each other where they fit, else below each other."""

    def __init__(self, theme: Theme, what: str, remedy: str) -> None:
        super().__init__()
        self._theme = theme
        self._what, self._remedy = what, remedy
        self._bold = tokens.font(tokens.TEXT_PX, bold=True)
        self._plain = tokens.font(tokens.TEXT_PX)
        self.setAccessibleName(f"{what}. {remedy}" if remedy else what)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """One line or two."""
        painter = QPainter(self)
        whole = QRectF(self.rect())
        what_px = QFontMetrics(self._bold).horizontalAdvance(self._what) + tokens.steps(3)
        beside = what_px + QFontMetrics(self._plain).horizontalAdvance(self._remedy) <= whole.width()
        if beside or not self._remedy:
            first, second = whole, whole.adjusted(what_px, 0, 0, 0)
        else:
            line_px = tokens.TEXT_PX + tokens.steps(1)
            top = (whole.height() - 2 * line_px) / 2
            first = QRectF(0, top, whole.width(), line_px)
            second = first.translated(0, line_px)
        palette = self._theme.palette
        for words, font, ink, place in (
            (self._what, self._bold, palette.text, first),
            (self._remedy, self._plain, palette.text_dim, second),
        ):
            painter.setFont(font)
            painter.setPen(QColor(ink))
            shown = QFontMetrics(font).elidedText(words, Qt.TextElideMode.ElideMiddle, int(place.width()))
            painter.drawText(place, int(Qt.AlignmentFlag.AlignVCenter), shown)


class NoticeList(QWidget):
    """Rebuilt only when the notices change; the most urgent first, the rest counted.

    Args:
        actions: whose keys are named.
        theme: colours.
        do: performs a notice's action.
        show: opens the page on which the thing that a notice is about is looked at.
    """

    def __init__(
        self, actions: Actions, theme: Theme, do: Callable[[str], None], *, show: Callable[[Pick], None]
    ) -> None:
        super().__init__()
        self._actions = actions
        self._theme = theme
        self._do = do
        self._show = show
        self._shown: tuple[tuple[str, ...], ...] = ()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self.setVisible(False)

    @property
    def taken_px(self) -> int:
        """How high it is, or will be once it is laid out."""
        lines = len(self._shown)
        return min(lines, _SHOWN) * _LINE_PX + (_MORE_PX if lines > _SHOWN else 0)

    def apply(self, snapshot: Snapshot, *, told: frozenset[str] = frozenset()) -> None:
        """Follow the snapshot's notices, but for those whose key, or its beginning, is `told` elsewhere on the page."""
        notices = sorted(
            (notice for notice in snapshot.notices if not notice.key.startswith(tuple(told))),
            key=lambda notice: _URGENCY.get(notice.level, 2),
        )
        essence = tuple((n.key, n.level, n.what, n.remedy, n.action, n.action_label) for n in notices)
        if essence == self._shown:
            return
        self._shown = essence
        while (item := self._column.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for notice in notices[:_SHOWN]:
            self._column.addWidget(self._card(notice))
        if len(notices) > _SHOWN:
            words = f"and {len(notices) - _SHOWN} more; the log ({{window.health}}) has them all"
            more = Label(with_keys(words, self._actions), dim=True)
            more.setFixedHeight(_MORE_PX)
            more.setContentsMargins(tokens.steps(3), 0, 0, 0)
            self._column.addWidget(more)
        self.setVisible(bool(notices))

    def _card(self, notice: Notice) -> QFrame:
        card = QFrame()
        card.setObjectName("notice")
        card.setFixedHeight(_LINE_PX)
        row = QHBoxLayout(card)
        row.setContentsMargins(tokens.steps(3), 0, tokens.steps(3), 0)
        row.setSpacing(tokens.steps(3))
        mark = QLabel()
        icon = tokens.LEVEL_ICONS.get(notice.level, tokens.LEVEL_ICONS["info"])
        hue = tokens.LEVEL_HUES.get(notice.level, tokens.HOLD)
        mark.setPixmap(self._theme.pixmap(icon, tokens.ICON_PX, hue))
        mark.setAccessibleName(notice.level)
        row.addWidget(mark)
        held = _HELD.get(notice.action, "")
        what, rest = headline(notice.what)
        remedy = ". ".join(sentence(part) for part in (rest, held or notice.remedy) if part)
        row.addWidget(_Words(self._theme, sentence(what), remedy), stretch=1)
        card.setToolTip(f"{notice.what}\n{notice.remedy}".strip())
        pick = Pick.of_notice(notice.key)
        if pick is not None:
            row.addWidget(self._shower(pick))
        if notice.action and not held:
            button = QPushButton(notice.action_label or "Do it")
            button.setFont(tokens.font(tokens.TEXT_PX, bold=True))
            button.setFixedHeight(tokens.CONTROL_HEIGHT_PX - tokens.steps(1))
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(lambda: self._do(notice.action))
            row.addWidget(button)
        return card

    def _shower(self, pick: Pick) -> QPushButton:
        button = QPushButton("Show")
        button.setFont(tokens.font())
        button.setFixedHeight(tokens.CONTROL_HEIGHT_PX - tokens.steps(1))
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setAccessibleName(f"Show the {KIND_WORDS[pick.kind]} on the Robot page")
        button.setToolTip("Look at it on the Robot page")
        button.clicked.connect(lambda: self._show(pick))
        return button
