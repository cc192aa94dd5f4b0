"""The subtask in force, large: whose word it is, how sure, since when; and what the expert makes of it."""

from __future__ import annotations

from PyQt6.QtCore import QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent
from PyQt6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from app.gui import tokens
from app.gui.actions import Actions
from app.gui.fitting import fit, fit_lines
from app.gui.theme import Theme
from app.gui.told.past_subtasks import LINE_PX
from app.gui.told.words import BY_PERSON, finished_words, origin_words, state_words
from app.gui.told_keys import with_keys
from app.gui.widgets.action_button import ActionButton
from app.messages import Mode
from app.session.policy_view import PolicyView, SubtaskView
from app.session.view import Snapshot

_NOTHING = {
    Mode.VERBAL: "Say, type or choose what to do",
    Mode.AUTONOMOUS: "It looks for something to do",
}
_WAITS = "The robot holds until then"
_FINISHED = "The robot stands. {mode.alone} begins again, or name a subtask"
_VETOED = "Name another subtask: what it would do is vetoed"
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_SMALL_LINE_PX = tokens.TEXT_SMALL_PX + tokens.STEP_PX
_TEXT_PX = 2 * (tokens.TEXT_LARGE_PX + tokens.STEP_PX)
"""Room for one line in the larger size, or for two in the smaller."""
_FACE_PX = 2 * _SMALL_LINE_PX + _TEXT_PX + tokens.steps(4)
_GAP_PX = tokens.steps(2)


class _Face(QWidget):
    """Painted, so that it never moves what is below it."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.words = ("", "", "", "")
        self._hue, self._share = tokens.VERBAL, 0.0
        self._small = tokens.font(tokens.TEXT_SMALL_PX)
        self._bold = tokens.font(tokens.TEXT_PX, bold=True)
        self.brief = False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(_FACE_PX)
        theme.changed.connect(self.update)

    def show_brief(self, brief: bool) -> None:
        """Show one line, or all there is to say."""
        self.brief = brief
        self.setFixedHeight(LINE_PX if brief else _FACE_PX)

    def show_words(self, words: tuple[str, str, str, str], *, hue: str, share: float) -> None:
        """Caption at the left and the right, the subtask, what has become of it."""
        if (words, hue, share) != (self.words, self._hue, self._share):
            self.words, self._hue, self._share = words, hue, share
            told = ". ".join(part for part in words if part)
            self.setAccessibleName(told)
            self.setToolTip(told)
            self.update()

    def sizeHint(self) -> QSize:
        """Fixed."""
        return QSize(tokens.SIDE_WIDTH_PX, self.height())

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Caption, text, bar, state; or text and state behind a bar that stands."""
        painter = QPainter(self)
        if self.brief:
            self._paint_brief(painter)
        else:
            self._paint_full(painter)

    def _paint_brief(self, painter: QPainter) -> None:
        palette, (_, _, text, state) = self._theme.palette, self.words
        line = QRectF(self.rect())
        painter.fillRect(QRectF(0, 6, 3, line.height() - 12), QColor(self._hue))
        painter.setFont(self._small)
        painter.setPen(QColor(palette.text_dim))
        state = fit(state, painter.fontMetrics(), line.width() / 2)
        painter.drawText(line, _RIGHT, state)
        line.adjust(_GAP_PX, 0, -painter.fontMetrics().horizontalAdvance(state) - _GAP_PX, 0)
        painter.setFont(self._bold)
        painter.setPen(QColor(palette.text))
        painter.drawText(line, _LEFT, fit(text, painter.fontMetrics(), line.width()))

    def _paint_full(self, painter: QPainter) -> None:
        palette, (caption, right, text, state) = self._theme.palette, self.words
        line = QRectF(0, 0, self.width(), _SMALL_LINE_PX)
        painter.setFont(self._small)
        painter.setPen(QColor(palette.text_dim))
        painter.drawText(line, _LEFT, caption)
        painter.setPen(QColor(palette.text))
        painter.drawText(line, _RIGHT, right)
        area = QRectF(0, _SMALL_LINE_PX + tokens.STEP_PX, self.width(), _TEXT_PX)
        large, most = tokens.font(tokens.TEXT_TITLE_PX, bold=True), 1
        if QFontMetrics(large).horizontalAdvance(text) > area.width():
            large, most = tokens.font(tokens.TEXT_LARGE_PX, bold=True), 2
        painter.setFont(large)
        painter.setPen(QColor(palette.text if self._share or right else palette.text_dim))
        lines = fit_lines(text, painter.fontMetrics(), area.width(), most=most)
        painter.drawText(area, _LEFT, "\n".join(lines))
        bar = QRectF(0, area.bottom() + tokens.STEP_PX, self.width(), tokens.EDGE_PX)
        painter.fillRect(bar, QColor(palette.line))
        painter.fillRect(QRectF(0, bar.top(), bar.width() * self._share, bar.height()), QColor(self._hue))
        below = QRectF(0, bar.bottom() + tokens.STEP_PX, self.width(), _SMALL_LINE_PX)
        painter.setFont(self._small)
        painter.setPen(QColor(palette.text_dim))
        painter.drawText(below, _LEFT, fit(state, painter.fontMetrics(), below.width()))


