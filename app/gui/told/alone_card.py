"""What the high level thinks, and how the chunks run: proposals with their verdicts, progress, times, troubles."""

from __future__ import annotations

import math

from PyQt6.QtCore import QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QPainter, QPaintEvent
from PyQt6.QtWidgets import QSizePolicy, QWidget

from app.autonomy.choice import HighLevel
from app.gui import tokens
from app.gui.fitting import fit, fit_lines
from app.gui.theme import Theme
from app.gui.told.words import ago_words, chunk_words, percent, proposal_words, timing_words, trouble_words
from app.session.policy_view import PolicyView
from app.session.view import Snapshot

SHOWN = 3
_LINE_PX = 20
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_HEADS = {
    HighLevel.MODEL: "It thinks for itself",
    HighLevel.IMPLICIT: "The whole task at once",
    HighLevel.HUMAN: "You name the subtasks",
    HighLevel.REMOTE: "A remote model thinks",
}
_NOBODY = {
    HighLevel.IMPLICIT: "Nobody names subtasks: the task goes straight to the low level",
    HighLevel.HUMAN: "It waits for your word, as in verbal mode",
}
_ICONS = {
    "applied": ("mdi6.check", tokens.GOOD),
    "same": ("mdi6.equal", tokens.HOLD),
    "stale": ("mdi6.clock-alert-outline", tokens.HOLD),
    "vetoed": ("mdi6.cancel", tokens.ALARM),
    "overridden": ("mdi6.account-voice", tokens.VERBAL),
    "failed": ("mdi6.alert", tokens.WARNING),
}


