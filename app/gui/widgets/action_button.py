"""A button for an action of the registry: icon, title, and its key drawn on it."""

from __future__ import annotations

from PyQt6.QtCore import QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QFontMetrics, QIcon, QPainter, QPaintEvent, QPen
from PyQt6.QtWidgets import QPushButton, QStyle, QStyleOptionButton, QStylePainter, QWidget

from app.gui import tokens
from app.gui.actions import Action
from app.gui.theme import Theme, with_alpha
from app.gui.wording import key_caps


class ActionButton(QPushButton):
    """Does its action when clicked and is enabled when the action is.

    Args:
        action: what it does.
        theme: colours and icons.
        title: words on the button where the action's title is too long.
        hue: fills the button while `set_lit(True)`, and colours its icon otherwise.
        ink: colour of text on that hue.
        compact: no icon, smaller padding.
        bare: nothing but the key, where what stands beside it says the rest.
        one_key: only its first key is ever drawn on it.
    """

    def __init__(
        self,
        action: Action,
        theme: Theme,
        *,
        title: str = "",
        hue: str = "",
        ink: str = tokens.ON_HUE,
        compact: bool = False,
        bare: bool = False,
        one_key: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._action = action
        self._theme = theme
        self._title = "" if bare else title or action.title
        self._hue, self._ink = hue, ink
        self._compact = compact
        self._one_key = one_key
        self._lit = False
        self._steady = False
        self._key_shown = True
        self._icon = QIcon()
        self.setFont(tokens.font(tokens.TEXT_PX, bold=True))
        self._cap_font = tokens.font(tokens.TEXT_SMALL_PX)
        self.setAccessibleName(action.title)
        self.setToolTip(action.title)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setFixedHeight(tokens.CONTROL_HEIGHT_PX)
        self.clicked.connect(self._do)
        theme.changed.connect(self._recolour)
        self._recolour()
        self.refresh()

    @property
    def key(self) -> str:
        """The action's first key."""
        return self._action.key

    @property
    def action_id(self) -> str:
        """Which action it does."""
        return self._action.id

    def refresh(self) -> None:
        """Follow the action's being possible or not."""
        enabled = self._action.enabled()
        if enabled != self.isEnabled():
            self.setEnabled(enabled)
        tip = self._action.why_not() or self._action.title
        if tip != self.toolTip():
            self.setToolTip(tip)

    def show_keys(self) -> None:
        """Its keys have changed."""
        self.updateGeometry()
        self.update()

    def _do(self) -> None:
        if self._action.enabled():
            self._action.run()

    @property
    def lit(self) -> bool:
        """Whether it is filled with its hue."""
        return self._lit

    def set_lit(self, lit: bool) -> None:
        """Fill it with its hue: this is what is so now."""
        if lit != self._lit:
            self._lit = lit
            self._recolour()
            self.update()

    def set_steady(self, steady: bool) -> None:
        """Show the key that also works while letters mean something else."""
        if steady != self._steady:
            self._steady = steady
            self.update()

    def show_key(self, shown: bool) -> None:
        """Draw its key on it, or leave that to the overlay of keys where there is no room."""
        if shown != self._key_shown:
            self._key_shown = shown
            self.show_keys()

    @property
    def title(self) -> str:
        """The words on it."""
        return self._title

    def set_title(self, title: str) -> None:
        """Change the words on it."""
        if title != self._title:
            self._title = title
            self.updateGeometry()
            self.update()

    def sizeHint(self) -> QSize:
        """Icon, words and key with air between."""
        width = QFontMetrics(self.font()).horizontalAdvance(self._title) + 2 * self._padding
        if self._action.icon and not self._compact:
            width += tokens.ICON_PX + tokens.steps(2)
        keys = (self._action.key,) if self._one_key else (self._action.key, self._action.steady_key)
        caps = max(self._caps_width(key) for key in keys)
        gap = tokens.steps(2) if caps and self._title else 0
        return QSize(width + caps + gap, tokens.CONTROL_HEIGHT_PX)

    def minimumSizeHint(self) -> QSize:
        """The same: nothing on it can be left out."""
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw the style's empty button, then what is on it."""
        option = QStyleOptionButton()
        self.initStyleOption(option)
        option.text, option.icon = "", QIcon()
        painter = QStylePainter(self)
        painter.drawControl(QStyle.ControlElement.CE_PushButton, option)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        lit = self._lit and bool(self._hue)
        if lit:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(self._hue))
            inset = tokens.FOCUS_PX if self.hasFocus() else 0
            painter.drawRoundedRect(
                QRectF(self.rect()).adjusted(inset, inset, -inset, -inset), tokens.CORNER_PX, tokens.CORNER_PX
            )
        palette = self._theme.palette
        if self._lit and not self._hue:  # a page button: where one is now
            painter.fillRect(
                0, self.height() - tokens.FOCUS_PX, self.width(), tokens.FOCUS_PX, QColor(palette.text)
            )
        elsewhere = not self._hue and not self._lit and self.property("flat") == "true"
        dim = elsewhere or not self.isEnabled()
        ink = QColor(self._ink if lit else palette.text_dim if dim else palette.text)
        self._paint_content(painter, ink=ink, lit=lit)

    @property
    def _padding(self) -> int:
        return tokens.steps(2 if self._compact else 3)

    def _paint_content(self, painter: QStylePainter, *, ink: QColor, lit: bool) -> None:
        area = self.rect().adjusted(self._padding, 0, -self._padding, 0)
        left = area.left()
        if self._action.icon and not self._compact:
            mode = QIcon.Mode.Normal if self.isEnabled() else QIcon.Mode.Disabled
            top = (self.height() - tokens.ICON_PX) // 2
            self._icon.paint(painter, left, top, tokens.ICON_PX, tokens.ICON_PX, mode=mode)
            left += tokens.ICON_PX + tokens.steps(2)
        painter.setFont(self.font())
        painter.setPen(ink)
        key = self._action.steady_key if self._steady else self._action.key
        caps_width = self._caps_width(key)
        right = area.right() - (caps_width + tokens.steps(2) if caps_width else 0)
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.drawText(area.adjusted(left - area.left(), 0, right - area.right(), 0), flags, self._title)
        if not caps_width:
            return
        height = tokens.TEXT_SMALL_PX + tokens.steps(2)
        cap = QRectF(area.right() + 1 - caps_width, (self.height() - height) / 2, caps_width, height)
        edge = with_alpha(ink.name(), tokens.GHOST_ALPHA)
        painter.setPen(QPen(edge, tokens.LINE_PX))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(cap.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        painter.setFont(self._cap_font)
        painter.setPen(ink if lit else QColor(self._theme.palette.text_dim))
        painter.drawText(cap, Qt.AlignmentFlag.AlignCenter, key_caps(key))

    def _caps_width(self, key: str) -> int:
        if not key or not self._key_shown:
            return 0
        return QFontMetrics(self._cap_font).horizontalAdvance(key_caps(key)) + tokens.steps(3)

    def _recolour(self) -> None:
        if self._action.icon:
            self._icon = self._theme.icon(
                self._action.icon, self._ink if self._lit and self._hue else self._hue or None
            )
        self.update()