class SubtaskCard(QWidget):
    """The subtask, thumbs, and in autonomous mode pin and veto.

    Args:
        actions: `subtask.good`, `subtask.bad`, `subtask.pin`, `subtask.veto`.
        theme: colours.
    """

    def __init__(self, actions: Actions, theme: Theme) -> None:
        super().__init__()
        self._actions = actions
        self._face = _Face(theme)
        self._good = ActionButton(actions["subtask.good"], theme, title="Good", hue=tokens.GOOD, one_key=True)
        self._bad = ActionButton(
            actions["subtask.bad"], theme, title="Bad", hue=tokens.ALARM, ink=tokens.ON_ALARM, one_key=True
        )
        self._pin = ActionButton(
            actions["subtask.pin"], theme, title="Pin", hue=tokens.VERBAL, compact=True, one_key=True
        )
        self._veto = ActionButton(actions["subtask.veto"], theme, title="Veto", compact=True, one_key=True)
        self._alone: bool | None = None
        self._buttons = QWidget()
        row = QHBoxLayout(self._buttons)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(tokens.steps(1))
        for button in (self._good, self._bad, self._pin, self._veto):
            row.addWidget(button, stretch=1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(_GAP_PX)
        column.addWidget(self._face)
        column.addWidget(self._buttons)

    @property
    def brief(self) -> bool:
        """Whether it shows the subtask only, in one line."""
        return self._face.brief

    def show_brief(self, brief: bool) -> None:
        """Show the subtask in one line and without buttons, where the room is needed for answers."""
        if brief != self._face.brief:
            self._face.show_brief(brief)
            self._buttons.setVisible(not brief)

    @staticmethod
    def needed_px(*, brief: bool) -> int:
        """How high it is."""
        return LINE_PX if brief else _FACE_PX + _GAP_PX + tokens.CONTROL_HEIGHT_PX

    @property
    def words(self) -> tuple[str, str, str, str]:
        """Caption, whose word it is, the subtask, its state."""
        return self._face.words

    def apply(self, snapshot: Snapshot) -> None:
        """Follow the policy."""
        policy = snapshot.policy
        alone = snapshot.mode is Mode.AUTONOMOUS
        subtask = policy.subtask if policy is not None else None
        if policy is not None and subtask is not None:
            mine = subtask.origin in BY_PERSON
            state = state_words(subtask, snapshot.time_ns)
            if policy.pinned == subtask.text:
                state = f"pinned; {state}"
            words = ("Subtask", origin_words(subtask), subtask.text, state)
            self._face.show_words(
                words, hue=tokens.VERBAL if mine else tokens.AUTONOMOUS, share=min(1.0, subtask.confidence)
            )
        elif policy is not None and policy.finished is not None:
            done, took = finished_words(policy.finished)
            state = with_keys(_FINISHED, self._actions)
            self._face.show_words(("Task", took, done, state), hue=tokens.GOOD, share=1.0)
        else:
            nothing = _NOTHING.get(snapshot.mode, "")
            waits = _VETOED if alone and policy is not None and policy.vetoed else _WAITS
            self._face.show_words(("Subtask", "", nothing, waits), hue=tokens.HOLD, share=0.0)
        judged = _judged(policy)
        self._good.set_lit(judged is not None and judged.thumb > 0)
        self._bad.set_lit(judged is not None and judged.thumb < 0)
        if alone != self._alone:
            self._alone = alone
            self._pin.setVisible(alone)
            self._veto.setVisible(alone)
            for button in (self._good, self._bad):
                button.set_title("" if alone else "Good" if button is self._good else "Bad")
        pinned = policy is not None and bool(policy.pinned)
        self._pin.set_lit(pinned)
        self._pin.set_title("Unpin" if pinned else "Pin")
        for button in (self._good, self._bad, self._pin, self._veto):
            button.refresh()


def _judged(policy: PolicyView | None) -> SubtaskView | None:
    if policy is None:
        return None
    return policy.subtask or (policy.past[-1] if policy.past else None)
