"""The whole plan, beside the side column: where, who, how many, and how one episode follows the other."""

from __future__ import annotations

from PyQt6.QtCore import QRect, Qt
from PyQt6.QtGui import QPaintEvent
from PyQt6.QtWidgets import QGridLayout, QHBoxLayout, QWidget

from app.collection.plan import CollectionPlan
from app.gui import tokens
from app.gui.actions import Actions
from app.gui.collecting import Collecting
from app.gui.settings import Settings
from app.gui.theme import Theme
from app.gui.widgets.action_button import ActionButton
from app.gui.widgets.label import Label, rule
from app.gui.widgets.overlay import Overlay
from app.gui.widgets.plan_fields import CountEdit, SecondsEdit
from app.gui.widgets.remembered_edit import RememberedEdit
from app.gui.widgets.scroll import scrolled
from app.gui.widgets.tick_box import TickBox

_WORDS = (
    ("operator", "Operator", "Who drives?"),
    ("home", "Home", "Which home?"),
    ("room", "Room", "Which room?"),
    ("scene", "Scene", "Such as: cups on the left"),
)
_SECONDS = (
    ("countdown_s", "Countdown", "none"),
    ("limit_s", "Time limit", "none"),
    ("reset_s", "Reset", "as long as it takes"),
)
_COUNTS = (
    ("target", "Episodes wanted today", "no number"),
    ("nudge_after", "Ask for a new scene after", "never"),
)
_CHOICES = (
    ("repeat", "Begin the next one when the reset is over"),
    ("follow_first", "Let the robot follow the leaders first"),
)


class PlanPanel(Overlay):
    """Every change is handed over at once; there is nothing to confirm."""

    def __init__(self, host: QWidget, collecting: Collecting, settings: Settings) -> None:
        super().__init__(host, width_px=tokens.steps(110), height_px=tokens.steps(156))
        self._collecting = collecting
        self.words = {
            field: RememberedEdit(settings, field, name=title, asks=asks) for field, title, asks in _WORDS
        }
        self.seconds = {field: SecondsEdit(title, zero=zero) for field, title, zero in _SECONDS}
        self.counts = {field: CountEdit(title, zero=zero) for field, title, zero in _COUNTS}
        self.choices = {field: TickBox(title) for field, title in _CHOICES}
        self._shown: CollectionPlan | None = None
        for field, edit in self.words.items():
            edit.given.connect(lambda words, field=field: collecting.change(**{field: words}))
            edit.committed.connect(self.close_over)
        numbers: dict[str, SecondsEdit | CountEdit] = {**self.seconds, **self.counts}
        self._numbers = numbers
        for number in numbers.values():
            if (line := number.lineEdit()) is not None:
                line.returnPressed.connect(self.close_over)
        for field, seconds in self.seconds.items():
            seconds.valueChanged.connect(lambda value, field=field: collecting.change(**{field: value}))
        for field, count in self.counts.items():
            count.valueChanged.connect(lambda value, field=field: collecting.change(**{field: value}))
        for field, choice in self.choices.items():
            choice.setFont(tokens.font())
            choice.setFixedHeight(tokens.CONTROL_HEIGHT_PX - tokens.steps(1))
            choice.toggled.connect(lambda on, field=field: collecting.change(**{field: on}))

    def build(self, actions: Actions, theme: Theme) -> None:
        """Lay out, once the actions are registered."""
        head = QHBoxLayout()
        head.addWidget(Label("Plan", size_px=tokens.TEXT_TITLE_PX, bold=True).fit())
        head.addStretch()
        done = ActionButton(actions["plan.edit"], theme, title="Done", compact=True)
        done.set_steady(True)
        head.addWidget(done)
        self.body.addLayout(head)
        fields = QWidget()
        grid = QGridLayout(fields)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(tokens.steps(4))
        grid.setVerticalSpacing(tokens.steps(2))
        grid.setColumnStretch(1, 1)
        for field, title, _ in _WORDS:
            self._row(grid, title, self.words[field])
        grid.addWidget(rule(), grid.rowCount(), 0, 1, 2)
        for field, title, _ in _COUNTS:
            self._row(grid, title, self.counts[field])
        grid.addWidget(rule(), grid.rowCount(), 0, 1, 2)
        for field, title, _ in _SECONDS:
            self._row(grid, title, self.seconds[field])
        for choice in self.choices.values():
            grid.addWidget(choice, grid.rowCount(), 0, 1, 2)
        grid.setRowStretch(grid.rowCount(), 1)
        self.body.addWidget(scrolled(fields), stretch=1)
        self.body.addWidget(
            Label(
                "A change counts from the next episode on.", size_px=tokens.TEXT_SMALL_PX, dim=True, wrap=True
            )
        )

    def open_at(self, field: str) -> None:
        """Open with the cursor in a field of words."""
        self.apply()
        self.open()
        edit = self.words[field]
        edit.setFocus(Qt.FocusReason.ShortcutFocusReason)
        if (line := edit.lineEdit()) is not None:
            line.selectAll()

    def toggle(self) -> None:
        """Open it with the cursor in its first field, or close it."""
        if self.isVisible():
            self.close_over()
        else:
            self.open_at(_WORDS[0][0])

    def apply(self) -> None:
        """Follow the plan; what is being typed is left alone."""
        plan = self._collecting.plan
        if plan == self._shown:
            return
        self._shown = plan
        for field, edit in self.words.items():
            edit.say(getattr(plan, field))
        for number_field, number in self._numbers.items():
            if not number.hasFocus():
                number.blockSignals(True)
                number.setValue(getattr(plan, number_field))
                number.blockSignals(False)
        for choice_field, choice in self.choices.items():
            choice.blockSignals(True)
            choice.setChecked(getattr(plan, choice_field))
            choice.blockSignals(False)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """No scrim: the robot stays in sight."""

    def _fit(self) -> None:
        """At the right, beside the side column whose button opens it."""
        host = self.parentWidget()
        if host is None:
            return
        self.setGeometry(host.rect())
        margin = tokens.steps(3)
        height = min(max(self._height_px, self.panel.sizeHint().height()), host.height() - 2 * margin)
        left = max(margin, host.width() - tokens.SIDE_WIDTH_PX - self._width_px - margin)
        self.panel.setGeometry(QRect(left, margin, self._width_px, height))

    @staticmethod
    def _row(grid: QGridLayout, title: str, edit: QWidget) -> None:
        row = grid.rowCount()
        grid.addWidget(Label(title, dim=True).fit(), row, 0)
        grid.addWidget(edit, row, 1)
