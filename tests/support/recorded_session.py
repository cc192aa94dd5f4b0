"""A session of make-believe data whose episodes are really on the disk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from app.session.library import episode_view
from app.session.view import Snapshot
from recordings import Dataset, Outcome
from tests.recordings.recorded import spec, write
from tests.support.fake_session import FakeSession


class RecordedSession(FakeSession):
    """Lists the episodes of a dataset, newest first."""

    def __init__(self, folder: Path) -> None:
        super().__init__(moving=False)
        self._folder = folder
        self.episodes = tuple(episode_view(info) for info in reversed(Dataset.open(folder).episodes()))

    def snapshot(self) -> Snapshot:
        return replace(super().snapshot(), dataset=str(self._folder))


def record_set(folder: Path, *, ticks: Sequence[int]) -> Path:
    """A dataset with an episode of so many ticks each."""
    dataset = Dataset.open(folder, create=True)
    for count in ticks:
        writer = dataset.create_episode(spec())
        write(writer, ticks=count)
        writer.close(Outcome.UNSET)
        writer.wait_settled()
    return dataset.path
