"""Objects' boxes as a lane of the timeline: when each is there, and where its key frames are."""

from __future__ import annotations

from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QPainter, QPen, QPolygonF

from app.gui import tokens
from app.gui.labels.desk import LabelDesk
from app.gui.labels.lanes import UNNAMED
from app.gui.review.axis import TimeAxis
from app.gui.review.lanes import Lane
from app.gui.theme import Theme
from recordings.labels import BoxLabel, EpisodeLabels, Seen

ROWS_MOST = 5
_ROW_PX = 16
_MARGIN_PX = 3
_KEY_PX = 9


class BoxLane(Lane):
    """A row for each object, as far as there is room: a line from first to last key frame, with a diamond for each.

    The line is broken where the object is out of view. Where there are more objects than rows, they share them.

    Args:
        desk: whose labels.
    """

    title = "boxes"

    def __init__(self, desk: LabelDesk) -> None:
        self._desk = desk
        self.rows = rows_of(desk.labels)
        self.height_px = max(self.rows, 1) * _ROW_PX + 2 * _MARGIN_PX

    def paint(self, painter: QPainter, area: QRectF, axis: TimeAxis, theme: Theme) -> None:
        """The boxes, the chosen one last and brightest."""
        chosen = self._desk.selected_box
        chosen_id = chosen.id if chosen is not None else ""
        for number, box in sorted(enumerate(self._desk.labels.boxes), key=lambda one: one[1].id == chosen_id):
            is_chosen = box.id == chosen_id
            hue = tokens.ink_of(tokens.TELEOP, theme.palette) if is_chosen else theme.palette.text_dim
            top = area.top() + _MARGIN_PX + number % max(self.rows, 1) * _ROW_PX
            row = QRectF(area.left(), top, area.width(), _ROW_PX)
            self._paint_track(painter, row, axis, box, QColor(hue))

    def value_at(self, time_ns: int) -> str:
        """The objects of the moment."""
        return ", ".join(box.text or UNNAMED for box in self._at(time_ns, 0))

    def tip_at(self, time_ns: int, slack_ns: int) -> str:
        """The objects near there, with their cameras."""
        return "\n".join(
            f"{box.text or UNNAMED} ({box.camera}), {len(box.keys)} key frames"
            for box in self._at(time_ns, slack_ns)
        )

    def choose_at(self, time_ns: int, *, slack_ns: int = 0, down: float = 0.5) -> str:
        """Choose the box of the moment and the row; of those that share it the next one, where one is chosen."""
        rows = max(self.rows, 1)
        row = min(max(int((down * self.height_px - _MARGIN_PX) // _ROW_PX), 0), rows - 1)
        boxes = self._desk.labels.boxes
        here = [box.id for box in self._at(time_ns, slack_ns) if boxes.index(box) % rows == row]
        chosen = self._desk.selected_box
        at = (here.index(chosen.id) + 1) % len(here) if chosen is not None and chosen.id in here else 0
        self._desk.select(here[at] if here else "")
        return here[at] if here else ""

    def _at(self, time_ns: int, slack_ns: int) -> list[BoxLabel]:
        return [
            box
            for box in self._desk.labels.boxes
            if box.start_ns - slack_ns <= time_ns <= box.end_ns + slack_ns
        ]

    def _paint_track(
        self, painter: QPainter, row: QRectF, axis: TimeAxis, box: BoxLabel, hue: QColor
    ) -> None:
        middle, half = row.center().y(), _KEY_PX / 2
        at = [row.left() + axis.share_of(key.time_ns) * row.width() for key in box.keys]
        if at[-1] + half < row.left() or at[0] - half > row.right():
            return
        for key, left, right in zip(box.keys, at, at[1:], strict=False):
            if key.seen is not Seen.OUT:
                style = Qt.PenStyle.SolidLine if key.seen is Seen.VISIBLE else Qt.PenStyle.DotLine
                painter.setPen(QPen(hue, tokens.FOCUS_PX, style))
                painter.drawLine(QPointF(left, middle), QPointF(right, middle))
        painter.setPen(QPen(hue, tokens.LINE_PX))
        for key, x in zip(box.keys, at, strict=True):
            painter.setBrush(hue if key.seen is Seen.VISIBLE else Qt.BrushStyle.NoBrush)
            corners = [(x, middle - half), (x + half, middle), (x, middle + half), (x - half, middle)]
            painter.drawPolygon(QPolygonF([QPointF(*corner) for corner in corners]))
        painter.setFont(tokens.font(tokens.TEXT_SMALL_PX))
        self._paint_name(painter, row, at, box.text or UNNAMED)

    def _paint_name(self, painter: QPainter, row: QRectF, at: list[float], name: str) -> None:
        """Behind the last key frame; before the first where there is no room behind."""
        width = painter.fontMetrics().horizontalAdvance(name) + tokens.steps(1)
        left = at[-1] + _KEY_PX
        if left + width > row.right():
            left = at[0] - _KEY_PX - width
        place = QRectF(max(left, row.left()), row.top(), width, row.height())
        painter.drawText(place, int(Qt.AlignmentFlag.AlignVCenter.value), name)


def rows_of(labels: EpisodeLabels) -> int:
    """How many rows the boxes of an episode take."""
    return min(len(labels.boxes), ROWS_MOST)
