"""What trials came to: shares with Wilson's intervals, under the names that a report looks for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.evaluation.statistics import Interval, mean_of_rates, wilson
from app.kitchen_trials.alone import EVERYTHING, AloneTrial
from app.kitchen_trials.bench import Trial
from app.kitchen_trials.told import ToldTrial, names_object

HIERARCHICAL = "hierarchical"


@dataclass(frozen=True, slots=True)
class Share:
    """How often something came off.

    Attributes:
        interval: the share, and the ends of its interval of 95 %.
        n: trials.
    """

    interval: Interval
    n: int

    def values(self, name: str) -> dict[str, float]:
        """`<name>`, `<name>_n`, `<name>_low` and `<name>_high`."""
        found = self.interval
        return {
            name: found.estimate,
            f"{name}_n": self.n,
            f"{name}_low": found.low,
            f"{name}_high": found.high,
        }


def shares_of(trials: Sequence[Trial]) -> dict[str, Share]:
    """By the figure's name, in a report's order; what was not tried is left out."""
    told = [trial for trial in trials if isinstance(trial, ToldTrial)]
    alone = [trial for trial in trials if isinstance(trial, AloneTrial)]
    shares = _of_told([trial for trial in told if trial.heard is None], "success")
    shares |= _of_told([trial for trial in told if trial.heard is not None], "success_spoken")
    named = [right for trial in told if (right := names_object(trial)) is not None]
    if named:
        shares["named_object_correct"] = _share(named)
    for task, variant in dict.fromkeys((trial.task, trial.variant) for trial in alone):
        outcomes = [trial.succeeded for trial in alone if (trial.task, trial.variant) == (task, variant)]
        shares[alone_key(task, variant)] = _share(outcomes)
    return shares


def _of_told(trials: Sequence[ToldTrial], name: str) -> dict[str, Share]:
    """Of each subtask, and their mean; nothing where none was told."""
    shares = {}
    counts = []
    for subtask in dict.fromkeys(trial.subtask for trial in trials):
        outcomes = [trial.succeeded for trial in trials if trial.subtask == subtask]
        shares[f"{name}_{_key(subtask)}"] = _share(outcomes)
        counts.append((float(sum(outcomes)), len(outcomes)))
    if counts:
        mean = "success_told_mean" if name == "success" else f"{name}_mean"
        shares[mean] = Share(mean_of_rates(counts), len(trials))
    return shares


def alone_key(task: str, variant: str) -> str:
    """`success_alone` for everything into the sink by the policy's own high level; others say what they are."""
    parts = ["success_alone"]
    parts += [_key(task)] if task != EVERYTHING else []
    parts += [variant] if variant != HIERARCHICAL else []
    return "_".join(parts)


def figures_of(trials: Sequence[Trial]) -> dict[str, float]:
    """Every share as flat numbers."""
    return {
        name: value for key, share in shares_of(trials).items() for name, value in share.values(key).items()
    }


def _share(outcomes: Sequence[bool]) -> Share:
    return Share(wilson(sum(outcomes), len(outcomes)), len(outcomes))


def _key(words: str) -> str:
    return words.replace(" ", "_")
