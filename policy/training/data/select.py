"""Which episodes of a dataset are learned from, and why each other one is not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from policy.training.recipe import Control, Data, Where
from recordings import Dataset, EpisodeInfo, Outcome
from recordings.labels import EpisodeLabels, LabelStore


@dataclass(frozen=True)
class Chosen:
    """An episode that the filters let through; it has not been opened yet.

    Attributes:
        path: Its folder.
        info: What its attributes say.
        labels: Those to train on; None where nobody has labelled it, or nobody has decided.
    """

    path: Path
    info: EpisodeInfo
    labels: EpisodeLabels | None


@dataclass(frozen=True)
class LeftOut:
    """An episode that is not learned from.

    Attributes:
        episode_id: Its id.
        why: In a few words that many episodes share, to be counted by.
        detail: What is particular to this one.
    """

    episode_id: str
    why: str
    detail: str = ""


@dataclass(frozen=True)
class Selection:
    """What became of each episode of a dataset.

    Attributes:
        dataset: Its folder.
        chosen: Those to learn from, by id.
        left_out: The others, by id.
    """

    dataset: Path
    chosen: tuple[Chosen, ...]
    left_out: tuple[LeftOut, ...] = field(default=())

    @property
    def reasons(self) -> list[tuple[str, int]]:
        """Why episodes were left out, and how many for each reason, the most frequent first."""
        return Counter(one.why for one in self.left_out).most_common()

    def told(self) -> str:
        """In one line: `demos: 480 of 500 episodes; left out: 20 judged failure`."""
        total = len(self.chosen) + len(self.left_out)
        line = f"{self.dataset.name}: {len(self.chosen)} of {total} episodes"
        reasons = ", ".join(f"{count} {why}" for why, count in self.reasons)
        return f"{line}; left out: {reasons}" if reasons else line


def select(data: Data, *filters: Where) -> Selection:
    """Apply a recipe's filters to a dataset's episodes, from their attributes and labels alone.

    Args:
        data: One with a `dataset`; its own filter counts too.
        filters: Further ones, such as a stage's: an episode has to pass all.

    Raises:
        NotADataset: There is none.
        OSError: The disk refuses it.
    """
    dataset = Dataset.open(data.path)
    store = LabelStore(data.path)
    chosen, left_out = [], []
    for info in dataset.episodes():
        unfit = _unfit(info)
        labels = None if unfit else store.best(info.id)
        outcome = judged(info, labels)
        unfit = unfit or next(
            filter(None, (_refused(info, outcome, where) for where in (data.where, *filters))), None
        )
        if unfit is None:
            chosen.append(Chosen(info.path, info, labels))
        else:
            left_out.append(LeftOut(info.id, unfit, info.problem or ""))
    return Selection(data.path, tuple(chosen), tuple(left_out))


def controls_of(data: Data, *filters: Where) -> tuple[Control, ...]:
    """Whose rows count, where a stage narrows what its data say."""
    allowed = [where.control for where in filters if where.control is not None]
    return tuple(control for control in data.controls if all(control in some for some in allowed))


def _unfit(info: EpisodeInfo) -> str | None:
    """Why nothing may ever be learned from an episode."""
    if info.problem is not None:
        return "cannot be read"
    if info.recording:
        return "being recorded"
    if not info.complete:
        return "incomplete (repair completes them)"
    if info.evaluation:
        return "of evaluations"
    return None


def judged(info: EpisodeInfo, labels: EpisodeLabels | None) -> Outcome:
    """How an episode ended: by its labels, or else by the operator."""
    labelled = labels.episode.outcome if labels is not None else Outcome.UNSET
    return labelled if labelled is not Outcome.UNSET else info.outcome


def _refused(info: EpisodeInfo, outcome: Outcome, where: Where) -> str | None:
    """Why a filter leaves an episode out."""
    if where.outcome and outcome not in where.outcome:
        return "not judged yet" if outcome is Outcome.UNSET else f"judged {outcome.value}"
    if where.longest_s is not None and info.duration_s > where.longest_s:
        return f"longer than {where.longest_s:g} s"
    if where.tags and not set(where.tags) & set(info.tags):
        return f"without any tag of {_listed(where.tags)}"
    if found := set(where.without_tags) & set(info.tags):
        return f"tagged {_listed(sorted(found))}"
    if where.tasks and info.task not in where.tasks:
        return "of other tasks"
    return None


def _listed(names: Iterable[str]) -> str:
    return " or ".join(names)
