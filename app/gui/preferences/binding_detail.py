"""The chosen action: what triggers it, each with its way out; the waiting for a new one; and conflicts to settle."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PyQt6.QtCore import QTimer, pyqtSignal
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QLayout, QPushButton, QVBoxLayout, QWidget

from app.gui import tokens
from app.gui.actions import Actions
from app.gui.input_desk import CAPTURE_MS, InputDesk
from app.gui.preferences.rows import trigger_cap
from app.gui.theme import Theme
from app.gui.widgets.action_button import ActionButton
from app.gui.widgets.flow import Flow
from app.gui.widgets.label import Label
from app.inputs.bindings import STOP_ACTION, BindingRefusedError, Conflict
from app.inputs.trigger import STOP_TRIGGER, TriggerError

WAITING = "Press a key, a pedal or a gamepad button, or close the handles"
WAITING_HELD = "Press the key or pedal that is to be held down"
HELD_HINT = "Moves the robot in teleoperation for as long as the key or pedal is down."


class BindingDetail(QFrame):
    """Below the list. Everything in it is reached with Tab.

    Attributes:
        settled: a button in it did its work and is gone; the focus belongs to the list again.
    """

    settled = pyqtSignal()

    def __init__(self, actions: Actions, theme: Theme, desk: InputDesk) -> None:
        super().__init__()
        self.setObjectName("card")
        self._actions = actions
        self._desk = desk
        self._action_id = ""
        self._told = ""
        self._title = Label("", size_px=tokens.TEXT_LARGE_PX, bold=True)
        self._chips = QWidget()
        self._chip_row = Flow(gap_px=tokens.steps(2))
        self._chips.setLayout(self._chip_row)
        self.waiting = Label("", bold=True)
        self._told_label = Label("", wrap=True)
        self._conflicts = QWidget()
        self._conflict_rows = QVBoxLayout(self._conflicts)
        self._conflict_rows.setContentsMargins(0, 0, 0, 0)
        self._conflict_rows.setSpacing(tokens.steps(1))
        self._cancel = _button("Cancel", "Stop waiting for an input", desk.end_capture)
        self._buttons = [
            ActionButton(actions["bind.begin"], theme, hue=tokens.TELEOP),
            ActionButton(actions["bind.remove"], theme, title="Remove last"),
            ActionButton(actions["bind.reset"], theme, title="Reset"),
        ]
        head = QHBoxLayout()
        head.setSpacing(tokens.steps(2))
        head.addWidget(self._title, stretch=1)
        head.addWidget(self._cancel)
        for button in self._buttons:
            head.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(*([tokens.steps(3)] * 4))
        column.setSpacing(tokens.steps(2))
        column.addLayout(head)
        column.addWidget(self._chips)
        column.addWidget(self.waiting)
        column.addWidget(self._conflicts)
        column.addWidget(self._told_label)
        column.addStretch()
        # Room for a line of triggers and one of words, so that the list above stays put while one binds.
        self.setMinimumHeight(2 * tokens.CONTROL_HEIGHT_PX + tokens.TEXT_PX + tokens.steps(14))
        self._count = QTimer(self)
        self._count.setInterval(250)
        self._count.timeout.connect(self._show_waiting)
        desk.captured.connect(self._captured)
        desk.capture_ended.connect(self.refresh)
        actions.listen(self.refresh)

    @property
    def action_id(self) -> str:
        """The action that is shown."""
        return self._action_id

    @property
    def told(self) -> str:
        """What was last said about a binding."""
        return self._told

    def show_action(self, action_id: str) -> None:
        """Show another action; waiting for an input of the last one is over."""
        if action_id != self._action_id:
            self._told = ""
            self._action_id = action_id
            self._desk.end_capture()
        self.refresh()

    def bind(self) -> None:
        """Wait for the next input; once more, stop waiting."""
        if self._desk.capturing:
            self._desk.end_capture()
            return
        if self._action_id:
            self._told = ""
            self._desk.begin_capture()
            self.refresh()

    def remove_last(self) -> None:
        """Take away the trigger that was bound last."""
        triggers = [trigger for trigger in self._actions[self._action_id].triggers if trigger != STOP_TRIGGER]
        if triggers:
            self._remove(triggers[-1])

    def reset(self) -> None:
        """Back to what it came with."""
        self._told = ""
        self._actions.bindings.reset(self._action_id)

    def refresh(self) -> None:
        """Show it as it is now."""
        for button in self._buttons:
            button.refresh()
        shown = bool(self._action_id)
        self.setVisible(shown)
        if not shown:
            return
        action = self._actions[self._action_id]
        self._title.say(action.title)
        capturing = self._desk.capturing
        self._buttons[0].set_lit(capturing)
        self._cancel.setVisible(capturing)
        self._chips.setVisible(not capturing)
        self.waiting.setVisible(capturing)
        self._show_waiting()
        self._count.start() if capturing else self._count.stop()
        _clear(self._chip_row)
        for trigger in action.triggers:
            self._chip_row.addWidget(self._chip(trigger))
        if not action.triggers:
            self._chip_row.addWidget(
                Label("Nothing triggers it yet: choose Bind, then press what should.", dim=True)
            )
        conflicts = self._actions.bindings.conflicts_of(self._action_id)
        _clear(self._conflict_rows)
        for conflict in conflicts:
            self._conflict_rows.addWidget(self._settle(conflict))
        self._conflicts.setVisible(bool(conflicts))
        words = self._told or (HELD_HINT if action.held and not conflicts else "")
        self._told_label.say(words)
        self._told_label.setVisible(bool(words) and not capturing)

    def _show_waiting(self) -> None:
        if not self._desk.capturing:
            return
        held = self._actions[self._action_id].held
        left_s = min(-(-self._desk.capture_left_ms // 1000), CAPTURE_MS // 1000)
        self.waiting.say(f"{WAITING_HELD if held else WAITING}    {left_s} s    Esc stops the robot")

    def _captured(self, trigger: str) -> None:
        action_id = self._action_id
        if not action_id:
            return
        if trigger in self._actions[action_id].triggers:
            self._told = f"{trigger_cap(trigger)} triggers it already."
        else:
            try:
                self._actions.bindings.add(action_id, trigger)
            except (BindingRefusedError, TriggerError) as error:
                self._told = f"Not bound: {error}."
            else:
                self._told = f"Bound to {trigger_cap(trigger)}."
        self.refresh()

    def _take(self, owner: str, trigger: str) -> None:
        self._actions.bindings.take(owner, trigger)
        self.settled.emit()

    def _remove(self, trigger: str) -> None:
        self.settled.emit()
        try:
            self._actions.bindings.remove(self._action_id, trigger)
        except BindingRefusedError as error:
            self._told = f"{error}."
            self.refresh()

    def _chip(self, trigger: str) -> QPushButton:
        cap = trigger_cap(trigger)
        if self._action_id == STOP_ACTION and trigger == STOP_TRIGGER:
            chip = _button(cap, "Escape always stops", lambda: self._remove(trigger))
        else:
            chip = _button(f"{cap}   ✕", f"Remove {cap}", lambda: self._remove(trigger))
        return chip

    def _settle(self, conflict: Conflict) -> QWidget:
        here = self._action_id
        cap, other = trigger_cap(conflict.trigger), conflict.other
        line = QWidget()
        row = QHBoxLayout(line)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(tokens.steps(2))
        words = f"{cap} also means “{self._actions[other].title}”, so it does neither. Keep it for"
        if STOP_ACTION in (here, other):
            words = f"{cap} also means “{self._actions[other].title}”; it only stops. Keep it for"
        row.addWidget(Label(words).fit())
        for owner in (here, other):
            title = self._actions[owner].title
            row.addWidget(
                _button(title, f"Keep {cap} for {title}", partial(self._take, owner, conflict.trigger))
            )
        row.addStretch()
        return line


def _button(words: str, tip: str, act: Callable[[], None]) -> QPushButton:
    button = QPushButton(words)
    button.setFont(tokens.font())
    button.setFixedHeight(tokens.CONTROL_HEIGHT_PX - tokens.steps(1))
    button.setToolTip(tip)
    button.setAccessibleName(tip)
    button.clicked.connect(lambda _=False: act())
    return button


def _clear(layout: QLayout) -> None:
    while (item := layout.takeAt(0)) is not None:
        if (widget := item.widget()) is not None:
            widget.hide()
            widget.deleteLater()
