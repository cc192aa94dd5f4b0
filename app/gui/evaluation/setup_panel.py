"""What is to be tried: tasks, variants, kitchens, the time each trial has, and who judges."""

from __future__ import annotations

from collections.abc import Iterable

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QGridLayout, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from app.autonomy.choice import PolicyChoice, PolicyKind
from app.evaluation.plan import Judge, Plan, PlanError, VariantName, make_plan
from app.evaluation.tasks import judged_tasks
from app.gui import tokens
from app.gui.evaluation.wording import VARIANT_WORDS, plan_words, policy_words
from app.gui.widgets.choice import Choice
from app.gui.widgets.label import Label
from app.gui.widgets.plan_fields import CountEdit, SecondsEdit
from app.gui.widgets.tick_box import TickBox
from app.gui.wording import sentence
from app.session.view import Snapshot

KITCHENS, TIME_LIMIT_S = 10, 120.0
COMPARED = (VariantName.HIERARCHICAL, VariantName.IMPLICIT)
"""Ticked at first: what needs nobody else."""


class SetupPanel(QWidget):
    """A plan in the making.

    Args:
        profile: what the session's robot is named by.

    Attributes:
        plan: what is chosen; None while it cannot be carried out.
        problem: why not.
        total: how much it is, or the problem; for the page to place where it is always seen.
    """

    def __init__(self, profile: str) -> None:
        super().__init__()
        self._profile = profile
        self._choice: PolicyChoice | None = None
        self._simulated = True
        self._speed = 1.0
        self._known: tuple[object, ...] | None = None
        self.plan: Plan | None = None
        self.problem = ""
        self.tasks = {task: _tick(task) for task in judged_tasks()}
        self.other_task = QLineEdit()
        self.other_task.setFont(tokens.font())
        self.other_task.setPlaceholderText("Another task, judged by hand")
        self.other_task.setAccessibleName("Another task")
        self.other_task.setFixedHeight(tokens.CONTROL_HEIGHT_PX)
        self.variants = {name: _tick(name.value, tip=VARIANT_WORDS[name]) for name in VariantName}
        for name in COMPARED:
            self.variants[name].setChecked(True)
        self.kitchens = CountEdit("Kitchens", zero="none")
        self.kitchens.setValue(KITCHENS)
        self.first_seed = CountEdit("First seed", zero="0")
        self.time_limit = SecondsEdit("Time limit", zero="none")
        self.time_limit.setValue(TIME_LIMIT_S)
        self.judge = Choice(
            "Judged by", [(Judge.WORLD.value, "The world"), (Judge.PERSON.value, "By hand, blind")]
        )
        self.judge.show_value(Judge.WORLD.value)
        self._policy = Label(size_px=tokens.TEXT_SMALL_PX, dim=True, wrap=True)
        self.total = Label(size_px=tokens.TEXT_SMALL_PX, wrap=True)
        self._lay_out()
        for tick in (*self.tasks.values(), *self.variants.values()):
            tick.toggled.connect(self._changed)
        for field in (self.kitchens, self.first_seed, self.time_limit):
            field.valueChanged.connect(self._changed)
        self.other_task.textChanged.connect(self._changed)
        self.judge.picked.connect(self._changed)
        self._changed()

    def apply(self, snapshot: Snapshot, choice: PolicyChoice | None) -> None:
        """Follow the policy that is chosen, and what kind of robot this is."""
        if choice is None and snapshot.simulated:
            choice = PolicyChoice(kind=PolicyKind.SCRIPTED)
        known = (choice, snapshot.simulated, snapshot.speed)
        if known == self._known:
            return
        self._known = known
        self._choice, self._simulated = choice, snapshot.simulated
        # The trials move no faster than the robot is allowed to now.
        self._speed = snapshot.speed
        self._policy.say(policy_words(choice))
        for tick in self.tasks.values():
            tick.setVisible(snapshot.simulated)
        self.judge.setVisible(snapshot.simulated)
        if not snapshot.simulated:
            self.judge.show_value(Judge.PERSON.value)
        self._changed()

    def _wanted(self) -> Iterable[str]:
        if self._simulated:
            yield from (task for task, tick in self.tasks.items() if tick.isChecked())
        if self.other_task.text().strip():
            yield self.other_task.text()

    def _changed(self) -> None:
        self.plan, self.problem = None, ""
        try:
            self.plan = self._make()
        except PlanError as error:
            self.problem = str(error)
        self.total.say(sentence(self.problem) if self.plan is None else plan_words(self.plan))

    def _make(self) -> Plan:
        if self._choice is None:
            raise PlanError("no policy is loaded; choose one in Settings")
        first = self.first_seed.value()
        judge = Judge(self.judge.value)
        typed = self.other_task.text().strip()
        if typed and judge is Judge.WORLD and typed not in self.tasks:
            raise PlanError("the world cannot judge another task; judge by hand, or leave it out")
        return make_plan(
            profile=self._profile,
            tasks=tuple(self._wanted()),
            variants=[name for name, tick in self.variants.items() if tick.isChecked()],
            choice=self._choice,
            seeds=range(first, first + self.kitchens.value()),
            time_limit_s=self.time_limit.value(),
            judge=judge,
            speed=self._speed,
        )

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(tokens.steps(1))
        column.addWidget(_caption("Tasks"))
        for tick in self.tasks.values():
            column.addWidget(tick)
        column.addWidget(self.other_task)
        column.addSpacing(tokens.steps(2))
        column.addWidget(_caption("Who names the subtasks"))
        grid = QGridLayout()
        grid.setSpacing(tokens.steps(1))
        for number, tick in enumerate(self.variants.values()):
            grid.addWidget(tick, number // 2, number % 2)
        column.addLayout(grid)
        column.addSpacing(tokens.steps(2))
        row = QHBoxLayout()
        row.setSpacing(tokens.steps(2))
        for words, field in (
            ("Kitchens", self.kitchens),
            ("First seed", self.first_seed),
            ("Time limit", self.time_limit),
        ):
            part = QVBoxLayout()
            part.setSpacing(tokens.steps(1))
            part.addWidget(_caption(words))
            part.addWidget(field)
            row.addLayout(part, stretch=1)
        column.addLayout(row)
        column.addSpacing(tokens.steps(2))
        column.addWidget(_caption("Judged by"))
        column.addWidget(self.judge)
        column.addSpacing(tokens.steps(2))
        column.addWidget(self._policy)
        column.addStretch()


def _caption(words: str) -> Label:
    return Label(words, size_px=tokens.TEXT_SMALL_PX, dim=True)


def _tick(words: str, *, tip: str = "") -> TickBox:
    tick = TickBox(words)
    tick.setFont(tokens.font())
    tick.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    tick.setToolTip(tip)
    return tick
