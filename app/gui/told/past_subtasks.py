"""The subtasks before, the newest first, with whose they were, how long they took, and a thumb for each."""

from __future__ import annotations

from PyQt6.QtCore import QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent
from PyQt6.QtWidgets import QSizePolicy, QWidget

from app.gui import tokens
from app.gui.fitting import fit
from app.gui.theme import Theme
from app.gui.told.words import BY_PERSON, minutes
from app.session.policy_view import SubtaskView
from app.session.view import Snapshot

LINE_PX = 26
_THUMB_PX = 26
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_THUMBS = ((1, "mdi6.thumb-up", tokens.GOOD), (-1, "mdi6.thumb-down", tokens.ALARM))


class PastSubtasks(QWidget):
    """As many lines as there is room for; a click on a thumb judges.

    Attributes:
        judged: a subtask, and 1 or -1.
    """

    judged = pyqtSignal(object, int)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._past: tuple[SubtaskView, ...] = ()
        self._font = tokens.font(tokens.TEXT_PX)
        self._small = tokens.font(tokens.TEXT_SMALL_PX)
        self.setAccessibleName("Subtasks before")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(0)
        theme.changed.connect(self.update)

    @property
    def shown(self) -> tuple[SubtaskView, ...]:
        """Those there is room for, the newest first."""
        return self._past[: max(0, (self.height() - LINE_PX) // LINE_PX)]

    def apply(self, snapshot: Snapshot) -> None:
        """Follow the policy."""
        past = tuple(reversed(snapshot.policy.past)) if snapshot.policy is not None else ()
        if past != self._past:
            self._past = past
            self.setAccessibleDescription(", ".join(one.text for one in past[:5]))
            self.setToolTip("\n".join(one.text for one in past[:5]))
            self.update()

    def sizeHint(self) -> QSize:
        """A heading and one line; it takes whatever is left."""
        return QSize(tokens.SIDE_WIDTH_PX, 2 * LINE_PX)

    def thumb_place(self, index: int, up: int) -> QRectF:
        """Where the thumb of a line is clicked."""
        left = self.width() - (2 if up > 0 else 1) * _THUMB_PX
        return QRectF(left, (index + 1) * LINE_PX, _THUMB_PX, LINE_PX)

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """A click on a thumb."""
        if event is None or event.button() != Qt.MouseButton.LeftButton:
            return
        for index, subtask in enumerate(self.shown):
            for up, _, _ in _THUMBS:
                if self.thumb_place(index, up).contains(event.position()):
                    self.judged.emit(subtask, up)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """A line each."""
        if not self.shown:
            return
        painter = QPainter(self)
        painter.setFont(self._small)
        painter.setPen(QColor(self._theme.palette.text_dim))
        painter.drawText(QRectF(0, 0, self.width(), LINE_PX), _LEFT, "Before")
        for index, subtask in enumerate(self.shown):
            for up, icon, hue in _THUMBS:
                self._paint_thumb(painter, self.thumb_place(index, up), icon, hue, given=subtask.thumb == up)
            width_px = self.width() - 2 * _THUMB_PX - tokens.steps(2)
            self._paint_subtask(painter, QRectF(0, (index + 1) * LINE_PX, width_px, LINE_PX), subtask)

    def _paint_thumb(self, painter: QPainter, at: QRectF, icon: str, hue: str, *, given: bool) -> None:
        palette, side = self._theme.palette, tokens.TEXT_PX
        name, ink = (icon, tokens.ink_of(hue, palette)) if given else (f"{icon}-outline", palette.text_dim)
        left, top = at.left() + (at.width() - side) / 2, at.top() + (at.height() - side) / 2
        self._theme.icon(name, ink).paint(painter, int(left), int(top), side, side)

    def _paint_subtask(self, painter: QPainter, line: QRectF, subtask: SubtaskView) -> None:
        palette = self._theme.palette
        hue = tokens.VERBAL if subtask.origin in BY_PERSON else tokens.AUTONOMOUS
        painter.fillRect(QRectF(0, line.top() + 6, 3, LINE_PX - 12), QColor(hue))
        painter.setFont(self._small)
        painter.setPen(QColor(palette.text_dim))
        took = minutes(subtask.ended_ns - subtask.applied_ns)
        painter.drawText(line, _RIGHT, took)
        taken_px = painter.fontMetrics().horizontalAdvance(took) + tokens.steps(2)
        painter.setFont(self._font)
        painter.setPen(QColor(palette.text))
        room = line.adjusted(tokens.steps(2), 0, -taken_px, 0)
        painter.drawText(room, _LEFT, fit(subtask.text, painter.fontMetrics(), room.width()))
