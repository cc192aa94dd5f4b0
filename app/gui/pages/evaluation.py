"""Evaluation: seeded trials of tasks under several high levels, their table, and those that were done before."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PyQt6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from app.autonomy.choice import PolicyChoice
from app.evaluation.desk import Desk, DeskView
from app.evaluation.report import notes, progress_table
from app.evaluation.results import Outcome
from app.evaluation.rig import SimWorld
from app.evaluation.view import EvaluationView, State
from app.gui import tokens
from app.gui.actions import Actions
from app.gui.camera_order import camera_rank
from app.gui.evaluation.bars import ComparisonBars
from app.gui.evaluation.earlier_list import EarlierList
from app.gui.evaluation.setup_panel import SetupPanel
from app.gui.evaluation.trial_card import TrialCard
from app.gui.evaluation.trial_table import TrialTable
from app.gui.evaluation.wording import HIDDEN, head_words
from app.gui.pages.page import Page
from app.gui.picture_scaler import PictureScaler
from app.gui.session_protocol import SessionLike
from app.gui.theme import Theme
from app.gui.widgets.action_button import ActionButton
from app.gui.widgets.camera_tile import CameraTile
from app.gui.widgets.key_label import KeyLabel
from app.gui.widgets.label import Label, rule
from app.gui.widgets.mark import Mark
from app.gui.widgets.scroll import scrolled
from app.gui.wording import sentence
from app.session.view import Snapshot
from drivers.profile.schema import RobotProfile

_EARLIER_PX = 92


class EvaluationPage(Page):
    """At the left what the trials came to; at the right what is to be tried, or the trial under way.

    Args:
        session: the robot.
        theme: colours and icons.
        choice: the policy that is chosen in the window; None while none is.
        desk: the evaluations; made for the session where none is given.
    """

    page_id = "evaluation"
    title = "Evaluation"
    key = "Ctrl+5"
    icon = "mdi6.scale-balance"

    def __init__(
        self,
        session: SessionLike,
        theme: Theme,
        *,
        choice: Callable[[], PolicyChoice | None] = lambda: None,
        desk: Desk | None = None,
    ) -> None:
        super().__init__()
        self._theme = theme
        self._choice = choice
        self._scaler = PictureScaler(session.frame)
        self._eye = _eye_of(session.profile, theme)
        if desk is None:
            snapshot, runtime_dir = session.snapshot(), session.runtime_dir
            world = (lambda: SimWorld(runtime_dir)) if snapshot.simulated else None
            desk = Desk(session, Path(snapshot.dataset), world=world)
        self.desk = desk
        self._view = DeskView()
        self._buttons: list[ActionButton] = []
        self.setup = SetupPanel(session.profile_source)
        self.bars = ComparisonBars(theme)
        self.table = TrialTable(theme)
        self.earlier = EarlierList()
        self._head = Label(size_px=tokens.TEXT_TITLE_PX, bold=True)
        self._notes = Label(size_px=tokens.TEXT_SMALL_PX, dim=True, wrap=True)
        self._told = Label(size_px=tokens.TEXT_PX, wrap=True)

    def build(self, actions: Actions) -> None:
        """Lay out, once every action is registered."""
        self.card = TrialCard(actions, self._theme, eye=self._eye)
        self._buttons = [
            ActionButton(actions["evaluation.pause"], self._theme, title="Pause"),
            ActionButton(actions["evaluation.end"], self._theme, title="End"),
            ActionButton(actions["evaluation.csv"], self._theme, title="CSV"),
            ActionButton(actions["evaluation.json"], self._theme, title="JSON"),
        ]
        head = QHBoxLayout()
        head.setSpacing(tokens.steps(2))
        head.addWidget(self._head, stretch=1)
        for button in self._buttons:
            head.addWidget(button)
        results = QWidget()
        column = QVBoxLayout(results)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(tokens.steps(2))
        column.addWidget(self.bars)
        column.addWidget(self._notes)
        column.addWidget(self.table, stretch=1)
        self._body = QStackedWidget()
        self._body.addWidget(self._build_nothing(actions))
        self._body.addWidget(results)
        main = QVBoxLayout()
        main.setContentsMargins(*([tokens.steps(4)] * 4))
        main.setSpacing(tokens.steps(3))
        main.addLayout(head)
        main.addWidget(self._told)
        main.addWidget(self._body, stretch=1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addLayout(main, stretch=1)
        row.addWidget(self._build_side(actions))
        self.earlier.chosen.connect(self.desk.open)
        self._show()

    # -- what the actions ask and do -----------------------------------------------------------------------------------

    @property
    def running(self) -> bool:
        """Whether an evaluation runs."""
        return self._view.running

    @property
    def state(self) -> State | None:
        """Where it stands; None while none runs."""
        shown = self._view.shown
        return shown.state if shown is not None and self._view.running else None

    @property
    def judgeable(self) -> bool:
        """Whether a person may judge the trial on screen."""
        shown = self._view.shown
        return shown is not None and shown.trial is not None and shown.trial.judgeable and self.running

    @property
    def no_begin(self) -> str:
        """Why none can be begun; empty when one can."""
        if self.running or self._view.busy:
            return "An evaluation runs. End it first."
        return sentence(self.setup.problem)

    @property
    def no_resume(self) -> str:
        """Why the chosen one cannot be resumed; empty when it can."""
        listed = self.earlier.chosen_listed
        if self.running or self._view.busy:
            return "An evaluation runs. End it first."
        if listed is None:
            return "Choose an earlier evaluation first."
        return "It is complete." if not listed.damage and listed.done >= listed.planned else ""

    @property
    def no_export(self) -> str:
        """Why there is nothing to export; empty when there is."""
        shown = self._view.shown
        if shown is None or not shown.results:
            return "There are no results yet."
        return "The variants are hidden until every trial is judged." if shown.hidden else ""

    def begin(self) -> None:
        """Begin what is set up."""
        if self.setup.plan is not None:
            self.desk.begin(self.setup.plan)

    def resume(self) -> None:
        """Go on with the chosen one."""
        self.desk.resume(self.earlier.chosen_id)

    def pause_or_go_on(self) -> None:
        """Pause after this trial, or go on."""
        if self.state in (State.PAUSED, State.PAUSING):
            self.desk.go_on()
        else:
            self.desk.pause()

    def judge(self, outcome: Outcome) -> None:
        """Judge the trial on screen."""
        shown = self._view.shown
        if shown is not None and shown.trial is not None:
            self.desk.judge(outcome, number=shown.trial.number)

    # -- following -----------------------------------------------------------------------------------------------------

    def apply(self, snapshot: Snapshot) -> None:
        """Follow the evaluation and the policy that is loaded."""
        self._view = self.desk.view
        if not self.running:
            self.setup.apply(snapshot, self._choice())
        elif self._eye is not None:
            eye = self._eye
            frame = self._scaler.newest({eye.name: eye.picture_size})[eye.name]
            eye.apply(next((camera for camera in snapshot.cameras if camera.name == eye.name), None), frame)
        self._show()

    def entered(self) -> None:
        """The list is read again."""
        self.desk.refresh()

    def left(self) -> None:
        """No picture is scaled for a page that nobody sees. What runs runs on."""
        self._scaler.stop()

    def ended(self) -> None:
        """The window closes: so does what runs."""
        self.desk.close()

    def _show(self) -> None:
        view = self._view
        self._told.say(sentence(view.refusal or view.told))
        self._told.setVisible(bool(view.refusal or view.told))
        self._side.setCurrentIndex(1 if view.running and view.shown is not None else 0)
        self._body.setCurrentIndex(1 if view.shown is not None else 0)
        self.earlier.show_listed(view.listed)
        if view.shown is None:
            self._head.say("Evaluation")
        else:
            self._show_results(view.shown)
        for button in (*self._buttons, *self._side_buttons):
            button.refresh()

    def _show_results(self, shown: EvaluationView) -> None:
        self._head.say(head_words(shown))
        self.bars.show_summary(shown.summary)
        lines = list(notes(shown.summary)) if shown.summary is not None else [f"The variants are {HIDDEN}."]
        if shown.summary is not None and (progress := progress_table(shown.summary)) is not None:
            lines += [f"Progress, {row[0]}: {row[-1]} of the parts" for row in progress[1]]
        if shown.error:
            lines.insert(0, sentence(shown.error))
        self._notes.say("\n".join((*shown.told, *lines)))
        self.table.trials.show(shown.results)
        if self.running:
            self.card.show_view(shown)

    def _build_side(self, actions: Actions) -> QWidget:
        begin = ActionButton(actions["evaluation.begin"], self._theme)
        resume = ActionButton(actions["evaluation.resume"], self._theme)
        self._side_buttons = [begin, resume]
        setting_up = QWidget()
        column = QVBoxLayout(setting_up)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(tokens.steps(2))
        column.addWidget(scrolled(self.setup), stretch=1)
        column.addWidget(self.setup.total)
        column.addWidget(begin)
        column.addWidget(rule())
        column.addWidget(Label("Earlier evaluations", size_px=tokens.TEXT_SMALL_PX, dim=True))
        self.earlier.setFixedHeight(_EARLIER_PX)
        column.addWidget(self.earlier)
        column.addWidget(resume)
        self._side = QStackedWidget()
        self._side.addWidget(setting_up)
        self._side.addWidget(scrolled(self.card))
        side = QWidget()
        side.setObjectName("side")
        side.setFixedWidth(tokens.SIDE_WIDTH_PX)
        around = QVBoxLayout(side)
        around.setContentsMargins(*([tokens.steps(4)] * 4))
        around.addWidget(self._side)
        return side

    def _build_nothing(self, actions: Actions) -> QWidget:
        empty = QWidget()
        column = QVBoxLayout(empty)
        column.setSpacing(tokens.steps(3))
        column.addStretch()
        column.addWidget(Mark(self.icon, self._theme))
        for number, words in enumerate(_FIRST_STEPS):
            label = KeyLabel(
                words,
                actions,
                size_px=tokens.TEXT_PX if number else tokens.TEXT_TITLE_PX,
                bold=not number,
                dim=bool(number),
                wrap=True,
            )
            column.addWidget(label)
        column.addStretch()
        return empty


def _eye_of(profile: RobotProfile, theme: Theme) -> CameraTile | None:
    """The camera that sees most of what is done."""
    for name in sorted(profile.cameras, key=camera_rank)[:1]:
        camera = profile.cameras[name]
        return CameraTile(name, theme, aspect=camera.width_px / camera.height_px)
    return None


_FIRST_STEPS = (
    "Which high level does better?",
    "Choose tasks, and who names their subtasks. Every variant meets the same kitchens, in an order that is drawn "
    "once; press {evaluation.begin} to begin.",
    "The simulated world judges by itself. By hand, the variant stays hidden until every trial is judged: "
    "{evaluation.success} success, {evaluation.failure} failure, {evaluation.skip} skip.",
    "What is done is kept trial by trial. One that was ended, or cut off, is chosen at the right and goes on with "
    "{evaluation.resume}.",
)
