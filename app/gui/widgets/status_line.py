"""The one line of health in the top bar; a click opens the detail."""

from __future__ import annotations

from PyQt6.QtCore import QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPen
from PyQt6.QtWidgets import QAbstractButton, QSizePolicy

from app.gui import tokens
from app.gui.actions import Actions
from app.gui.robot.troubles import LOST_STATES
from app.gui.theme import Theme
from app.gui.told_keys import with_keys
from app.gui.wording import amount, counted, size
from app.session.standing import LOW_DISK_BYTES
from app.session.view import Snapshot

_HUES = {"good": tokens.GOOD, "info": tokens.HOLD, "warning": tokens.WARNING, "error": tokens.ALARM}
_ICONS = {
    "good": "mdi6.check-circle",
    "info": "mdi6.timer-sand",
    "warning": "mdi6.alert",
    "error": "mdi6.alert-octagon",
}
_VOICE_ICONS = {"on": "mdi6.volume-high", "muted": "mdi6.volume-off", "unable": "mdi6.volume-variant-off"}
_TIP = "Processes, serial lines, cameras, log ({window.health})"
_VOICE_TIP = "Voice: {state} ({window.mute})"
_TOLERATED = 0.005
"""The share of late ticks, and of failed reads, from which on something is wrong that is worth looking up for."""


def health(snapshot: Snapshot) -> tuple[str, list[tuple[str, str]]]:
    """The level of the whole (`good`, `warning`, `error`, `info` while starting) and its parts with a level each."""
    loop = snapshot.loop
    drops = sum(camera.dropped for camera in snapshot.cameras)
    lost = [bus for bus in snapshot.buses if not bus.connected]
    failures = sum(bus.failures for bus in snapshot.buses)
    reads = sum(bus.reads for bus in snapshot.buses)
    parts = [
        (f"{loop.rate_hz:.1f} Hz", "good"),
        (
            f"{amount(loop.late_ticks)} late",
            "warning" if loop.late_ticks > _TOLERATED * max(loop.ticks, 1) else "good",
        ),
        (f"{amount(drops)} dropped", "warning" if drops else "good"),
        (
            f"{counted(len(lost), 'line')} lost" if lost else f"{amount(failures)} failed reads",
            "error" if lost else "warning" if failures > _TOLERATED * max(reads, 1) else "good",
        ),
        (
            f"{size(snapshot.disk_free_bytes)} free",
            "warning" if snapshot.disk_free_bytes < LOW_DISK_BYTES else "good",
        ),
    ]
    if snapshot.speech is not None:
        deaf = snapshot.speech.state == "no microphone"
        parts.append(("no microphone", "warning") if deaf else ("listening", "good"))
    gone = [process for process in snapshot.processes if process.state in LOST_STATES]
    if gone:
        parts.insert(0, (f"{gone[0].name} {gone[0].state}", "error"))
    levels = {level for _, level in parts} | {notice.level for notice in snapshot.notices}
    whole = "error" if "error" in levels else "warning" if "warning" in levels else "good"
    return ("info" if whole == "good" and not snapshot.ready else whole), parts


class StatusLine(QAbstractButton):
    """Painted, so that changing figures never disturb the layout."""

    def __init__(self, actions: Actions, theme: Theme) -> None:
        super().__init__()
        self._actions = actions
        self._theme = theme
        self._name = ""
        self._level = "info"
        self._voice = ""
        self._parts: list[tuple[str, str]] = []
        self._font = tokens.font(tokens.TEXT_PX)
        self._bold = tokens.font(tokens.TEXT_PX, bold=True)
        self.setAccessibleName("Health; opens the detail")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        theme.changed.connect(self.update)
        actions.listen(self._tell)
        self._tell()

    def apply(self, snapshot: Snapshot) -> None:
        """Follow the snapshot; repaints only when a word changes."""
        level, parts = health(snapshot)
        if (snapshot.profile_name, level, parts) != (self._name, self._level, self._parts):
            self._name, self._level, self._parts = snapshot.profile_name, level, parts
            self.update()

    def show_voice(self, state: str) -> None:
        """Show whether words are spoken: `on`, `muted`, `unable`, or empty where there is no voice."""
        if state != self._voice:
            self._voice = state
            self.setAccessibleDescription(f"Voice {state}" if state else "")
            self._tell()
            self.update()

    @property
    def voice(self) -> str:
        """What is shown of the voice."""
        return self._voice

    @property
    def words(self) -> str:
        """The whole line as text."""
        return "  ".join([self._name, *(words for words, _ in self._parts)])

    def _tell(self) -> None:
        voice = f". {_VOICE_TIP.replace('{state}', self._voice)}" if self._voice else ""
        self.setToolTip(with_keys(_TIP + voice, self._actions))

    def sizeHint(self) -> QSize:
        """As wide as it gets."""
        return QSize(tokens.steps(150), tokens.BAR_HEIGHT_PX)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """From the right: parts, mark, name."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        palette = self._theme.palette
        gap = tokens.steps(4)
        right = self.width() - tokens.steps(4)
        if self._voice:
            right -= tokens.ICON_PX + tokens.steps(2)
            voice = self._theme.icon(_VOICE_ICONS[self._voice], palette.text_dim)
            top = (self.height() - tokens.ICON_PX) // 2
            voice.paint(painter, right + tokens.steps(2), top, tokens.ICON_PX, tokens.ICON_PX)
        metrics = QFontMetrics(self._bold)
        name_px = metrics.horizontalAdvance(self._name) + tokens.ICON_PX + 2 * gap
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        parts = list(self._parts)
        widths = [metrics.horizontalAdvance(words) + gap for words, _ in parts]
        while parts and sum(widths) + name_px > right:  # a narrow window keeps what is wrong
            well = (i for i in reversed(range(len(parts))) if parts[i][1] == "good")
            drop = next(well, len(parts) - 1)
            parts.pop(drop)
            widths.pop(drop)
        left = right - sum(widths) - name_px + gap
        if self.underMouse() or self.hasFocus():
            painter.setPen(QPen(QColor(tokens.TELEOP if self.hasFocus() else palette.line), tokens.LINE_PX))
            frame = QRectF(left - gap, 8, right - left + gap + tokens.steps(2), self.height() - 16)
            painter.drawRoundedRect(frame, tokens.CORNER_PX, tokens.CORNER_PX)
        icon = self._theme.icon(_ICONS[self._level], _HUES[self._level])
        icon.paint(painter, int(left), (self.height() - tokens.ICON_PX) // 2, tokens.ICON_PX, tokens.ICON_PX)
        left += tokens.ICON_PX + tokens.steps(2)
        painter.setFont(self._bold)
        painter.setPen(QColor(palette.text))
        painter.drawText(QRectF(left, 0, name_px, self.height()), flags, self._name)
        left += name_px - tokens.ICON_PX - tokens.steps(2) - gap // 2
        for (words, level), width in zip(parts, widths, strict=True):
            painter.setFont(self._font if level == "good" else self._bold)
            painter.setPen(QColor(palette.text_dim if level == "good" else palette.text))
            painter.drawText(QRectF(left, 0, width, self.height()), flags, words)
            left += width