class AloneCard(QWidget):
    """The newest proposals, the newest first."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._head = ("", "")
        self._lines: tuple[tuple[str, ...], ...] = ()
        self._small = tokens.font(tokens.TEXT_SMALL_PX)
        self._font = tokens.font(tokens.TEXT_PX)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight((SHOWN + 1) * _LINE_PX)
        theme.changed.connect(self.update)

    @property
    def head(self) -> tuple[str, str]:
        """Who thinks, and whether just now."""
        return self._head

    @property
    def lines(self) -> tuple[tuple[str, ...], ...]:
        """Verdict, text, probability, words and age of each proposal."""
        return self._lines

    def apply(self, snapshot: Snapshot) -> None:
        """Follow the high level."""
        policy = snapshot.policy
        if policy is None:
            return
        level = policy.choice.high_level
        head = (_HEADS.get(level, ""), "thinking …" if policy.thinking else "")
        lines = tuple(
            (
                one.verdict,
                one.text,
                percent(one.probability),
                proposal_words(one),
                ago_words(snapshot.time_ns - one.asked_ns),
            )
            for one in reversed(policy.proposals[-SHOWN:])
        )
        if level in _NOBODY:
            lines = (("", _NOBODY[level], "", "", ""),)
        if (head, lines) != (self._head, self._lines):
            self._head, self._lines = head, lines
            self.setAccessibleName(f"{head[0]}. " + ". ".join(" ".join(line[1:4]) for line in lines))
            self.setToolTip("\n".join("  ".join(part for part in line[1:] if part) for line in lines))
            self.update()

    def sizeHint(self) -> QSize:
        """Fixed."""
        return QSize(tokens.SIDE_WIDTH_PX, self.height())

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """The head, then a line a proposal."""
        painter = QPainter(self)
        palette = self._theme.palette
        line = QRectF(0, 0, self.width(), _LINE_PX)
        painter.setFont(self._small)
        painter.setPen(QColor(palette.text_dim))
        painter.drawText(line, _LEFT, self._head[0])
        painter.setPen(QColor(tokens.ink_of(tokens.AUTONOMOUS, palette)))
        painter.drawText(line, _RIGHT, self._head[1])
        for words in self._lines:
            line.translate(0, _LINE_PX)
            if words[0]:
                self._paint_proposal(painter, line, words)
            else:
                self._paint_note(painter, line, words[1])

    def _paint_proposal(self, painter: QPainter, line: QRectF, words: tuple[str, ...]) -> None:
        verdict, text, share, became, ago = words
        palette, side = self._theme.palette, tokens.TEXT_PX
        icon, hue = _ICONS.get(verdict, _ICONS["same"])
        self._theme.icon(icon, tokens.ink_of(hue, palette)).paint(
            painter, 0, int(line.top()) + (_LINE_PX - side) // 2, side, side
        )
        painter.setFont(self._small)
        painter.setPen(QColor(palette.text_dim))
        end = f"{share}  {became}  {ago}"
        painter.drawText(line, _RIGHT, end)
        taken_px = painter.fontMetrics().horizontalAdvance(end) + tokens.steps(2)
        painter.setFont(self._font)
        painter.setPen(QColor(palette.text))
        room = line.adjusted(side + tokens.steps(2), 0, -taken_px, 0)
        painter.drawText(room, _LEFT, fit(text, painter.fontMetrics(), room.width()))

    def _paint_note(self, painter: QPainter, line: QRectF, text: str) -> None:
        """What is said in place of proposals, over two lines."""
        painter.setFont(self._small)
        painter.setPen(QColor(self._theme.palette.text_dim))
        lines = fit_lines(text, painter.fontMetrics(), line.width(), most=2)
        painter.drawText(line.adjusted(0, 0, 0, _LINE_PX), Qt.AlignmentFlag.AlignLeft, "\n".join(lines))


class ChunkLine(QWidget):
    """How far the robot is in its chunk, and what that takes."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._words: tuple[str, str, str] = ("", "", "")
        self._share = self._until = 0.0
        self._small = tokens.font(tokens.TEXT_SMALL_PX)
        self._line_px = tokens.TEXT_SMALL_PX + tokens.STEP_PX
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(2 * self._line_px + tokens.steps(2))
        theme.changed.connect(self.update)

    @property
    def words(self) -> tuple[str, str, str]:
        """Progress, times, troubles."""
        return self._words

    def apply(self, snapshot: Snapshot) -> None:
        """Follow the chunks."""
        policy = snapshot.policy
        if policy is None:
            return
        words = (chunk_words(policy), timing_words(policy), trouble_words(policy))
        share, until = _progress(policy)
        if (words, share, until) != (self._words, self._share, self._until):
            self._words, self._share, self._until = words, share, until
            told = ", ".join(part for part in words if part)
            self.setAccessibleName(told)
            self.setToolTip(told)
            self.update()

    def sizeHint(self) -> QSize:
        """Fixed."""
        return QSize(tokens.SIDE_WIDTH_PX, self.height())

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """The bar with a mark where the next chunk takes over, and the words."""
        painter = QPainter(self)
        palette = self._theme.palette
        bar = QRectF(0, 0, self.width(), tokens.EDGE_PX)
        painter.fillRect(bar, QColor(palette.line))
        painter.fillRect(QRectF(0, 0, bar.width() * self._share, bar.height()), QColor(palette.text_dim))
        if self._until:
            painter.fillRect(QRectF(bar.width() * self._until - 1, 0, 2, bar.height()), QColor(palette.text))
        line = QRectF(0, bar.bottom() + tokens.STEP_PX, self.width(), self._line_px)
        painter.setFont(self._small)
        painter.setPen(QColor(palette.text_dim))
        painter.drawText(line, _LEFT, self._words[0])
        below = line.translated(0, self._line_px)
        times = fit(self._words[1], painter.fontMetrics(), below.width())
        painter.drawText(below, _LEFT, times)
        if self._words[2]:
            taken = painter.fontMetrics().horizontalAdvance(self._words[0]) + tokens.steps(3)
            room = line.adjusted(taken, 0, 0, 0)
            painter.setPen(QColor(tokens.ink_of(tokens.WARNING, palette)))
            words = fit(self._words[2], painter.fontMetrics(), room.width())
            painter.drawText(room, _RIGHT, words)


def _progress(policy: PolicyView) -> tuple[float, float]:
    """How far into its chunk the robot is, and how far it goes in it, as shares."""
    if policy.chunk < 0 or not policy.horizon or math.isnan(policy.chunk_step):
        return 0.0, 0.0
    return min(1.0, round(policy.chunk_step / policy.horizon, 2)), policy.execute_steps / policy.horizon
