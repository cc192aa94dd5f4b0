"""The comparison as a picture: a variant a row, a task a column, each rate with its interval."""

from __future__ import annotations

from PyQt6.QtCore import QEvent, QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QHelpEvent, QPainter, QPaintEvent, QPen
from PyQt6.QtWidgets import QSizePolicy, QToolTip, QWidget

from app.evaluation.report import EVERY_TASK, Cell, Summary, told_cell, told_time
from app.gui import tokens
from app.gui.theme import Theme, with_alpha
from app.gui.widgets.row_board import RIGHT, write

_HEAD_PX = 24
_ROW_PX = 52
_LINE_PX = 20
_BAR_PX = 8
_NAME_PX = 112
_LEAST_PX = 96
_MANY = 5
"""With more tasks than this only their mean has room; the rest is in the tips and the exported files."""


class ComparisonBars(QWidget):
    """Painted, and said in full to screen readers. A tip names each cell's task."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._summary: Summary | None = None
        self._cells: list[tuple[QRectF, str]] = []
        self._small = tokens.font(tokens.TEXT_SMALL_PX)
        self._bold = tokens.font(tokens.TEXT_PX, bold=True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)
        self.show_summary(None)

    @property
    def words(self) -> str:
        """Everything it shows, in words."""
        return self.accessibleDescription()

    def show_summary(self, summary: Summary | None) -> None:
        """Show a comparison, or nothing."""
        if summary is not None and repr(summary) == repr(self._summary):  # NaN is never equal to itself
            return
        self._summary = summary
        rows = len(summary.rows) if summary is not None else 0
        self.setFixedHeight(_HEAD_PX + rows * _ROW_PX if rows else 0)
        self.setAccessibleName("Success by variant and task")
        lines = [
            f"{row.variant}: "
            + ", ".join(
                f"{head} {told_cell(cell)}" for head, cell in zip(_heads(summary), row.success, strict=True)
            )
            for row in (summary.rows if summary is not None else ())
        ]
        self.setAccessibleDescription("; ".join(lines))
        self.update()

    def sizeHint(self) -> QSize:
        """As wide as there is room."""
        return QSize(tokens.steps(100), self.height())

    def event(self, event: QEvent | None) -> bool:
        """The whole cell as a tool tip."""
        if isinstance(event, QHelpEvent):
            found = next((words for box, words in self._cells if box.contains(event.pos().toPointF())), "")
            QToolTip.showText(event.globalPos(), found, self)
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Heads, names, rates and bars."""
        summary = self._summary
        self._cells = []
        if summary is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        heads = _heads(summary)
        columns = self._columns(len(heads))
        width = (self.width() - _NAME_PX) / len(columns)
        painter.setFont(self._small)
        painter.setPen(QColor(self._theme.palette.text_dim))
        for place, column in enumerate(columns):
            box = QRectF(_NAME_PX + place * width, 0, width - tokens.steps(3), _HEAD_PX)
            write(painter, box, heads[column])
        for number, row in enumerate(summary.rows):
            top = _HEAD_PX + number * _ROW_PX
            painter.setPen(QPen(QColor(self._theme.palette.line), tokens.LINE_PX))
            painter.drawLine(0, top, self.width(), top)
            painter.setFont(self._bold)
            painter.setPen(QColor(self._theme.palette.text))
            name = QRectF(0, top + tokens.steps(1), _NAME_PX - tokens.steps(2), _LINE_PX)
            write(painter, name, row.variant.value)
            painter.setFont(self._small)
            painter.setPen(QColor(self._theme.palette.text_dim))
            if row.time_to_success_s is not None:
                write(painter, name.translated(0, _LINE_PX), f"{row.time_to_success_s.estimate:.1f} s each")
            self._cells.append(
                (
                    QRectF(0, top, _NAME_PX, _ROW_PX),
                    f"{row.variant.value}, time to success: {told_time(row.time_to_success_s)}",
                )
            )
            for place, column in enumerate(columns):
                box = QRectF(_NAME_PX + place * width, top, width - tokens.steps(3), _ROW_PX)
                cell = row.success[column]
                self._cells.append((box, f"{row.variant.value}, {heads[column]}: {told_cell(cell)}"))
                self._paint_cell(painter, box, cell, mean=column == len(heads) - 1)

    def _columns(self, count: int) -> list[int]:
        """The columns for which there is room: all, or as many of the last as fit."""
        room = max(1, int((self.width() - _NAME_PX) / _LEAST_PX))
        if count <= room and count <= _MANY + 1:
            return list(range(count))
        return [*range(min(count - 1, room - 1, _MANY)), count - 1]

    def _paint_cell(self, painter: QPainter, box: QRectF, cell: Cell, *, mean: bool) -> None:
        palette = self._theme.palette
        upper = QRectF(box.left(), box.top() + tokens.steps(1), box.width(), _LINE_PX)
        painter.setFont(self._bold)
        painter.setPen(QColor(palette.text if cell.rate is not None else palette.text_dim))
        rate = cell.rate
        if rate is None:
            write(painter, upper, "–")
            return
        words = f"{rate.estimate * 100:.0f} %"
        write(painter, upper, words)
        used = painter.fontMetrics().horizontalAdvance(words) + tokens.steps(2)
        painter.setFont(self._small)
        painter.setPen(QColor(palette.text_dim))
        rest = QRectF(upper.left() + used, upper.top(), upper.width() - used, upper.height())
        range_words = f"{rate.low * 100:.0f}–{rate.high * 100:.0f}"
        write(painter, rest, range_words)
        if painter.fontMetrics().horizontalAdvance(f"{range_words}  n={cell.trials}") < rest.width():
            write(painter, rest, f"n={cell.trials}", RIGHT)
        track = QRectF(box.left(), upper.bottom() + tokens.steps(2), box.width(), _BAR_PX)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(palette.line))
        painter.drawRoundedRect(track, 2, 2)
        hue = tokens.AUTONOMOUS if mean else tokens.TELEOP
        painter.setBrush(with_alpha(hue, tokens.GHOST_ALPHA))
        low, high = track.left() + track.width() * rate.low, track.left() + track.width() * rate.high
        painter.drawRect(QRectF(low, track.top(), max(1.0, high - low), track.height()))
        at = min(track.right() - 1.5, max(track.left() + 1.5, track.left() + track.width() * rate.estimate))
        painter.setBrush(QColor(tokens.ink_of(hue, palette)))
        painter.drawRect(QRectF(at - 1.5, track.top() - 3, 3, track.height() + 6))


def _heads(summary: Summary | None) -> tuple[str, ...]:
    return (*summary.tasks, EVERY_TASK) if summary is not None else ()
