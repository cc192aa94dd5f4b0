"""The lanes below the pictures on one time axis, with one playhead through all of them."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import QEvent, QPointF, QRect, QRectF, Qt, pyqtSignal
from PyQt6.QtGui import (
    QColor,
    QFontMetrics,
    QHelpEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPixmap,
    QResizeEvent,
    QWheelEvent,
)
from PyQt6.QtWidgets import QSizePolicy, QToolTip, QWidget

from app.gui import tokens
from app.gui.review.axis import TimeAxis
from app.gui.review.lanes import Grip, Lane
from app.gui.theme import Theme

GUTTER_PX = 212
_LEAST_LANE_PX = 34
_SHARED_LANE_PX = 84
"""The most that a lane without a height of its own takes: the pictures have a better use for the rest."""

_ZOOM_STEP = 0.8
_NEAR_PX = 6
_CLICK_PX = 3
"""A pointer that moved no farther since it was pressed has clicked."""
_WHEEL_NOTCH = 120


class Timeline(QWidget):
    """Paints its lanes into a picture once for a view, and over it, at every move, one crisp line.

    A click or a drag seeks; the wheel zooms at the pointer, with Shift it pans, as does a drag with the middle button.
    """

    sought = pyqtSignal(object)
    """A moment in ns; an object, since Qt's int has 32 bits."""
    opened = pyqtSignal(str)
    """The id of something in a lane that was clicked twice."""
    shifted = pyqtSignal()
    """What is shown, or where, has changed."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._lanes: tuple[Lane, ...] = ()
        self._picture: QPixmap | None = None
        self._position_ns = 0
        self._dragged_from: float | None = None
        self._pointed: QPointF | None = None
        self._grip: Grip | None = None
        self._gripped_x = 0.0
        self._is_dragging = False
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.axis = TimeAxis(0, 1)
        self._font = tokens.font(tokens.TEXT_SMALL_PX)
        self._bold = tokens.font(tokens.TEXT_SMALL_PX, bold=True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(tokens.steps(36))
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName("Timeline")
        theme.changed.connect(self.redraw)

    @property
    def lanes(self) -> tuple[Lane, ...]:
        """What is shown, from the top."""
        return self._lanes

    def show_lanes(self, lanes: Sequence[Lane], axis: TimeAxis) -> None:
        """Show these from now on."""
        self._lanes = tuple(lanes)
        self.axis = axis
        most = sum(lane.height_px or _SHARED_LANE_PX for lane in lanes)
        self.setMaximumHeight(max(most, self.minimumHeight()))
        self.redraw()

    def set_position(self, position_ns: int, *, playing: bool = False) -> None:
        """Move the playhead; what is shown turns over when it leaves, unless it plays where one does not look."""
        if position_ns == self._position_ns:
            return
        before = self._x_of(self._position_ns)
        looked_at = self.axis.from_ns <= self._position_ns <= self.axis.to_ns
        self._position_ns = position_ns
        follows = self._dragged_from is None and (looked_at or not playing)
        if follows and self.axis.follow(position_ns):
            self.redraw()
            return
        for x in (before, self._x_of(position_ns)):
            self.update(QRect(int(x) - 2, 0, 5, self.height()))
        self.update(QRect(0, 0, GUTTER_PX, self.height()))

    def redraw(self) -> None:
        """Paint the lanes anew."""
        self._picture = None
        self.update()
        self.shifted.emit()

    def box_of(self, label_id: str) -> QRectF | None:
        """Where in the widget something in a lane is drawn; None when it is not."""
        boxes = (
            lane.span_box(label_id, area, self.axis)
            for lane, area in zip(self._lanes, self._areas(), strict=True)
        )
        return next((box for box in boxes if box is not None), None)

    def zoom(self, factor: float) -> None:
        """Show `factor` times as much around the playhead."""
        self.axis.zoom(factor, share=min(max(self.axis.share_of(self._position_ns), 0.0), 1.0))
        self.redraw()

    def show_all(self) -> None:
        """Show the whole episode."""
        self.axis.show_all()
        self.redraw()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Lanes, what they say of this moment, and the playhead."""
        if self._picture is None:
            self._picture = self._painted()
        painter = QPainter(self)
        clip = event.rect() if event is not None else self.rect()
        ratio = self._picture.devicePixelRatio()
        source = QRectF(clip.x() * ratio, clip.y() * ratio, clip.width() * ratio, clip.height() * ratio)
        painter.drawPixmap(QRectF(clip), self._picture, source)
        self._paint_values(painter)
        self._paint_readouts(painter)
        x = self._x_of(self._position_ns)
        if self._lanes and GUTTER_PX <= x <= self.width():
            painter.fillRect(
                QRectF(round(x), 0, tokens.FOCUS_PX - 0.5, self.height()), QColor(self._theme.palette.text)
            )

    def moment_box(self, time_ns: int) -> QRectF:
        """A place to write beside a moment, in the middle of the lanes."""
        x = min(max(self._x_of(time_ns), GUTTER_PX), float(self.width()))
        return QRectF(x, self.height() / 2, 1, tokens.CONTROL_HEIGHT_PX)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Paint anew."""
        self.redraw()

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Seek, or begin to pan."""
        if event is None:
            return
        if event.button() == Qt.MouseButton.LeftButton:
            lane, time_ns = self._lane_at(event.position()), self._time_at(event.position())
            self._grip = lane.grip_at(time_ns, self._slack_ns) if lane is not None else None
            self._gripped_x, self._is_dragging = event.position().x(), False
            if self._grip is None and not self._choose_at(event.position()):
                self.sought.emit(time_ns)
        elif event.button() == Qt.MouseButton.MiddleButton:
            self._dragged_from = event.position().x()

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        """Go on seeking, or panning."""
        if event is None:
            return
        self._point_at(event.position())
        if self._dragged_from is not None:
            self.axis.pan((self._dragged_from - event.position().x()) / self._track_px)
            self._dragged_from = event.position().x()
            self.redraw()
        elif self._grip is not None:
            self._is_dragging = self._is_dragging or abs(event.position().x() - self._gripped_x) > _CLICK_PX
            if self._is_dragging:
                self._grip.drag(self._time_at(event.position()), self._slack_ns)
        elif event.buttons() & Qt.MouseButton.LeftButton:
            self.sought.emit(self._time_at(event.position()))
        else:
            lane = self._lane_at(event.position())
            over = lane is not None and lane.grip_at(self._time_at(event.position()), self._slack_ns)
            self.setCursor(Qt.CursorShape.SplitHCursor if over else Qt.CursorShape.ArrowCursor)

    def leaveEvent(self, event: QEvent | None) -> None:
        """Nothing is pointed at any more."""
        self._point_at(None)

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        """Let go. What was pressed near an edge and not dragged was a click."""
        self._dragged_from = None
        if event is None or event.button() != Qt.MouseButton.LeftButton:
            return
        grip, self._grip = self._grip, None
        if grip is not None and self._is_dragging:
            grip.drop(self._time_at(event.position()), self._slack_ns)
        elif grip is not None:
            self._choose_at(event.position())

    def mouseDoubleClickEvent(self, event: QMouseEvent | None) -> None:
        """Open what is there."""
        if event is not None and (chosen := self._choose_at(event.position())):
            self.opened.emit(chosen)

    def wheelEvent(self, event: QWheelEvent | None) -> None:
        """Zoom at the pointer, or pan."""
        if event is None:
            return
        turned = event.angleDelta()
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier or abs(turned.x()) > abs(turned.y()):
            self.axis.pan(-(turned.x() or turned.y()) / _WHEEL_NOTCH * 0.1)
        else:
            share = (event.position().x() - GUTTER_PX) / self._track_px
            self.axis.zoom(_ZOOM_STEP ** (turned.y() / _WHEEL_NOTCH), share=min(max(share, 0.0), 1.0))
        self.redraw()
        event.accept()

    def event(self, event: QEvent | None) -> bool:
        """What lies under the pointer as a tool tip."""
        if isinstance(event, QHelpEvent):
            lane, time_ns = self._lane_at(QPointF(event.pos())), self._time_at(QPointF(event.pos()))
            words = lane.tip_at(time_ns, self._slack_ns) if lane is not None else ""
            QToolTip.showText(event.globalPos(), words, self)
            return True
        return super().event(event)

    def _point_at(self, point: QPointF | None) -> None:
        if point != self._pointed:
            self._pointed = point
            for lane, area in zip(self._lanes, self._areas(), strict=True):
                if lane.readout_at(self.axis.from_ns):
                    self.update(area.toAlignedRect())

    @property
    def _track_px(self) -> float:
        return float(max(1, self.width() - GUTTER_PX))

    @property
    def _slack_ns(self) -> int:
        """How near the pointer must be."""
        return round(_NEAR_PX / self._track_px * self.axis.span_ns)

    def _choose_at(self, point: QPointF) -> str:
        """Choose what is there, if anything; its id."""
        for lane, area in zip(self._lanes, self._areas(), strict=True):
            if area.contains(point):
                down = (point.y() - area.top()) / area.height()
                return lane.choose_at(self._time_at(point), slack_ns=self._slack_ns, down=down)
        return ""

    def _lane_at(self, point: QPointF) -> Lane | None:
        areas = zip(self._lanes, self._areas(), strict=True)
        return next((lane for lane, area in areas if area.contains(point)), None)

    def _x_of(self, time_ns: int) -> float:
        return GUTTER_PX + self.axis.share_of(time_ns) * self._track_px

    def _time_at(self, point: QPointF) -> int:
        return self.axis.time_at((point.x() - GUTTER_PX) / self._track_px)

    def _areas(self) -> list[QRectF]:
        """Where each lane is; those without a height of their own share the rest, and the last have none left."""
        fixed = sum(lane.height_px for lane in self._lanes)
        shared = sum(not lane.height_px for lane in self._lanes)
        each = max((self.height() - fixed) / max(shared, 1), _LEAST_LANE_PX)
        areas, top = [], 0.0
        for lane in self._lanes:
            height = lane.height_px or each
            if not lane.height_px and top + height > self.height() + 1:
                height = 0.0
            areas.append(QRectF(GUTTER_PX, top, self._track_px, height))
            top += height
        return areas

    def _painted(self) -> QPixmap:
        ratio = self.devicePixelRatioF()
        picture = QPixmap(round(self.width() * ratio), round(self.height() * ratio))
        picture.setDevicePixelRatio(ratio)
        picture.fill(QColor(self._theme.palette.panel))
        painter = QPainter(picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for lane, area in zip(self._lanes, self._areas(), strict=True):
            painter.setFont(self._bold)
            painter.setPen(QColor(self._theme.palette.text_dim))
            box = QRectF(tokens.steps(3), area.top(), GUTTER_PX - tokens.steps(5), area.height())
            painter.drawText(box, int(Qt.AlignmentFlag.AlignVCenter.value), lane.title)
            if lane.legend:
                self._paint_legend(painter, box)
            painter.save()
            painter.setClipRect(area)
            lane.paint(painter, area, self.axis, self._theme)
            painter.restore()
        painter.end()
        return picture

    def _paint_legend(self, painter: QPainter, box: QRectF) -> None:
        """What the two lines of a curve are."""
        palette = self._theme.palette
        painter.setFont(self._font)
        left = box.left()
        for words, hue in (("measured", palette.text), ("sent", tokens.ink_of(tokens.TELEOP, palette))):
            key = QRectF(left, box.center().y(), tokens.steps(3), tokens.FOCUS_PX)
            painter.fillRect(key, QColor(hue))
            left += tokens.steps(4)
            painter.setPen(QColor(palette.text_dim))
            place = QRectF(left, box.top(), box.right() - left, box.height())
            painter.drawText(place, int(Qt.AlignmentFlag.AlignVCenter.value), words)
            left += painter.fontMetrics().horizontalAdvance(words) + tokens.steps(3)

    def _paint_values(self, painter: QPainter) -> None:
        painter.setFont(self._font)
        painter.setPen(QColor(self._theme.palette.text))
        flags = int((Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight).value)
        metrics, titles = painter.fontMetrics(), QFontMetrics(self._bold)
        for lane, area in zip(self._lanes, self._areas(), strict=True):
            title = titles.horizontalAdvance(lane.title) + tokens.steps(2)
            box = QRectF(tokens.steps(3), area.top(), GUTTER_PX - tokens.steps(5), area.height())
            room = int(box.width()) - title
            words = metrics.elidedText(lane.value_at(self._position_ns), Qt.TextElideMode.ElideRight, room)
            painter.drawText(box, flags, words)

    def _paint_readouts(self, painter: QPainter) -> None:
        """What a lane says of the moment that is pointed at."""
        if self._pointed is None or self._pointed.x() < GUTTER_PX:
            return
        painter.setFont(self._bold)
        time_ns = self._time_at(self._pointed)
        for lane, area in zip(self._lanes, self._areas(), strict=True):
            if words := lane.readout_at(time_ns):
                width = painter.fontMetrics().horizontalAdvance(words) + tokens.steps(4)
                left = min(max(self._pointed.x() - width / 2, GUTTER_PX), self.width() - width)
                box = QRectF(left, area.top() + 1, width, area.height() - 2)
                painter.fillRect(box, QColor(self._theme.palette.raised))
                painter.setPen(QColor(self._theme.palette.text))
                painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter.value), words)
