"""The subtask of each row: a reviewer's where there are labels, else what was told while recording."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recordings.episode import Episode
from recordings.labels import EpisodeLabels, SpanLabel, Tier
from recordings.lerobot.grid import EpisodeLeftOut, Grid
from recordings.lerobot.records import LanguageRow

RECORDED = "recorded"
NOBODY = "nobody"


@dataclass(frozen=True)
class Subtasks:
    """Subtasks of an episode's N rows.

    Attributes:
        by: Whose they are: the reviewer asked for, `RECORDED` or `NOBODY`.
        texts: All of them, by number.
        rows: (N,) int32 number of each row's, -1 where there is none.
    """

    by: str
    texts: tuple[str, ...]
    rows: NDArray[np.int32]

    @property
    def starts(self) -> tuple[LanguageRow, ...]:
        """Where each begins, and with an empty text where one ends and none follows."""
        if not len(self.rows):
            return ()
        begins = np.flatnonzero(np.diff(self.rows, prepend=-1))
        return tuple(LanguageRow(self.text(int(row)), int(row)) for row in begins)

    @property
    def without_row(self) -> int:
        """How many lie between two rows."""
        return len(set(range(len(self.texts))) - set(self.rows.tolist())) if self.by != RECORDED else 0

    def text(self, row: int) -> str:
        """A row's subtask; empty for none."""
        number = int(self.rows[row])
        return self.texts[number] if number >= 0 else ""


def subtasks_of(episode: Episode, labels: EpisodeLabels | None, grid: Grid, *, reviewer: str) -> Subtasks:
    """The reviewer's subtasks at the rows' times; those under which the actions were sent where there are none.

    Raises:
        EpisodeLeftOut: Actions were sent under a subtask whose text is lost.
        DamagedData: Rows or texts are not those that were written.
    """
    if labels is not None and labels.subtasks:
        texts = tuple(span.text for span in labels.subtasks)
        return Subtasks(reviewer, texts, labels.subtask_rows(grid.time_ns))
    recorded = episode.action.subtask[grid.action]
    texts = episode.subtasks
    if not (recorded >= 0).any():
        return Subtasks(NOBODY, (), np.full(len(grid), -1, np.int32))
    if (last := int(recorded.max())) >= len(texts):
        raise EpisodeLeftOut(
            f"damaged: actions were sent under subtask number {last}, and there are texts of {len(texts)}"
        )
    return Subtasks(RECORDED, texts, recorded)


def utterances_of(labels: EpisodeLabels | None, grid: Grid) -> tuple[LanguageRow, ...]:
    """What was said, by the first row at or after its beginning; what comes after the last row is not among it."""
    spans: tuple[SpanLabel, ...] = labels.spans(Tier.UTTERANCE) if labels is not None else ()
    at = np.searchsorted(grid.time_ns, [span.start_ns for span in spans])
    return tuple(
        LanguageRow(span.text, int(row)) for span, row in zip(spans, at, strict=True) if row < len(grid)
    )
