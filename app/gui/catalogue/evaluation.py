"""Comparing variants of the high level: begin, pause, judge, take away."""

from __future__ import annotations

from collections.abc import Callable

from app.evaluation.results import Outcome
from app.evaluation.view import State
from app.gui.actions import Action, Actions
from app.gui.catalogue.groups import EVALUATION
from app.gui.pages.evaluation import EvaluationPage


def add_evaluation(actions: Actions, page: EvaluationPage) -> None:
    """What can be done on the Evaluation page."""

    def judging(outcome: Outcome) -> Callable[[], None]:
        return lambda: page.judge(outcome)

    def exporting(kind: str) -> Callable[[], None]:
        return lambda: page.desk.export(kind)

    def no_run() -> str:
        return "" if page.running else "No evaluation runs."

    def no_judging() -> str:
        return "" if page.judgeable else "There is no trial to judge by hand."

    actions.add(
        Action(
            id="evaluation.begin",
            title="Begin the trials",
            group=EVALUATION,
            key="B",
            steady_key="Ctrl+B",
            page="evaluation",
            run=page.begin,
            enabled=lambda: not page.no_begin,
            why_not=lambda: page.no_begin,
            icon="mdi6.play",
        ),
        Action(
            id="evaluation.pause",
            title="Pause after this trial, or go on",
            group=EVALUATION,
            key="P",
            page="evaluation",
            run=page.pause_or_go_on,
            enabled=lambda: not no_run(),
            why_not=no_run,
            icon="mdi6.pause",
        ),
        Action(
            id="evaluation.end",
            title="End now; this trial is done again on resuming",
            group=EVALUATION,
            key="E",
            page="evaluation",
            run=lambda: page.desk.stop(),
            enabled=lambda: not no_run(),
            why_not=no_run,
            icon="mdi6.stop",
        ),
        Action(
            id="evaluation.resume",
            title="Resume the chosen one",
            group=EVALUATION,
            key="U",
            page="evaluation",
            run=page.resume,
            enabled=lambda: not page.no_resume,
            why_not=lambda: page.no_resume,
            icon="mdi6.play-protected-content",
        ),
        Action(
            id="evaluation.scene",
            title="The scene is in order",
            group=EVALUATION,
            key="G",
            page="evaluation",
            run=lambda: page.desk.scene_ready(),
            enabled=lambda: page.state is State.SCENE,
            why_not=lambda: "No trial waits for its scene.",
            icon="mdi6.check",
        ),
        *(
            Action(
                id=f"evaluation.{name}",
                title=title,
                group=EVALUATION,
                key=key,
                page="evaluation",
                run=judging(outcome),
                enabled=lambda: not no_judging(),
                why_not=no_judging,
                icon=icon,
            )
            for name, title, key, outcome, icon in (
                ("success", "Judge the trial: success", "S", Outcome.SUCCESS, "mdi6.check-bold"),
                ("failure", "Judge the trial: failure", "F", Outcome.FAILURE, "mdi6.close-thick"),
                ("skip", "Judge the trial: skip it", "N", Outcome.SKIPPED, "mdi6.debug-step-over"),
            )
        ),
        *(
            Action(
                id=f"evaluation.{kind}",
                title=title,
                group=EVALUATION,
                key=key,
                page="evaluation",
                run=exporting(kind),
                enabled=lambda: not page.no_export,
                why_not=lambda: page.no_export,
                icon="mdi6.download",
            )
            for kind, title, key in (
                ("csv", "Export the trials as CSV", "X"),
                ("json", "Export everything as JSON", "J"),
            )
        ),
    )
