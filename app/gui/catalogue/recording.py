"""Going from one episode to the next: begin, judge, discard, take back; and saying what is collected."""

from __future__ import annotations

from collections.abc import Callable

from app.gui.actions import Action, Actions
from app.gui.catalogue.groups import RECORDING
from app.gui.collecting import Collecting


def add_recording(
    actions: Actions,
    collecting: Collecting,
    *,
    commit: Callable[[], None],
    edit_task: Callable[[], None],
    edit_plan: Callable[[], None],
    edit_scene: Callable[[], None],
) -> None:
    """One action for each thing that can be wished of an episode, and for the plan.

    Args:
        actions: where they are registered.
        collecting: does them.
        commit: hands over what is typed but not yet given, before an episode begins with it.
        edit_task: puts the cursor into the task.
        edit_plan: opens the plan, or closes it.
        edit_scene: opens the plan with the cursor in the scene.
    """

    def judge(outcome: str) -> Callable[[], None]:
        return lambda: collecting.judge(outcome)

    def begin() -> None:
        commit()
        collecting.begin()

    def begin_at_once() -> None:
        commit()
        collecting.begin_at_once()

    actions.add(
        Action(
            id="record.start",
            title="Record",
            group=RECORDING,
            key="R",
            steady_key="Ctrl+R",
            page="drive",
            run=begin,
            enabled=collecting.can_begin,
            icon="mdi6.record",
        ),
        Action(
            id="record.now",
            title="Record at once, whatever the robot does",
            group=RECORDING,
            key="Shift+R",
            page="drive",
            run=begin_at_once,
            enabled=collecting.can_begin_at_once,
        ),
        Action(
            id="record.success",
            title="Success",
            group=RECORDING,
            key="S",
            steady_key="Ctrl+S",
            page="drive",
            run=judge("success"),
            enabled=collecting.can_judge,
        ),
        Action(
            id="record.failure",
            title="Failure",
            group=RECORDING,
            key="F",
            steady_key="Ctrl+F",
            page="drive",
            run=judge("failure"),
            enabled=collecting.can_judge,
        ),
        Action(
            id="record.drop",
            title="Discard",
            group=RECORDING,
            key="Backspace",
            page="drive",
            run=collecting.discard,
            enabled=collecting.can_discard,
        ),
        Action(
            id="record.end",
            title="End, judge later",
            group=RECORDING,
            key="N",
            steady_key="Ctrl+N",
            page="drive",
            run=judge("unset"),
            enabled=collecting.can_judge,
            icon="mdi6.stop",
        ),
        Action(
            id="record.take_back",
            title="Take back the last episode, or bring it back",
            group=RECORDING,
            key="B",
            steady_key="Ctrl+B",
            page="drive",
            run=collecting.take_back,
            enabled=collecting.can_take_back,
            icon="mdi6.undo",
        ),
        Action(
            id="task.edit",
            title="Say what is shown",
            group=RECORDING,
            key="/",
            steady_key="Ctrl+E",
            page="drive",
            run=edit_task,
        ),
        Action(
            id="plan.edit",
            title="Plan: place, operator, number, timings",
            group=RECORDING,
            key="P",
            steady_key="Ctrl+P",
            page="drive",
            run=edit_plan,
            icon="mdi6.tune-variant",
        ),
        Action(
            id="scene.edit",
            title="Name a new scene",
            group=RECORDING,
            key="E",
            page="drive",
            run=edit_scene,
            icon="mdi6.map-marker-plus-outline",
        ),
    )
