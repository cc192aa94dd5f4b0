"""What was changed about episodes, so that the last change can be taken back; free of Qt."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace

from app.gui.episodes.card import FLAG_TAG
from app.gui.session_protocol import SessionLike
from app.gui.wording import counted
from app.session.view import EpisodeView

KEPT = 200


@dataclass(frozen=True, slots=True)
class Change:
    """One act on one or more episodes.

    Attributes:
        what: in words, as of the act: "Judged 3 episodes: success".
        before: the episodes as they were.
        outcome, tags, notes, trash: which of these the act changed.
        utc_ns: when, ns since 1970.
    """

    what: str
    before: tuple[EpisodeView, ...]
    outcome: bool = False
    tags: bool = False
    notes: bool = False
    trash: bool = False
    utc_ns: int = 0


class Changes:
    """Hands changes to the session and keeps how it was before. Undo has no limit but `KEPT` acts."""

    def __init__(self, session: SessionLike) -> None:
        self._session = session
        self._done: list[Change] = []
        self._left_trash: frozenset[str] = frozenset()  # asked for, though the list may not show it yet

    @property
    def last(self) -> Change | None:
        """What undo takes back."""
        return self._done[-1] if self._done else None

    def judge(self, episodes: Iterable[EpisodeView], outcome: str) -> None:
        """Say how episodes went."""
        changed = tuple(episodes)  # also those that seem to be judged so: an earlier wish may be on its way
        for episode in changed:
            self._session.annotate_episode(episode.episode_id, outcome=outcome)
        word = "not judged" if outcome == "unset" else outcome
        self._keep(Change(f"Judged {counted(len(changed), 'episode')}: {word}", changed, outcome=True))

    def retag(
        self, episodes: Iterable[EpisodeView], *, add: Iterable[str] = (), remove: Iterable[str] = ()
    ) -> None:
        """Give episodes tags, and take others from them."""
        added, removed = tuple(add), frozenset(remove)
        changed = []
        for episode in episodes:
            kept = tuple(tag for tag in episode.tags if tag not in removed)
            tags = kept + tuple(tag for tag in added if tag not in kept)
            if tags != episode.tags:
                self._session.annotate_episode(episode.episode_id, tags=tags)
                changed.append(episode)
        self._keep(
            Change(f"Changed the tags of {counted(len(changed), 'episode')}", tuple(changed), tags=True)
        )

    def flag(self, episodes: Iterable[EpisodeView]) -> None:
        """Flag episodes or, when all of them are flagged, take the flags away."""
        meant = tuple(episodes)
        if all(FLAG_TAG in episode.tags for episode in meant):
            self.retag(meant, remove=(FLAG_TAG,))
        else:
            self.retag(meant, add=(FLAG_TAG,))

    def note(self, episode: EpisodeView, notes: str) -> None:
        """Replace the notes."""
        if notes != episode.notes:
            self._session.annotate_episode(episode.episode_id, notes=notes)
            self._keep(Change("Changed the notes of 1 episode", (episode,), notes=True))

    def trash(self, episodes: Iterable[EpisodeView]) -> None:
        """Put episodes into the trash."""
        gone = tuple(episodes)
        for episode in gone:
            self._session.trash_episode(episode.episode_id)
        self._left_trash -= {episode.episode_id for episode in gone}
        self._keep(Change(f"Put {counted(len(gone), 'episode')} into the trash", gone, trash=True))

    def restore(self, episode: EpisodeView) -> None:
        """Take an episode out of the trash; undo has nothing to do with it any more."""
        self._session.restore_episode(episode.episode_id)
        self.forget((episode.episode_id,))

    def forget(self, episode_ids: Iterable[str]) -> None:
        """These left the trash: undo cannot restore them."""
        gone = frozenset(episode_ids)
        self._left_trash |= gone
        kept = []
        for change in self._done:
            before = tuple(e for e in change.before if not change.trash or e.episode_id not in gone)
            if before:
                kept.append(replace(change, before=before))
        self._done = kept

    def can_undo(self, trashed: tuple[EpisodeView, ...]) -> bool:
        """Whether `undo` would do something."""
        return bool(self._done) or self._newest_dropped(trashed) is not None

    def undo(self, trashed: tuple[EpisodeView, ...]) -> str:
        """Take the last change back; says which, or nothing when there is none.

        Args:
            trashed: what the trash holds now, newest first. With nothing else to take back, the newest is restored:
                it may have been dropped elsewhere.
        """
        if self._done:
            change = self._done.pop()
            for episode in change.before:
                self._take_back(change, episode)
            return f"Taken back: {change.what[:1].lower()}{change.what[1:]}"
        dropped = self._newest_dropped(trashed)
        if dropped is None:
            return ""
        self.restore(dropped)
        return "Taken back: put 1 episode into the trash"

    def _newest_dropped(self, trashed: tuple[EpisodeView, ...]) -> EpisodeView | None:
        return next((e for e in trashed if e.episode_id not in self._left_trash), None)

    def _take_back(self, change: Change, episode: EpisodeView) -> None:
        if change.trash:
            self._session.restore_episode(episode.episode_id)
            self._left_trash |= {episode.episode_id}
            return
        self._session.annotate_episode(
            episode.episode_id,
            outcome=episode.outcome if change.outcome else None,
            notes=episode.notes if change.notes else None,
            tags=episode.tags if change.tags else None,
        )

    def _keep(self, change: Change) -> None:
        if change.before:
            self._done = [*self._done[1 - KEPT :], replace(change, utc_ns=time.time_ns())]
