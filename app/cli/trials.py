"""Watches a running evaluation from a terminal: tells each trial, and hands on what a person answers."""

from __future__ import annotations

import os
import select
import sys
import time
from typing import TYPE_CHECKING

from app.cli.progress import Progress

if TYPE_CHECKING:
    from app.evaluation.evaluator import Evaluator
    from app.evaluation.view import EvaluationView, ResultView
    from app.session import Session

POLL_S = 0.05
ANSWERS = {"s": "success", "f": "failure", "k": "skipped"}


def watch(session: Session, evaluator: Evaluator, *, always_progress: bool) -> None:
    """Keep the session going, tell what happens, and hand a person's answers on, until everything is done."""
    told, errors = len(evaluator.view.results), set[tuple[str, int]]()
    typed = _Typed()
    asked: tuple[int, int, str] = (0, 0, "")
    with Progress("trials", total=evaluator.view.planned, always=always_progress) as progress:
        while evaluator.running or told < len(evaluator.view.results):
            session.beat()
            view = evaluator.view
            for result in view.results[told:]:
                progress.clear()
                print(told_result(result, view), file=sys.stderr)
            told = len(view.results)
            for notice in session.snapshot().notices:
                if notice.level == "error" and (notice.key, notice.since_ns) not in errors:
                    errors.add((notice.key, notice.since_ns))
                    progress.clear()
                    print(f"understudy: {notice.what}", file=sys.stderr)
            if view.trial is not None:
                progress.update(view.done, f"{view.trial.task}, seed {view.trial.seed}: {view.trial.step}")
                question = question_of(view)
                if question and asked != (view.trial.number, view.trial.attempt, question):
                    asked = (view.trial.number, view.trial.attempt, question)
                    progress.clear()
                    print(question, file=sys.stderr)
            elif view.paused_because and asked != (0, 0, view.paused_because):
                asked = (0, 0, view.paused_because)
                progress.clear()
                print(f"paused: {view.paused_because}; Enter goes on", file=sys.stderr)
            if (line := typed.line()) is not None:
                answer(evaluator, view, line)
            time.sleep(POLL_S)


def end(session: Session, evaluator: Evaluator) -> None:
    """Have the evaluation end while the session is kept going, so that the robot comes to hold in good order."""
    evaluator.stop()
    while evaluator.running:
        session.beat()
        time.sleep(POLL_S)
    evaluator.close()


def question_of(view: EvaluationView) -> str:
    """What a person at the terminal is asked now; empty for nothing."""
    trial = view.trial
    if trial is None:
        return ""
    if view.state.value == "scene":
        return (
            f"trial {trial.number} of {view.planned}, {trial.task}: put the scene in order, then press Enter"
        )
    if trial.judgeable:
        return (
            f"trial {trial.number} of {view.planned}, {trial.task}: s success, f failure, k skip, then Enter"
        )
    return ""


def answer(evaluator: Evaluator, view: EvaluationView, line: str) -> None:
    """Hand on what a person typed."""
    from app.evaluation.results import Outcome

    if view.state.value == "scene":
        evaluator.scene_ready()
    elif view.state.value == "paused":
        evaluator.go_on()
    elif view.trial is not None and line in ANSWERS:
        evaluator.judge(Outcome(ANSWERS[line]), number=view.trial.number)


def told_result(result: ResultView, view: EvaluationView) -> str:
    """A try in one line."""
    variant = f", {result.variant}" if result.variant else ""
    again = f" (try {result.attempt})" if result.attempt > 1 else ""
    why = f": {result.reason}" if result.reason else ""
    return (
        f"{result.number} of {view.planned}: {result.task}{variant}, seed {result.seed}{again}: {result.outcome}"
        f" after {result.duration_s:.1f} s{why}"
    )


class _Typed:
    """Lines from the terminal, without waiting for them."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._begun = b""
        self._open = True

    def line(self) -> str | None:
        """The next line that was typed, or None."""
        if self._open:
            self._read()
        return self._lines.pop(0) if self._lines else None

    def _read(self) -> None:
        # Past Python's buffer: what lies in that would not show as ready.
        try:
            handle = sys.stdin.fileno()
            if not select.select([handle], [], [], 0)[0]:
                return
            read = os.read(handle, 4096)
        except (OSError, ValueError):
            self._open = False  # there is no terminal
            return
        self._open = bool(read)
        *lines, self._begun = (self._begun + read).split(b"\n")
        self._lines += [line.decode(errors="replace").strip().lower() for line in lines]
