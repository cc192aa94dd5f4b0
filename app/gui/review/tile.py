"""One camera of the episode: the stored frame of the moment with its number, a gap as a gap, damage as damage."""

from __future__ import annotations

import time
from collections.abc import Callable

from PyQt6.QtCore import QPoint, QRect, QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QPainter, QPaintEvent, QResizeEvent
from PyQt6.QtWidgets import QSizePolicy, QWidget

from app.gui import tokens
from app.gui.review.frames import gap_ns
from app.gui.review.reader import Still
from app.gui.theme import Theme, with_alpha
from app.gui.widgets.camera_grid import arrange
from app.gui.wording import amount, headline, plain_name, sentence
from recordings import CameraFrames

SLOW_S = 0.3
"""A frame that takes longer to read is missed."""

_CAPTURED_FROM_PX = 260
_ICON_FROM_PX = 160


class FilmTile(QWidget):
    """Shows what it is given; until the frame of a new moment is read, the one before stays, and says so if it is long.

    Args:
        camera: whose frames.
        theme: colours and icons.
        captured: says when a frame was captured, by the clock on the wall.
    """

    def __init__(self, camera: CameraFrames, theme: Theme, *, captured: Callable[[int], str]) -> None:
        super().__init__()
        self._captured = captured
        self._theme = theme
        self._frames = camera
        self._cover: QWidget | None = None
        self.camera = camera.camera.name
        """Whose frames."""
        self._title = plain_name(camera.camera.name)
        self._gap_ns = gap_ns(camera.camera.rate_hz)
        self._still: Still | None = None
        self.painted: Still | None = None
        """What is on screen: what was shown when it was painted last."""
        self._state = ""
        self._reading_since_s: float | None = None
        self.aspect = camera.camera.width_px / camera.camera.height_px
        self._small = tokens.font(tokens.TEXT_SMALL_PX)
        self._bold = tokens.font(tokens.TEXT_SMALL_PX, bold=True)
        self._large = tokens.font(tokens.TEXT_LARGE_PX, bold=True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        self.setAccessibleName(f"Camera {self._title}")

    @property
    def still(self) -> Still | None:
        """What is shown."""
        return self._still

    @property
    def state(self) -> str:
        """Words over the picture: what is wrong with it, if anything."""
        return self._state

    @property
    def picture(self) -> QRect:
        """Where in the tile the picture is drawn: all of it, in its own proportions, in the middle."""
        camera = self._frames.camera
        shape = QSize(camera.width_px, camera.height_px)
        picture = QRect(QPoint(0, 0), shape.scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio))
        picture.moveCenter(self.rect().center())
        return picture

    def cover(self, cover: QWidget) -> None:
        """Lay something over the picture, as large as the tile; it is painted whenever the tile is."""
        self._cover = cover
        cover.setParent(self)
        cover.setGeometry(self.rect())
        cover.show()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """What lies over it has its size."""
        if self._cover is not None:
            self._cover.setGeometry(self.rect())

    def show_still(self, still: Still | None, position_ns: int) -> None:
        """Show a frame, as of a moment.

        Args:
            still: the frame; None while it is being read, and before the camera's first.
            position_ns: the moment.
        """
        if not len(self._frames):
            still, state = None, "No frames"
        elif position_ns < self._frames.time_ns[0]:
            still, state = None, "Not begun"
        elif still is None:
            still, state = self._still, self._state if self._is_soon() else "Reading"
        else:
            self._reading_since_s = None
            state = self._state_of(still, position_ns)
        if still is not self._still or state != self._state:
            self._still, self._state = still, state
            self.setAccessibleDescription(state)
            self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Picture, name, number, and what is wrong."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(tokens.PICTURE_GROUND))
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        picture = self.picture
        self.painted = self._still
        if self._still is not None and self._still.image is not None:
            painter.drawImage(picture, self._still.image)
            if self._state:
                painter.fillRect(picture, with_alpha(tokens.PICTURE_GROUND, tokens.STALE_ALPHA))
        if self._state:
            self._paint_state(painter, picture)
        self._paint_tag(painter, picture, self._title, top=True)
        if self._still is not None:
            number = f"frame {amount(self._still.index)}"
            if picture.width() >= _CAPTURED_FROM_PX:
                number = f"{number}   {self._captured(self._still.time_ns)}"
            self._paint_tag(painter, picture, number, top=False)

    def _is_soon(self) -> bool:
        """Whether a frame that is being read has not been waited for long enough for anybody to notice."""
        now_s = time.monotonic()
        if self._reading_since_s is None:
            self._reading_since_s = now_s
        return now_s - self._reading_since_s < SLOW_S

    def _state_of(self, still: Still, position_ns: int) -> str:
        if still.problem:
            what, remedy = headline(still.problem)
            return f"Frame {amount(still.index)} is damaged\n{sentence(remedy or what)}"
        age_ns = position_ns - still.time_ns
        return f"No frame for {age_ns / 1e9:.1f} s" if age_ns > self._gap_ns else ""

    def _paint_state(self, painter: QPainter, picture: QRect) -> None:
        damaged = self._still is not None and self._still.problem
        icon = self._theme.icon(
            "mdi6.image-broken-variant" if damaged else "mdi6.camera-off-outline", tokens.WARNING
        )
        side = min(tokens.ICON_BANNER_PX, picture.height() // 3)
        centre = picture.center()
        small = picture.height() < _ICON_FROM_PX
        if not small:
            icon.paint(painter, centre.x() - side // 2, centre.y() - side - tokens.steps(1), side, side)
        painter.setFont(self._large if picture.width() > tokens.steps(80) else self._bold)
        painter.setPen(QColor(tokens.DARK.text))
        inset = tokens.steps(2)
        words = QRect(
            picture.left() + inset,
            centre.y() + (-picture.height() // 5 if small else inset),
            picture.width() - 2 * inset,
            picture.height() // 2,
        )
        flags = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap
        painter.drawText(words, int(flags), self._state)

    def _paint_tag(self, painter: QPainter, picture: QRect, words: str, *, top: bool) -> None:
        painter.setFont(self._bold if top else self._small)
        metrics = painter.fontMetrics()
        height = metrics.height() + tokens.steps(1)
        inset = tokens.steps(2)
        left = picture.left() + inset
        y = picture.top() + inset if top else picture.bottom() - inset - height
        tag = QRect(left, y, metrics.horizontalAdvance(words) + tokens.steps(3), height)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(with_alpha(tokens.PICTURE_GROUND, tokens.STALE_ALPHA))
        painter.drawRoundedRect(QRectF(tag), tokens.CORNER_PX, tokens.CORNER_PX)
        painter.setPen(QColor(tokens.DARK.text if top else tokens.DARK.text_dim))
        painter.drawText(tag, Qt.AlignmentFlag.AlignCenter, words)


class FilmGrid(QWidget):
    """The tiles of an episode's cameras, the main one largest.

    Attributes:
        changed: there are other tiles.
    """

    changed = pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        self.tiles: tuple[FilmTile, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(tokens.steps(80), tokens.steps(40))

    def show_tiles(self, tiles: tuple[FilmTile, ...]) -> None:
        """Show these in place of those before."""
        for tile in self.tiles:
            tile.hide()
            tile.deleteLater()
        self.tiles = tiles
        for tile in tiles:
            tile.setParent(self)
            tile.show()
        self._arrange()
        self.changed.emit()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Arrange the tiles anew."""
        self._arrange()

    def _arrange(self) -> None:
        aspects = [tile.aspect for tile in self.tiles]
        for tile, box in zip(
            self.tiles, arrange(self.width(), self.height(), aspects, gap=tokens.steps(1)), strict=True
        ):
            tile.setGeometry(box.left, box.top, box.width, box.height)
