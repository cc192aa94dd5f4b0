"""How boxes are painted over a picture: what differs between them differs in line and shape, not in hue alone.

Every line lies on a darker, wider one, so that it is seen on any picture.
"""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QPainter, QPen, QPolygonF

from app.gui import tokens
from app.gui.labels.box_geometry import PictureArea
from app.gui.labels.box_scene import ShownBox, Standing, handles_of
from app.gui.labels.lanes import UNNAMED
from app.gui.theme import with_alpha
from recordings.labels import BoxKey, Seen

_HANDLE_PX = 7
_CORNER_PX = 12
_WORDS_FROM_PX = 260


def paint_boxes(painter: QPainter, boxes: Sequence[ShownBox], area: PictureArea, *, handles: bool) -> None:
    """Boxes over a picture.

    Args:
        painter: of the widget over the picture.
        boxes: in the order in which they lie over one another.
        area: where the picture is.
        handles: the chosen one can be taken hold of.
    """
    painter.setFont(tokens.font(tokens.TEXT_SMALL_PX, bold=True))
    for box in boxes:
        place = _place(box.key, area)
        hue = QColor(tokens.TELEOP if box.chosen else tokens.DARK.text)
        if box.standing is Standing.AWAY:
            painter.setOpacity(0.7)
        _paint_edges(painter, place, box, hue)
        if box.standing is Standing.KEY:
            _paint_corners(painter, place, hue)
        painter.setOpacity(1.0)
        if box.chosen and handles:
            _paint_handles(painter, box, area, hue)
        _paint_tag(painter, place, words_of(box, brief=area.width < _WORDS_FROM_PX), area, chosen=box.chosen)


def paint_drawing(painter: QPainter, key: BoxKey, area: PictureArea) -> None:
    """The box that is being drawn, with its size in hundredths of the picture."""
    place = _place(key, area)
    _stroke(painter, place, QColor(tokens.TELEOP), tokens.FOCUS_PX, Qt.PenStyle.SolidLine)
    words = f"{100 * (key.right - key.left):.0f} × {100 * (key.bottom - key.top):.0f} %"
    painter.setFont(tokens.font(tokens.TEXT_SMALL_PX, bold=True))
    _paint_tag(painter, place, words, area, chosen=True)


def words_of(box: ShownBox, *, brief: bool = False) -> str:
    """What is written at a box; briefly only its name, for its lines say the rest."""
    name = box.text or UNNAMED
    if brief:
        return name
    if box.key.seen is Seen.OUT:
        return f"{name}, out of view"
    if box.standing is Standing.AWAY:
        return f"{name}, not in this frame"
    return f"{name}, occluded" if box.key.seen is Seen.OCCLUDED else name


def _paint_edges(painter: QPainter, place: QRectF, box: ShownBox, hue: QColor) -> None:
    style = Qt.PenStyle.SolidLine
    if box.standing is Standing.AWAY:
        style = Qt.PenStyle.DashLine
    elif box.key.seen is Seen.OCCLUDED:
        style = Qt.PenStyle.DotLine
    width = tokens.FOCUS_PX if box.standing is Standing.KEY else tokens.LINE_PX
    _stroke(painter, place, hue, width, style)


def _stroke(painter: QPainter, place: QRectF, hue: QColor, width: int, style: Qt.PenStyle) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(_pen(with_alpha(tokens.PICTURE_GROUND, tokens.STALE_ALPHA), width + 2))
    painter.drawRect(place)
    painter.setPen(_pen(hue, width, style))
    painter.drawRect(place)


def _paint_corners(painter: QPainter, place: QRectF, hue: QColor) -> None:
    """A key frame's marks, drawn within the box."""
    long = min(_CORNER_PX, place.width() / 3, place.height() / 3)
    painter.setPen(_pen(hue, tokens.EDGE_PX))
    for corner, across, down in (
        (place.topLeft(), long, long),
        (place.topRight(), -long, long),
        (place.bottomRight(), -long, -long),
        (place.bottomLeft(), long, -long),
    ):
        mark = [corner + QPointF(across, 0), corner, corner + QPointF(0, down)]
        painter.drawPolyline(QPolygonF(mark))


def _paint_handles(painter: QPainter, box: ShownBox, area: PictureArea, hue: QColor) -> None:
    """Filled on a key frame, hollow where the first drag makes one."""
    ground = QColor(tokens.PICTURE_GROUND)
    is_key = box.standing is Standing.KEY
    painter.setPen(_pen(ground if is_key else hue, tokens.LINE_PX))
    painter.setBrush(hue if is_key else ground)
    for handle in handles_of(box.key, area):
        x, y = area.handle_at(box.key, handle)
        painter.drawRect(QRectF(x - _HANDLE_PX / 2, y - _HANDLE_PX / 2, _HANDLE_PX, _HANDLE_PX))


def _paint_tag(painter: QPainter, place: QRectF, words: str, area: PictureArea, *, chosen: bool) -> None:
    """Above the box; within it where there is no room above."""
    metrics = painter.fontMetrics()
    words = metrics.elidedText(words, Qt.TextElideMode.ElideRight, int(area.width) - tokens.steps(2))
    width, height = metrics.horizontalAdvance(words) + tokens.steps(2), metrics.height() + 2
    gap = _HANDLE_PX / 2 + 1
    above = place.top() - gap - height
    top = above if above >= area.top else place.top() + gap
    left = max(area.left, min(place.left(), area.left + area.width - width))
    tag = QRectF(left, top, width, height)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(
        QColor(tokens.TELEOP) if chosen else with_alpha(tokens.PICTURE_GROUND, tokens.STALE_ALPHA)
    )
    painter.drawRect(tag)
    painter.setPen(QColor(tokens.ON_HUE if chosen else tokens.DARK.text))
    painter.drawText(tag, Qt.AlignmentFlag.AlignCenter, words)


def _place(key: BoxKey, area: PictureArea) -> QRectF:
    left, top, right, bottom = area.edges_of(key)
    return QRectF(left, top, right - left, bottom - top)


def _pen(hue: QColor, width: float, style: Qt.PenStyle = Qt.PenStyle.SolidLine) -> QPen:
    pen = QPen(hue, width, style)
    pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    return pen
