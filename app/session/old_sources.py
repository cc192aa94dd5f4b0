"""Who drove in episodes recorded before they said so themselves: counted from their rows while nobody waits."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import replace

from app.session.view import EpisodeView
from recordings import EpisodeInfo, RecordingError
from recordings.sources import read_sources

TURN_S = 0.05
"""How long one turn may count: what the operator asks for comes between two."""

SourceRows = tuple[tuple[str, int], ...]


class OldSources:
    """Remembers what was counted; each episode is counted once. One thread at a time may use it."""

    def __init__(self) -> None:
        self._counted: dict[str, SourceRows] = {}

    def fill(self, view: EpisodeView) -> EpisodeView:
        """The view with what was counted of it."""
        rows = self._counted.get(view.episode_id, ())
        return replace(view, source_rows=rows) if rows and not view.source_rows else view

    def count(self, infos: Iterable[EpisodeInfo]) -> bool:
        """Count for one turn; says whether anything was counted, and so may be left."""
        until_s = time.monotonic() + TURN_S
        counted = False
        for info in infos:
            if info.id in self._counted or not info.complete or info.counts.sources or not info.counts.ticks:
                continue
            if counted and time.monotonic() >= until_s:
                break
            try:
                self._counted[info.id] = tuple(read_sources(info.path).items())
            except (RecordingError, OSError, ValueError):
                self._counted[info.id] = ()  # damaged; `verify` says so, the hours leave it out
            counted = True
        return counted
