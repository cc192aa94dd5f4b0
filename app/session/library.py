"""The dataset as the window sees it: listing, trash, annotation, loading an episode to replay; off every fast path."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from app.session.old_sources import OldSources
from app.session.view import EpisodeView
from recordings import Dataset, EpisodeInfo, Outcome


@dataclass(frozen=True, slots=True)
class Shelf:
    """The episodes of a dataset, newest first, and those in its trash."""

    episodes: tuple[EpisodeView, ...] = ()
    trashed: tuple[EpisodeView, ...] = ()


class Library:
    """Works on the dataset in one thread of its own.

    Args:
        data_dir: the dataset's folder; it is created when the first episode is.
        failed: told what could not be done, and why, in one line.
    """

    def __init__(self, data_dir: Path, failed: Callable[[str], None]) -> None:
        self._data_dir = data_dir
        self._failed = failed
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="library")
        self._dataset: Dataset | None = None
        self._views: dict[str, tuple[EpisodeInfo, EpisodeView]] = {}
        self._old_sources = OldSources()
        self._closing = False
        self._waiting = 0
        self._counting = threading.Lock()
        self.shelf = Shelf()

    def refresh(self) -> None:
        """Read the list again."""
        self._submit(lambda dataset: None)

    def trash(self, episode_id: str) -> None:
        """Put an episode into the trash."""
        self._submit(lambda dataset: dataset.trash(episode_id))

    def restore(self, episode_id: str) -> None:
        """Take an episode out of the trash."""
        self._submit(lambda dataset: dataset.restore(episode_id))

    def delete(self, episode_ids: tuple[str, ...]) -> None:
        """Delete episodes from the trash for good, one by one, so that the list shows how far it is."""
        for episode_id in episode_ids:
            self._submit(partial(_delete, episode_id), list_after=True)

    def annotate(
        self,
        episode_id: str,
        *,
        outcome: str | None = None,
        notes: str | None = None,
        tags: tuple[str, ...] | None = None,
    ) -> None:
        """Change what is said of an episode; None leaves a field as it is."""

        def change(dataset: Dataset) -> None:
            if outcome is not None:
                dataset.set_outcome(episode_id, Outcome(outcome))
            if notes is not None:
                dataset.set_notes(episode_id, notes)
            if tags is not None:
                dataset.set_tags(episode_id, tags)

        self._submit(change)

    def load_actions(self, episode_id: str, loaded: Callable[[int, bytes], None]) -> None:
        """Read the actions that were sent in an episode, and hand them on as rows and little-endian float32 bytes."""

        def load(dataset: Dataset) -> None:
            sent = np.asarray(dataset.episode(episode_id).action.sent, "<f4")
            loaded(len(sent), sent.tobytes())

        self._submit(load)

    def run(self, work: Callable[[], None]) -> None:
        """Do something else that may take a while, in the same thread; an error becomes a line on screen."""
        self._worker.submit(work).add_done_callback(self._tell)

    def close(self) -> None:
        """Finish what was asked, and end."""
        with self._counting:
            self._closing = True
        self._worker.shutdown(wait=True)

    def _submit(self, work: Callable[[Dataset], None], *, list_after: bool = False) -> None:
        """Do something with the dataset and list it anew: at once, or when nothing else waits to be done with it."""
        with self._counting:
            self._waiting += 1
        self.run(lambda: self._with_dataset(work, list_after=list_after))

    def _tell(self, work: Future[None]) -> None:
        error = work.exception()
        if error is not None:
            self._failed(str(error))

    def _with_dataset(self, work: Callable[[Dataset], None], *, list_after: bool) -> None:
        with self._counting:
            self._waiting -= 1
            last = not self._waiting
        if not (self._data_dir / "zarr.json").exists():
            return  # the first episode makes the dataset
        if self._dataset is None:
            self._dataset = Dataset.open(self._data_dir, create=False)
        try:
            work(self._dataset)
        finally:  # what was done before it is listed even when this cannot be done
            if last or list_after:
                self._list(self._dataset)

    def _list(self, dataset: Dataset) -> None:
        infos, dropped = dataset.episodes(), dataset.trashed()
        views = {info.id: (info, self._view(info)) for info in (*infos, *dropped)}
        self._views = views
        self.shelf = Shelf(_newest_first(infos, views), _newest_first(dropped, views))
        with self._counting:
            if not self._closing and not self._waiting:
                self._worker.submit(self._count_sources, dataset, (*reversed(infos), *dropped))

    def _count_sources(self, dataset: Dataset, infos: tuple[EpisodeInfo, ...]) -> None:
        """One turn of counting who drove in old episodes, newest first; what is asked for goes before the next."""
        if not self._closing and self._old_sources.count(infos):
            self._list(dataset)

    def _view(self, info: EpisodeInfo) -> EpisodeView:
        """An episode's line; the very same one while nothing about it changes."""
        held = self._views.get(info.id)
        view = held[1] if held is not None and held[0] is info else episode_view(info)
        return self._old_sources.fill(view)


def _newest_first(
    infos: list[EpisodeInfo], views: dict[str, tuple[EpisodeInfo, EpisodeView]]
) -> tuple[EpisodeView, ...]:
    return tuple(views[info.id][1] for info in sorted(infos, key=lambda info: info.id, reverse=True))


def _delete(episode_id: str, dataset: Dataset) -> None:
    dataset.delete(episode_id)


def episode_view(info: EpisodeInfo) -> EpisodeView:
    """An episode's line in the list."""
    return EpisodeView(
        episode_id=info.id,
        task=info.task,
        outcome=str(info.outcome),
        started_at=info.started_at,
        duration_s=info.duration_s,
        complete=info.complete,
        damage=damage_of(info),
        tags=info.tags,
        notes=info.notes,
        operator=info.operator,
        home=info.environment.home,
        room=info.environment.room,
        scene=info.environment.scene,
        bytes_written=info.bytes_written,
        source_rows=tuple(info.counts.sources.items()),
    )


def damage_of(info: EpisodeInfo) -> str:
    """What is wrong with an episode, in words; empty when nothing is."""
    if info.problem is not None:
        return info.problem
    if not info.complete and not info.recording:
        return f"cut short; mend it with: understudy data repair {info.id}"
    return "repaired" if info.repaired else ""
