"""Hours by task, by place and by who drove, as small bars below the list."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor

from PyQt6.QtCore import QEvent, QPoint, QRectF, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QHelpEvent, QMouseEvent, QPainter, QPaintEvent
from PyQt6.QtWidgets import QSizePolicy, QToolTip, QWidget

from app.gui import tokens
from app.gui.episodes.summary import NO_TASK, SOURCE_WORDS, UNKNOWN, Share, Summary, summarise
from app.gui.theme import Theme
from app.gui.wording import counted, length
from app.session.view import EpisodeView

_LINE_PX = 22
_BAR_PX = 6
_LINES = 5
_HUES = {
    "teleoperated": tokens.TELEOP,
    "verbal": tokens.VERBAL,
    "autonomous": tokens.AUTONOMOUS,
    "intervention": tokens.ALARM,
}


class SummaryPanel(QWidget):
    """Three columns of bars; the sums are made beside the GUI thread. A click on a bar asks to filter by it."""

    picked = pyqtSignal(str, str)
    """A token's name and value."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._worker: ThreadPoolExecutor | None = None
        self._making: Future[Summary] | None = None
        self._asked: tuple[EpisodeView, ...] | None = None
        self._next: tuple[EpisodeView, ...] | None = None
        self._bars: list[tuple[QRectF, str, Share]] = []
        self.summary = Summary()
        self._font = tokens.font(tokens.TEXT_SMALL_PX)
        self._bold = tokens.font(tokens.TEXT_SMALL_PX, bold=True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight((_LINES + 1) * _LINE_PX + tokens.steps(2))
        self.setMouseTracking(True)
        self.setAccessibleName("Hours by task, by place and by who drove")
        theme.changed.connect(self.update)

    def ask(self, episodes: tuple[EpisodeView, ...]) -> None:
        """Sum up these, as soon as what is being summed up is done."""
        if episodes is not self._asked:
            self._asked = self._next = episodes

    def take(self) -> None:
        """Show the sums that are made, and begin with those asked for since."""
        if self._making is not None and self._making.done():
            self.summary = self._making.result()
            self._making = None
            self._describe()
            self.update()
        if self._next is not None and self._making is None:
            if self._worker is None:
                self._worker = ThreadPoolExecutor(1, thread_name_prefix="sums")
            self._making = self._worker.submit(summarise, self._next)
            self._next = None

    def close_worker(self) -> None:
        """End the thread; what is asked for later begins anew."""
        if self._worker is not None:
            self._worker.shutdown(wait=False, cancel_futures=True)
        self._worker = self._making = self._asked = None

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Heads and bars."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        gap = tokens.steps(6)
        width = (self.width() - 2 * gap) / 3
        columns = (
            ("By task", "task", self.summary.by_task),
            ("By place", "place", self.summary.by_place),
            ("By who drove", "source", self.summary.by_source),
        )
        self._bars = []
        for number, (title, key, shares) in enumerate(columns):
            area = QRectF(number * (width + gap), 0, width, self.height())
            self._paint_column(painter, area, title, key, shares)

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Ask to filter by a bar; by what was not said nothing can be filtered."""
        if event is None:
            return
        found = self._at(event.position().toPoint())
        if found is not None and found[1].name not in (UNKNOWN, NO_TASK):
            key, share = found
            by_word = {word: name for name, word in SOURCE_WORDS.items()}
            self.picked.emit(key, by_word.get(share.name, share.name))

    def event(self, event: QEvent | None) -> bool:
        """The whole figure as a tool tip."""
        if isinstance(event, QHelpEvent):
            found = self._at(event.pos())
            if found is not None:
                share = found[1]
                words = f"{share.name}: {length(share.seconds)} in {counted(share.episodes, 'episode')}"
                QToolTip.showText(event.globalPos(), words, self)
            return True
        return super().event(event)

    def _paint_column(
        self, painter: QPainter, area: QRectF, title: str, key: str, shares: tuple[Share, ...]
    ) -> None:
        palette = self._theme.palette
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.setFont(self._bold)
        painter.setPen(QColor(palette.text_dim))
        painter.drawText(QRectF(area.left(), 0, area.width(), _LINE_PX), int(middle.value), title)
        painter.setFont(self._font)
        metrics = painter.fontMetrics()
        most = max((share.seconds for share in shares), default=0.0)
        shown = _folded(shares)
        time_px = max((metrics.horizontalAdvance(length(share.seconds)) for share in shown), default=0)
        name_px = (area.width() - time_px) * 0.5
        bar_left = area.left() + name_px + tokens.steps(2)
        bar_room = area.right() - time_px - tokens.steps(2) - bar_left
        for number, share in enumerate(shown):
            line = QRectF(area.left(), (number + 1) * _LINE_PX, area.width(), _LINE_PX)
            name = metrics.elidedText(share.name, Qt.TextElideMode.ElideRight, int(name_px))
            painter.setPen(QColor(palette.text))
            painter.drawText(line, int(middle.value), name)
            painter.setPen(QColor(palette.text_dim))
            painter.drawText(line, int((Qt.AlignmentFlag.AlignRight | middle).value), length(share.seconds))
            filled = bar_room * min(1.0, share.seconds / most) if most else 0.0
            bar = QRectF(bar_left, line.center().y() - _BAR_PX / 2, max(filled, 1.0), _BAR_PX)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(
                QColor(_HUES.get(share.name, tokens.HOLD) if key == "source" else palette.text_dim)
            )
            painter.drawRoundedRect(bar, _BAR_PX / 2, _BAR_PX / 2)
            if share in shares:
                self._bars.append((line, key, share))

    def _at(self, point: QPoint) -> tuple[str, Share] | None:
        return next(((key, share) for box, key, share in self._bars if box.contains(point.toPointF())), None)

    def _describe(self) -> None:
        parts = (self.summary.by_task, self.summary.by_place, self.summary.by_source)
        words = "; ".join(
            ", ".join(f"{share.name} {length(share.seconds)}" for share in shares[:_LINES])
            for shares in parts
        )
        self.setAccessibleDescription(words)


def _folded(shares: tuple[Share, ...]) -> tuple[Share, ...]:
    """As many as there are lines for; the rest as one."""
    if len(shares) <= _LINES:
        return shares
    rest = shares[_LINES - 1 :]
    seconds = sum(share.seconds for share in rest)
    other = Share(f"{len(rest)} others", seconds, sum(share.episodes for share in rest))
    return (*shares[: _LINES - 1], other)
