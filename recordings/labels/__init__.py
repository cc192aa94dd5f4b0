"""Labels of recordings: read them with `LabelStore(dataset).best(episode_id)`, change them with `.edit(reviewer, ...)`.

`edits` and `boxes` work out what an action changes.
"""

from recordings.labels.editor import LabelEditor
from recordings.labels.edits import UnknownLabel
from recordings.labels.history import Change, History, Step
from recordings.labels.journal import LabelJournal, LabelsGone, LabelsInUse
from recordings.labels.label import (
    BoxKey,
    BoxLabel,
    EpisodeLabel,
    Label,
    Origin,
    Progress,
    Seen,
    SpanLabel,
    State,
    Tier,
    new_id,
)
from recordings.labels.store import BEST, FINAL, LabelStore, ReviewerNameRefused
from recordings.labels.view import EpisodeLabels

__all__ = [
    "BEST",
    "FINAL",
    "BoxKey",
    "BoxLabel",
    "Change",
    "EpisodeLabel",
    "EpisodeLabels",
    "History",
    "Label",
    "LabelEditor",
    "LabelJournal",
    "LabelStore",
    "LabelsGone",
    "LabelsInUse",
    "Origin",
    "Progress",
    "ReviewerNameRefused",
    "Seen",
    "SpanLabel",
    "State",
    "Step",
    "Tier",
    "UnknownLabel",
    "new_id",
]
