"""Boxes over one camera's picture, as of the stored frame that is shown: to look at, and to take hold of."""

from __future__ import annotations

from PyQt6.QtCore import QRectF, Qt, pyqtSignal
from PyQt6.QtGui import QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PyQt6.QtWidgets import QWidget

from app.gui.labels.box_geometry import Handle, PictureArea
from app.gui.labels.box_paint import paint_boxes, paint_drawing
from app.gui.labels.box_pointer import BoxPointer, Sight
from app.gui.labels.box_scene import ShownBox, boxes_under, shown_boxes
from app.gui.labels.box_work import BoxWork
from app.gui.labels.desk import LabelDesk
from app.gui.review.tile import FilmTile

_CURSORS: dict[Handle, Qt.CursorShape] = {
    (-1, -1): Qt.CursorShape.SizeFDiagCursor,
    (1, 1): Qt.CursorShape.SizeFDiagCursor,
    (1, -1): Qt.CursorShape.SizeBDiagCursor,
    (-1, 1): Qt.CursorShape.SizeBDiagCursor,
    (-1, 0): Qt.CursorShape.SizeHorCursor,
    (1, 0): Qt.CursorShape.SizeHorCursor,
    (0, -1): Qt.CursorShape.SizeVerCursor,
    (0, 1): Qt.CursorShape.SizeVerCursor,
}


class BoxOverlay(QWidget):
    """Lies over a tile and is painted with it, so picture and boxes are always of one frame.

    Args:
        tile: which.
        desk: whose labels.
        work: what the pointer does to boxes.

    Attributes:
        taken: the pointer takes hold, so what plays is to stand still.
        drawn: the id of a box that has just been drawn.
        opened: the id of a box that was clicked twice.
        shifted: a box may be drawn elsewhere now.
    """

    taken = pyqtSignal()
    drawn = pyqtSignal(str)
    opened = pyqtSignal(str)
    shifted = pyqtSignal()

    def __init__(self, tile: FilmTile, desk: LabelDesk, work: BoxWork) -> None:
        super().__init__()
        self._tile = tile
        self._desk = desk
        self._pointer = BoxPointer(tile.camera, desk, work)
        self._painted: tuple[ShownBox, ...] = ()
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setAccessibleName(f"Boxes in {tile.camera}")
        tile.cover(self)

    @property
    def frame_ns(self) -> int | None:
        """Capture time of the stored frame that is shown; None where there is none."""
        still = self._tile.still
        return still.time_ns if still is not None else None

    @property
    def area(self) -> PictureArea:
        """Where the picture is drawn."""
        picture = self._tile.picture
        return PictureArea(picture.left(), picture.top(), picture.width(), picture.height())

    @property
    def shown(self) -> tuple[ShownBox, ...]:
        """The boxes of this camera in the frame that is shown, the chosen one last."""
        frame_ns, chosen = self.frame_ns, self._desk.selected_box
        if frame_ns is None:
            return ()
        chosen_id = chosen.id if chosen is not None else ""
        return shown_boxes(self._desk.labels, self._tile.camera, frame_ns, chosen_id=chosen_id)

    def place_of(self, box_id: str) -> QRectF | None:
        """Where a box is drawn, in the tile's pixels; None where it is not."""
        key = next((box.key for box in self.shown if box.box_id == box_id), None)
        if key is None:
            return None
        left, top, right, bottom = self.area.edges_of(key)
        return QRectF(left, top, right - left, bottom - top)

    def refresh(self) -> None:
        """Follow the labels."""
        if self._pointer.busy and not self._desk.ready:
            self._pointer.cancel()
        if self.shown != self._painted:
            self.update()
            self.shifted.emit()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """The boxes, and the one that is being drawn."""
        self._painted = self.shown
        drawing = self._pointer.drawing
        if not self._painted and drawing is None:
            return
        painter = QPainter(self)  # upright lines are crisp without antialiasing, wherever they lie
        paint_boxes(painter, self._painted, self.area, handles=self._desk.ready)
        if drawing is not None:
            paint_drawing(painter, drawing, self.area)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """The boxes go with the picture."""
        self.shifted.emit()

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Take hold of a box or a handle, or begin a new box; with Shift a new one, whatever is there."""
        if event is None or event.button() != Qt.MouseButton.LeftButton or self._sight is None:
            return
        self.taken.emit()
        if (sight := self._sight) is not None:
            anew = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            self._pointer.press(event.position().x(), event.position().y(), sight, anew=anew)

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        """Go on with it; or say what could be taken hold of."""
        if event is None:
            return
        x, y, sight = event.position().x(), event.position().y(), self._sight
        if sight is None or not event.buttons() & Qt.MouseButton.LeftButton:
            self._pointer.cancel()  # also where the button was let go elsewhere, while this was not to be seen
        if sight is None:
            self.setCursor(Qt.CursorShape.ArrowCursor)
        elif self._pointer.busy:
            self._pointer.drag(x, y, sight)
            self.update()
        else:
            anew = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            self.setCursor(Qt.CursorShape.CrossCursor if anew else self._cursor_at(x, y, sight))

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        """Leave it there."""
        if event is None or event.button() != Qt.MouseButton.LeftButton:
            return
        sight = self._sight
        if sight is None:
            self._pointer.cancel()
            return
        drawn = self._pointer.release(event.position().x(), event.position().y(), sight)
        self.update()
        if drawn:
            self.drawn.emit(drawn)

    def mouseDoubleClickEvent(self, event: QMouseEvent | None) -> None:
        """Name what is there."""
        sight = self._sight
        if event is None or sight is None:
            return
        under = boxes_under(sight.boxes, sight.area, event.position().x(), event.position().y())
        if under:
            self.opened.emit(next((box for box in under if box.chosen), under[0]).box_id)

    @property
    def _sight(self) -> Sight | None:
        """What the pointer works on; None where there is no picture, or labels cannot be changed."""
        still = self._tile.still
        if still is None or still.image is None or not self._desk.ready or self.area.width < 1:
            return None
        return Sight(self.area, still.time_ns, self.shown)

    def _cursor_at(self, x: float, y: float, sight: Sight) -> Qt.CursorShape:
        handle = self._pointer.handle_under(x, y, sight)
        if handle is not None:
            return _CURSORS[handle]
        under = boxes_under(sight.boxes, sight.area, x, y)
        return Qt.CursorShape.SizeAllCursor if under else Qt.CursorShape.CrossCursor
