"""The guided calibration as the Robot page shows it: choose, one step at a time, look it over, write."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QShowEvent
from PyQt6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from app.calibration.wizard import Phase, Wizard
from app.gui import tokens
from app.gui.actions import Actions
from app.gui.calibration.choose_view import ChooseView
from app.gui.calibration.review_view import ReviewView
from app.gui.calibration.saver import Saver
from app.gui.calibration.step_view import StepView
from app.gui.calibration.written_view import WrittenView
from app.gui.second_press import SecondPress
from app.gui.session_protocol import SessionLike
from app.gui.theme import Theme
from app.gui.told_keys import with_keys
from app.gui.widgets.action_button import ActionButton
from app.gui.widgets.label import Label
from app.runtime import config_dir
from app.session.view import Snapshot
from drivers.calibration.procedure import HomeStep, MoveStep, PoseStep, Step

CALIBRATION_KEYS = "calibration"
"""The page whose keys count while this is shown."""

_ARMS_FALL = (
    "The arms fall when their servos let go. Hold them, or let them rest, "
    "then press again ({calibrate.let_go})."
)


class CalibrationPage(QWidget):
    """Shows a wizard, and writes what it found.

    Attributes:
        wizard: the state machine.
        profile_wanted: with the path of a profile that the operator wants to go on with.

    Args:
        session: what is calibrated.
        theme: colours and icons.
        leave: goes back to where it was opened from.
        profiles_dir: where copies of shipped profiles go, in place of the user's.
    """

    profile_wanted = pyqtSignal(str)

    def __init__(
        self,
        session: SessionLike,
        theme: Theme,
        *,
        leave: Callable[[], None],
        profiles_dir: Path | None = None,
    ) -> None:
        super().__init__()
        self.setObjectName("ground")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._session = session
        self._theme = theme
        self._leave = leave
        self.wizard = Wizard(session.profile, session)
        self.saver = Saver(session.profile_source, session.profile, profiles_dir or config_dir() / "profiles")
        self.saver.saved.connect(self._saved)
        self.saver.failed.connect(self._failed)
        self._let_go = SecondPress()
        self._snapshot: Snapshot | None = None
        self._path = ""
        self._phase: Phase | None = None
        self._buttons: list[ActionButton] = []
        self.where = Label(dim=True)
        self.trouble = Label(bold=True, wrap=True)
        self.trouble.setMinimumHeight(tokens.steps(6))

    def build(self, actions: Actions) -> None:
        """Lay out, once the actions (which read this page's state) are registered."""
        self._actions = actions
        self.choose = ChooseView(self._session.profile, self.wizard)
        self.choose.toggled.connect(self._toggled)
        self.steps = StepView(self._session.profile, self._theme, self.wizard, actions)
        self.review = ReviewView(self._theme, self.wizard)
        self.written = WrittenView(actions)
        self.views = QStackedWidget()
        for view in (self.choose, self.steps, self.review, self.written):
            self.views.addWidget(view)
        head = QHBoxLayout()
        head.addWidget(Label("Calibrate", size_px=tokens.TEXT_LARGE_PX, bold=True).fit())
        head.addSpacing(tokens.steps(4))
        head.addWidget(self.where, stretch=1)
        foot = QHBoxLayout()
        foot.setSpacing(tokens.steps(2))
        for name in ("back", "skip", "all", "pose", "move", "let_go"):
            foot.addWidget(self._button(actions, name))
        foot.addStretch()
        foot.addWidget(self._button(actions, "cancel"))
        self.next = self._button(actions, "next", hue=tokens.GOOD, ink=tokens.ON_ALARM)
        self.next.set_lit(True)
        foot.addWidget(self.next)
        column = QVBoxLayout(self)
        column.setContentsMargins(*([tokens.steps(5)] * 4))
        column.setSpacing(tokens.steps(4))
        column.addLayout(head)
        column.addWidget(self.views, stretch=1)
        column.addWidget(self.trouble)
        column.addLayout(foot)
        self._show()

    # -- what the actions ask ------------------------------------------------------------------------------------------

    @property
    def can_go_on(self) -> bool:
        """Whether there is a next thing to do."""
        wizard = self.wizard
        if wizard.phase is Phase.REVIEW:
            return bool(wizard.changes)
        return wizard.phase is not Phase.WRITING and not (self.asks and wizard.moved)

    @property
    def asks(self) -> bool:
        """Whether an answer is awaited."""
        return isinstance(self.wizard.step, MoveStep)

    def showEvent(self, event: QShowEvent | None) -> None:
        """It has just been opened: keys work here at once."""
        super().showEvent(event)
        self._show()
        self._take_focus(self.wizard.phase)

    def go_on(self) -> None:
        """Begin, move, take, write, or use what was written, whichever comes next."""
        wizard = self.wizard
        if wizard.phase is Phase.CHOOSE:
            wizard.begin()
        elif wizard.phase is Phase.STEP:
            if self.asks and not wizard.moved:
                wizard.move()
            else:
                wizard.take()
        elif wizard.phase is Phase.REVIEW:
            if wizard.begin_writing():
                self.saver.save(wizard.changes, wizard.done)
        elif wizard.phase is Phase.WRITTEN:
            self.profile_wanted.emit(self._path)
            return
        self._show()

    def back(self) -> None:
        """To the step before."""
        self._do(self.wizard.back)

    def skip(self) -> None:
        """Leave this part out."""
        self._do(self.wizard.skip)

    def move_robot(self) -> None:
        """Let the robot move."""
        self._do(self.wizard.move)

    def choose_all(self) -> None:
        """Everything, or nothing."""
        self._do(self.wizard.choose_all)

    def next_reference(self) -> None:
        """Another pose for the arms' zeros."""
        self._do(self.wizard.next_reference)

    def answer(self, number: int) -> None:
        """Give an answer, from 0."""
        self._do(lambda: self.wizard.answer(number))

    def let_go_or_power(self) -> None:
        """Power the servos if they are let go of here; else let them go, at the second press in a row."""
        if self.wizard.let_go:
            self.wizard.power()
        elif self._let_go.press():
            self.wizard.release()
        else:
            self.wizard.trouble = _ARMS_FALL
        self._show()

    def cancel(self) -> None:
        """Give it up, or, where nothing has begun, leave."""
        if self.wizard.phase is Phase.CHOOSE:
            self.wizard.cancel()
            self._leave()
        elif self.wizard.phase is Phase.WRITTEN:
            self.wizard.start_over()
            self._leave()
        else:
            self.wizard.cancel()
        self._show()

    def pause(self) -> None:
        """Another page is shown: the robot stands still and holds itself."""
        self._let_go.forget()
        self.wizard.pause()

    def end(self) -> None:
        """The window goes: nothing half done stays behind."""
        self.wizard.cancel()
        self.saver.finish()

    # -- following -----------------------------------------------------------------------------------------------------

    def apply(self, snapshot: Snapshot) -> None:
        """Take in a snapshot, shown or not: a stop ends the calibration wherever one looks."""
        self._snapshot = snapshot
        self.wizard.apply(snapshot)
        if self.isVisible():
            self._show()

    def _do(self, wish: Callable[[], None]) -> None:
        self._let_go.forget()
        wish()
        self._show()

    def _toggled(self, procedure_id: str) -> None:
        self._do(lambda: self.wizard.toggle(procedure_id))

    def _saved(self, path: str, backup: str) -> None:
        self._path = path
        self.written.show_saved(path, backup)
        self.wizard.end_writing()
        self._show()

    def _failed(self, why: str) -> None:
        self.wizard.end_writing(error=why)
        self._show()

    def _show(self) -> None:
        wizard = self.wizard
        phase = wizard.phase
        view = {
            Phase.CHOOSE: self.choose,
            Phase.STEP: self.steps,
            Phase.REVIEW: self.review,
            Phase.WRITING: self.review,
            Phase.WRITTEN: self.written,
        }[phase]
        if self.views.currentWidget() is not view:
            self.views.setCurrentWidget(view)
        if phase is not self._phase:
            self._phase = phase
            if self.isVisible():
                self._take_focus(phase)
        if phase is Phase.CHOOSE:
            self.choose.show_choice()
        elif phase is Phase.STEP:
            self.steps.show_step(self._snapshot)
        elif phase is Phase.REVIEW:
            self.review.show_changes()
        self.where.say(self._place())
        self.trouble.say(with_keys(f"⚠ {wizard.trouble}", self._actions) if wizard.trouble else "")
        self._name_buttons(phase)

    def _take_focus(self, phase: Phase) -> None:
        if phase is Phase.CHOOSE:
            self.choose.take_focus()
        elif phase is Phase.REVIEW:
            self.review.take_focus()
        else:
            self.setFocus()

    def _place(self) -> str:
        wizard = self.wizard
        if wizard.procedure is not None:
            number, count = wizard.place
            return f"{wizard.procedure.title}   ·   step {number} of {count}"
        return {
            Phase.REVIEW: "Nothing is written yet",
            Phase.WRITING: "Writing",
            Phase.WRITTEN: self._session.profile.name,
        }.get(wizard.phase, self._session.profile.name)

    def _name_buttons(self, phase: Phase) -> None:
        step = self.wizard.step
        shown = {
            "back": phase in (Phase.STEP, Phase.REVIEW),
            "skip": phase is Phase.STEP,
            "all": phase is Phase.CHOOSE,
            "pose": phase is Phase.CHOOSE and bool(self._session.profile.arms),
            "move": self.wizard.can_move and (not self.asks or self.wizard.moved),
            "let_go": isinstance(step, PoseStep) and (step.let_go or self.wizard.let_go),
            "cancel": True,
            "next": not (self.asks and self.wizard.moved),
        }
        titles = {
            "next": {
                Phase.CHOOSE: "Begin",
                Phase.STEP: _next_title(step),
                Phase.REVIEW: "Write the profile",
                Phase.WRITING: "Writing",
                Phase.WRITTEN: "Use it now",
            }[phase],
            "cancel": {Phase.CHOOSE: "Leave", Phase.WRITTEN: "Done"}.get(phase, "Cancel"),
            "let_go": "Power the servos" if self.wizard.let_go else "Let the servos go",
            "move": "Move again" if self.asks else _move_title(step),
        }
        for button in self._buttons:
            name = button.action_id.removeprefix("calibrate.")
            button.setVisible(shown[name])
            if name in titles:
                button.set_title(titles[name])
                button.setAccessibleName(titles[name])
            button.refresh()

    def _button(
        self, actions: Actions, name: str, *, hue: str = "", ink: str = tokens.ON_HUE
    ) -> ActionButton:
        button = ActionButton(actions[f"calibrate.{name}"], self._theme, hue=hue, ink=ink)
        self._buttons.append(button)
        return button


def _next_title(step: Step | None) -> str:
    if isinstance(step, MoveStep):
        return "Let the robot move"
    return "Go on" if isinstance(step, HomeStep) else "Take"


def _move_title(step: Step | None) -> str:
    if isinstance(step, PoseStep):
        return "Let the robot close it" if step.opening < 0.5 else "Let the robot open it"
    if isinstance(step, HomeStep):
        return "Look for the zero"
    return "Let the robot move"
