"""What a reviewer is to look at next, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations
from pathlib import Path

from recordings.dataset import Dataset
from recordings.labels.agreement import frame_kappa
from recordings.labels.journal import read_history
from recordings.labels.label import Progress
from recordings.labels.stamped import StampedCache
from recordings.labels.store import FINAL, LabelStore
from recordings.labels.view import EpisodeLabels

LEAST_KAPPA = 0.8
"""Below this two reviewers' work is told as differing. It is a convention for good agreement, no law."""

_FINISHED = frozenset({Progress.DONE, Progress.ACCEPTED})


class Reason(StrEnum):
    """Why an episode is in the queue; the more pressing first."""

    REJECTED = "rejected"
    FLAGGED = "flagged"
    DIFFERING = "differing"
    BEGUN = "begun"
    UNLABELLED = "unlabelled"


_ORDER = tuple(Reason)


@dataclass(frozen=True)
class Item:
    """An episode to look at.

    Attributes:
        episode_id: Its id.
        reasons: At least one, the most pressing first.
        words: As many, each reason in words.
        kappa: The lowest agreement of two reviewers who are done with it; None where there are no two.
    """

    episode_id: str
    reasons: tuple[Reason, ...]
    words: tuple[str, ...]
    kappa: float | None = None


class ReviewQueue:
    """Works out the queue of a reviewer; again, it reads only what has changed. One thread at a time may use it.

    Args:
        dataset: The recordings.
        store: Their labels.
    """

    def __init__(self, dataset: Dataset, store: LabelStore) -> None:
        self._dataset = dataset
        self._store = store
        self._labels: StampedCache[EpisodeLabels] = StampedCache(_labels_of)
        self._kappas: dict[tuple[str, str, str], tuple[EpisodeLabels, EpisodeLabels, float | None]] = {}

    def read(self, reviewer: str, *, least_kappa: float = LEAST_KAPPA) -> tuple[Item, ...]:
        """What there is to do, the most pressing first.

        It is work of the reviewer's that was rejected; what anybody has flagged; where two who are done agree too
        little and nobody has decided; what the reviewer has begun; and has not begun. Of one reason, the least
        agreement comes first, then the oldest. Episodes that are not whole are left out.

        For `FINAL`, whose labels are decided and not made, only what two reviewers have done counts as not begun.

        Args:
            reviewer: By name.
            least_kappa: Below this, two reviewers agree too little.

        Raises:
            ReviewerNameRefused: No reviewer can be called so.
            OSError: The disk refuses it.
        """
        self._store.journal_path(reviewer, "")  # refuses a name that is none
        names = sorted({*self._store.reviewers(), reviewer})
        items = []
        for info in self._dataset.episodes():
            if not info.complete:
                continue
            found = {
                name: labels
                for name in names
                if (labels := self._labels.get(self._store.journal_path(name, info.id))) is not None
                and len(labels)
            }
            kappa, pair = self._least_agreement(info.id, found)
            why = _why(reviewer, found, kappa, pair, least_kappa)
            if why:
                reasons = tuple(sorted(why, key=_ORDER.index))
                items.append(Item(info.id, reasons, tuple(why[reason] for reason in reasons), kappa))
        return tuple(sorted(items, key=_pressing))

    def _least_agreement(
        self, episode_id: str, found: Mapping[str, EpisodeLabels]
    ) -> tuple[float | None, tuple[str, str] | None]:
        least: tuple[float, tuple[str, str]] | None = None
        for pair in combinations(_finished(found), 2):
            kappa = self._kappa(episode_id, pair, found)
            if kappa is not None and (least is None or kappa < least[0]):
                least = (kappa, pair)
        return least if least is not None else (None, None)

    def _kappa(
        self, episode_id: str, pair: tuple[str, str], found: Mapping[str, EpisodeLabels]
    ) -> float | None:
        one, other = found[pair[0]], found[pair[1]]
        held = self._kappas.get((episode_id, *pair))
        if held is None or held[0] is not one or held[1] is not other:
            held = (one, other, frame_kappa(one, other))
            self._kappas[(episode_id, *pair)] = held
        return held[2]


def _why(
    reviewer: str,
    found: Mapping[str, EpisodeLabels],
    kappa: float | None,
    pair: tuple[str, str] | None,
    least_kappa: float,
) -> dict[Reason, str]:
    why: dict[Reason, str] = {}
    own = found.get(reviewer)
    progress = own.episode.progress if own is not None else None
    if own is not None and progress is Progress.REJECTED:
        comment = own.episode.comment.strip()
        why[Reason.REJECTED] = f"the work was rejected{': ' + comment if comment else ''}"
    flagged = [name for name, labels in found.items() if labels.episode.flagged]
    if flagged:
        why[Reason.FLAGGED] = f"flagged by {', '.join(flagged)}"
    if kappa is not None and pair is not None and kappa < least_kappa and FINAL not in found:
        why[Reason.DIFFERING] = f"{pair[0]} and {pair[1]} agree to κ {kappa:.2f} only"
    if progress is Progress.OPEN:
        why[Reason.BEGUN] = "begun, not done"
    elif own is None and reviewer != FINAL:
        others = [name for name in found if name != FINAL]
        why[Reason.UNLABELLED] = (
            f"labelled by {', '.join(others)} only" if others else "nobody has labelled it"
        )
    elif own is None and len(_finished(found)) > 1:
        why[Reason.UNLABELLED] = f"nobody has decided between {', '.join(_finished(found))}"
    return why


def _finished(found: Mapping[str, EpisodeLabels]) -> list[str]:
    return [name for name, labels in found.items() if name != FINAL and labels.episode.progress in _FINISHED]


def _pressing(item: Item) -> tuple[int, float, str]:
    return _ORDER.index(item.reasons[0]), item.kappa if item.kappa is not None else 2.0, item.episode_id


def _labels_of(path: Path) -> EpisodeLabels:
    return read_history(path).labels
