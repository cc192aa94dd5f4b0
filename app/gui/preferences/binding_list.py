"""The list of actions and what triggers each, painted: a hundred rows cost one widget."""

from __future__ import annotations

from PyQt6.QtCore import QAbstractListModel, QModelIndex, QRect, QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QFontMetrics, QPainter, QPen
from PyQt6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from app.gui import tokens
from app.gui.preferences.rows import BindingRow
from app.gui.theme import Theme, with_alpha

_HEADING_PX = 32
_ROW_PX = 36


class BindingModel(QAbstractListModel):
    """The rows; headings cannot be chosen."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[BindingRow] = []

    def show(self, rows: list[BindingRow]) -> None:
        """Show these; where only their content differs, what is chosen stays chosen."""
        same = [row.action_id for row in rows] == [row.action_id for row in self.rows]
        if same:
            self.rows = rows
            if rows:
                self.dataChanged.emit(self.index(0), self.index(len(rows) - 1))
            return
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        """How many."""
        return len(self.rows)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> str | None:
        """In words, for screen readers; the delegate paints from `rows`."""
        row = self.rows[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            if not row.action_id:
                return row.group
            told = f"{row.title}: {', '.join(row.caps) or 'not bound'}"
            return f"{told}. {row.clash}" if row.clash else told
        if role == Qt.ItemDataRole.ToolTipRole and row.clash:
            return row.clash
        return None

    def flags(self, index: QModelIndex) -> Qt.ItemFlag:
        """Actions can be chosen."""
        if not self.rows[index.row()].action_id:
            return Qt.ItemFlag.ItemIsEnabled
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable


class BindingList(QListView):
    """Chosen with arrows or the mouse.

    Attributes:
        picked: the id of the action that was chosen.
        wanted: a row was double-clicked: bind it.
    """

    picked = pyqtSignal(str)
    wanted = pyqtSignal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.shown = BindingModel()
        self.setModel(self.shown)
        self.setItemDelegate(_Delegate(self.shown, theme, self))
        self.setSelectionMode(QListView.SelectionMode.SingleSelection)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Actions and what triggers them")
        self.doubleClicked.connect(lambda _: self.wanted.emit())

    @property
    def chosen(self) -> str:
        """The chosen action's id; empty for none."""
        index = self.currentIndex()
        return self.shown.rows[index.row()].action_id if index.isValid() else ""

    def show_rows(self, rows: list[BindingRow]) -> None:
        """Show these, the same action chosen as before where it is among them."""
        chosen = self.chosen
        self.shown.show(rows)
        if not self.choose(chosen):
            first = next((row.action_id for row in rows if row.action_id), "")
            if not self.choose(first):
                self.picked.emit("")

    def choose(self, action_id: str) -> bool:
        """Choose an action; says whether it is there."""
        for number, row in enumerate(self.shown.rows):
            if action_id and row.action_id == action_id:
                self.setCurrentIndex(self.shown.index(number))
                return True
        return False

    def currentChanged(self, current: QModelIndex, previous: QModelIndex) -> None:
        """Tell, and keep it in sight; a heading hands on to the next action in the way one came."""
        super().currentChanged(current, previous)
        if not current.isValid():
            return
        row = current.row()
        if self.shown.rows[row].action_id:
            self.picked.emit(self.shown.rows[row].action_id)
            return
        down = not previous.isValid() or previous.row() < row
        target = row + 1 if down or row == 0 else row - 1
        self.setCurrentIndex(self.shown.index(target))


