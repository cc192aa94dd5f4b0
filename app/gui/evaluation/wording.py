"""An evaluation in words; free of Qt."""

from __future__ import annotations

from app.autonomy.choice import PolicyChoice, PolicyKind
from app.evaluation.plan import Judge, Plan, VariantName, trials_of
from app.evaluation.results import Outcome
from app.evaluation.view import EvaluationView, State
from app.gui.wording import counted, length

VARIANT_WORDS = {
    VariantName.HIERARCHICAL: "The policy names its own subtasks",
    VariantName.IMPLICIT: "The task goes straight to the low level",
    VariantName.HUMAN: "You name the subtasks, by voice or key",
    VariantName.REMOTE: "A vision-language model elsewhere names them",
}

STATE_WORDS = {
    State.RUNNING: "Running",
    State.PAUSING: "Pausing after this trial",
    State.PAUSED: "Paused",
    State.SCENE: "Put the scene in order",
    State.JUDGING: "Judge it",
    State.STOPPING: "Ending",
    State.ENDED: "Ended",
    State.FAILED: "Cannot go on",
}

OUTCOME_WORDS = {
    Outcome.SUCCESS: "Success",
    Outcome.FAILURE: "Failure",
    Outcome.SPOILED: "Spoiled by the rig",
    Outcome.SKIPPED: "Skipped",
}

HIDDEN = "hidden until all are judged"


def plan_words(plan: Plan) -> str:
    """How much it is: "2 tasks × 2 variants × 10 kitchens: 40 trials, at most 1 h 20 min"."""
    trials = len(trials_of(plan))
    times = " × ".join(
        (
            counted(len(plan.tasks), "task"),
            counted(len(plan.variants), "variant"),
            counted(len(plan.seeds), "kitchen" if plan.judge is Judge.WORLD else "round"),
        )
    )
    speed = f", at {plan.speed:.0%} speed" if plan.speed < 1 else ""
    return (
        f"{times}: {counted(trials, 'trial')}, at most {length(trials * plan.time_limit_s)} of acting{speed}"
    )


def policy_words(choice: PolicyChoice | None) -> str:
    """Which policy is evaluated."""
    if choice is None:
        return "No policy is loaded; choose one in Settings."
    if choice.kind is PolicyKind.SCRIPTED:
        return "Scripted policy: the scripted operator's motions. It sees the simulated world's true state."
    kind = {
        PolicyKind.CHECKPOINT: "Checkpoint",
        PolicyKind.SERVER: "Server",
        PolicyKind.RANDOM: "Random weights",
    }[choice.kind]
    return f"{kind}: {choice.source}"


def head_words(view: EvaluationView) -> str:
    """The evaluation and how far it is."""
    return f"{STATE_WORDS[view.state]}: {view.done} of {counted(view.planned, 'trial')}"
