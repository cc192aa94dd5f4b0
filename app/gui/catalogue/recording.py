"""Beginning an episode, and the ways to end it."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from app.gui.actions import Action, Actions
from app.gui.catalogue.groups import RECORDING
from app.gui.session_protocol import SessionLike
from app.gui.widgets.task_edit import TaskEdit
from app.session.view import Snapshot


def add_recording(
    actions: Actions,
    session: SessionLike,
    now: Callable[[], Snapshot],
    task: TaskEdit,
    unfocus: Callable[[], None],
) -> None:
    """Start, and the four ways to end."""

    def aim() -> str:
        return now().collection.aim

    def recording() -> bool:
        return now().recording is not None

    def end(outcome: str) -> Callable[[], None]:
        return lambda: session.judge(outcome, aim=aim())

    def begin_or_end() -> None:
        if recording():
            session.judge("unset", aim=aim())
            return
        task.remember()
        unfocus()
        plan = msgspec.structs.replace(now().collection.plan, task=task.task)
        if plan != now().collection.plan:
            session.set_plan(plan)
        session.begin()

    actions.add(
        Action(
            id="record.start",
            title="Record",
            group=RECORDING,
            key="R",
            steady_key="Ctrl+R",
            page="drive",
            run=begin_or_end,
            enabled=lambda: now().ready,
            icon="mdi6.record",
        ),
        Action(
            id="record.success",
            title="End as success",
            group=RECORDING,
            key="S",
            steady_key="Ctrl+S",
            page="drive",
            run=end("success"),
            enabled=recording,
        ),
        Action(
            id="record.failure",
            title="End as failure",
            group=RECORDING,
            key="F",
            steady_key="Ctrl+F",
            page="drive",
            run=end("failure"),
            enabled=recording,
        ),
        Action(
            id="record.drop",
            title="Drop the recording",
            group=RECORDING,
            key="Backspace",
            page="drive",
            run=end("discard"),
            enabled=recording,
        ),
        Action(
            id="record.end",
            title="End, judge later",
            group=RECORDING,
            key="N",
            steady_key="Ctrl+N",
            page="drive",
            run=end("unset"),
            enabled=recording,
            icon="mdi6.stop",
        ),
        Action(
            id="task.edit",
            title="Say what is shown",
            group=RECORDING,
            key="/",
            steady_key="Ctrl+E",
            page="drive",
            run=task.setFocus,
        ),
    )
