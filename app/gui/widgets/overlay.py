"""What floats over a page: a scrim with a panel on it. It never reaches over the foot, where STOP is."""

from __future__ import annotations

from PyQt6.QtCore import QEvent, QObject, QRect, Qt
from PyQt6.QtGui import QMouseEvent, QPainter, QPaintEvent
from PyQt6.QtWidgets import QFrame, QVBoxLayout, QWidget

from app.gui import tokens
from app.gui.theme import with_alpha


class Overlay(QWidget):
    """Fills its host (the page area) and closes at a click beside its panel.

    Attributes:
        keys: the page whose keys count while it is open; empty for those of the page below it.
    """

    keys = ""

    def __init__(self, host: QWidget, *, width_px: int, height_px: int) -> None:
        super().__init__(host)
        self._width_px, self._height_px = width_px, height_px
        self.panel = QFrame(self)
        self.panel.setObjectName("floating")
        self.body = QVBoxLayout(self.panel)
        self.body.setContentsMargins(*([tokens.steps(5)] * 4))
        self.body.setSpacing(tokens.steps(3))
        self.setVisible(False)
        host.installEventFilter(self)

    def open(self) -> None:
        """Show it over the host."""
        self._fit()
        self.show()
        self.raise_()

    def fit_height(self, height_px: int) -> None:
        """Make the panel this high, as far as the host allows."""
        self._height_px = height_px
        self._fit()

    def close_over(self) -> None:
        """Take it away and give the focus back to the window."""
        self.hide()
        if (window := self.window()) is not None:
            window.setFocus()

    def toggle(self) -> None:
        """Open it, or close it."""
        if self.isVisible():
            self.close_over()
        else:
            self.open()

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Keep to the host's size."""
        if event is not None and event.type() == QEvent.Type.Resize and self.isVisible():
            self._fit()
        return False

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """A click beside the panel closes."""
        if event is not None and not self.panel.geometry().contains(event.position().toPoint()):
            self.close_over()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """The scrim."""
        QPainter(self).fillRect(self.rect(), with_alpha(tokens.PICTURE_GROUND, tokens.SCRIM_ALPHA))

    def _fit(self) -> None:
        host = self.parentWidget()
        if host is None:
            return
        self.setGeometry(host.rect())
        margin = tokens.steps(4)
        width = min(self._width_px, host.width() - 2 * margin)
        height = min(self._height_px, host.height() - 2 * margin)
        self.panel.setGeometry(
            QRect((host.width() - width) // 2, (host.height() - height) // 2, width, height)
        )


def keys_over(*hosts: QWidget) -> str:
    """The page whose keys count by what is open directly over these, the first before others; empty for none."""
    direct = Qt.FindChildOption.FindDirectChildrenOnly  # of all that a window holds it would take 20 ms a key
    overlays = (one for host in hosts for one in host.findChildren(Overlay, options=direct))
    return next((one.keys for one in overlays if one.keys and one.isVisible()), "")
