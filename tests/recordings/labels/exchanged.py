"""Labels through the files of other programs and back."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

from recordings.labels import EpisodeLabels, History, SpanLabel, Tier
from recordings.labels.formats import EpisodeClock, changes, read
from tests.recordings.labels.any_labels import CLOCK

MS = 1_000_000
NOTHING = EpisodeLabels()
START = CLOCK.start_ns
SLOW = settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))


def at(label_id: str, start_ms: float, end_ms: float, text: str = "", tier: Tier = Tier.SUBTASK) -> SpanLabel:
    return SpanLabel(label_id, tier, START + round(start_ms * MS), START + round(end_ms * MS), text)


def taken_in(
    data: bytes,
    file: str,
    *,
    existing: EpisodeLabels = NOTHING,
    clock: EpisodeClock = CLOCK,
    replace: bool = False,
) -> EpisodeLabels:
    """The labels after a file was imported among them."""
    imported = read(data, clock, file, existing=existing)
    history = History()
    history.labels = existing
    step = history.step(changes(existing, imported, replace=replace)[0], "import", utc_ns=0)
    return history.take(step) if step is not None else existing


def what_counts(labels: EpisodeLabels) -> list[SpanLabel]:
    return sorted((s for tier in Tier for s in labels.spans(tier)), key=lambda s: s.id)


def shown(labels: EpisodeLabels) -> set[tuple[str, int, int, str]]:
    """Accepted spans as a format of milliseconds has them."""
    return {(s.tier, *CLOCK.shown_ms(s.start_ns, s.end_ns), s.text) for s in what_counts(labels)}


def said(data: bytes, file: str, *, existing: EpisodeLabels = NOTHING) -> list[str]:
    """What an import reports."""
    imported = read(data, CLOCK, file, existing=existing)
    return [str(loss) for loss in (*imported.losses, *changes(existing, imported)[1])]