class _Delegate(QStyledItemDelegate):
    def __init__(self, model: BindingModel, theme: Theme, view: QListView) -> None:
        super().__init__(view)
        self._model = model
        self._theme = theme
        self._view = view
        self._font = tokens.font(tokens.TEXT_PX)
        self._small = tokens.font(tokens.TEXT_SMALL_PX)
        self._heading = tokens.font(tokens.TEXT_SMALL_PX, bold=True)
        theme.changed.connect(view.update)

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        """Headings are lower."""
        return QSize(0, _ROW_PX if self._model.rows[index.row()].action_id else _HEADING_PX)

    def paint(self, painter: QPainter | None, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        """The title, a dot where it was changed, the caps at the right, the conflict between."""
        if painter is None:
            return
        row, rect, palette = self._model.rows[index.row()], option.rect, self._theme.palette
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pad = tokens.steps(3)
        inner = rect.adjusted(pad, 0, -pad, 0)
        middle = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        if not row.action_id:
            painter.setFont(self._heading)
            painter.setPen(QColor(palette.text_dim))
            painter.drawText(inner.adjusted(0, tokens.steps(2), 0, 0), middle, row.group)
            painter.restore()
            return
        if option.state & QStyle.StateFlag.State_Selected:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(palette.raised))
            painter.drawRoundedRect(QRectF(rect).adjusted(1, 1, -1, -1), tokens.CORNER_PX, tokens.CORNER_PX)
            if self._view.hasFocus():
                painter.setPen(QPen(QColor(tokens.TELEOP), tokens.FOCUS_PX))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRoundedRect(
                    QRectF(rect).adjusted(2, 2, -2, -2), tokens.CORNER_PX, tokens.CORNER_PX
                )
        painter.setFont(self._font)
        painter.setPen(QColor(palette.text))
        title_px = QFontMetrics(self._font).horizontalAdvance(row.title)
        painter.drawText(inner, middle, row.title)
        left = inner.left() + title_px + tokens.steps(2)
        if row.changed:
            left = self._note(painter, left, inner, "changed", palette.text_dim)
        right = self._caps(painter, row, inner, left + tokens.steps(4))
        if row.clash:
            self._clash(painter, row.clash, QRect(left, rect.top(), right - left, rect.height()))
        painter.restore()

    def _note(self, painter: QPainter, left: int, inner: QRect, words: str, colour: str) -> int:
        painter.setFont(self._small)
        painter.setPen(QColor(colour))
        room = inner.adjusted(left - inner.left(), 0, 0, 0)
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, words)
        return left + QFontMetrics(self._small).horizontalAdvance(words) + tokens.steps(2)

    def _clash(self, painter: QPainter, words: str, room: QRect) -> None:
        side = tokens.TEXT_LARGE_PX
        ink = tokens.ink_of(tokens.WARNING, self._theme.palette)
        icon = self._theme.icon("mdi6.alert", ink)
        if room.width() < side + tokens.steps(2):
            return
        icon.paint(painter, room.left(), room.center().y() - side // 2, side, side)
        text = room.adjusted(side + tokens.steps(1), 0, -tokens.steps(2), 0)
        painter.setFont(self._small)
        painter.setPen(QColor(ink))
        elided = QFontMetrics(self._small).elidedText(words, Qt.TextElideMode.ElideRight, text.width())
        painter.drawText(text, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, elided)

    def _caps(self, painter: QPainter, row: BindingRow, inner: QRect, least: int) -> int:
        """The caps from the right, the first trigger first; what does not fit is counted. Returns their left edge."""
        palette = self._theme.palette
        painter.setFont(self._small)
        metrics = QFontMetrics(self._small)
        caps = row.caps or ("not bound",)
        widths = [metrics.horizontalAdvance(cap) + tokens.steps(4) for cap in caps]
        gap = tokens.steps(1)
        shown = len(caps)
        while shown > 1 and sum(widths[:shown]) + gap * shown > inner.right() - least:
            shown -= 1
        more = f"+{len(caps) - shown}" if shown < len(caps) else ""
        more_px = metrics.horizontalAdvance(more) + gap if more else 0
        left = inner.right() - sum(widths[:shown]) - gap * (shown - 1) - more_px
        edge_left = left
        height = tokens.TEXT_SMALL_PX + tokens.steps(2) + 2
        for cap, width in zip(caps[:shown], widths[:shown], strict=True):
            box = QRectF(left, inner.center().y() - height / 2 + 1, width, height)
            clashing = cap in row.clashing
            ink = QColor(tokens.ink_of(tokens.WARNING, palette) if clashing else palette.text)
            if row.caps:
                painter.setPen(QPen(with_alpha(ink.name(), tokens.GHOST_ALPHA), tokens.LINE_PX))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRoundedRect(box, 4, 4)
            painter.setPen(ink if row.caps else QColor(palette.text_dim))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, cap)
            left += width + gap
        if more:
            painter.setPen(QColor(palette.text_dim))
            room = QRect(left, inner.top(), more_px, inner.height())
            painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, more)
        return edge_left
