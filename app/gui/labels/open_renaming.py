"""Renaming in labels that are open in this window, which nobody else can write; free of Qt."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from app.gui.labels.desk import Journal, LabelDesk
from recordings.labels import Change, EpisodeLabels
from recordings.labels.renaming import Changed, Left, Renamed, texts_before

_LOOK_S = 0.01
_AGAIN_S = 0.1
_NOT_READ = "it was open in this window and could not be read in time; rename once more"


class OpenRenaming:
    """One renaming, of all labels that the window opens until it is done everywhere.

    It is asked for in one episode and may be waited for in another: whatever is open is changed by the window's thread
    (`follow`), and all else on the disk by another one (`everywhere`).

    Args:
        desk: with the labels that are open.
        changes_of: what is to be changed in some labels, by reviewer and episode.
        what: in a word or two, for undo.
        meant: whether the labels on the desk are of the dataset in which it was asked for.
    """

    def __init__(
        self,
        desk: LabelDesk,
        changes_of: Callable[[Journal, EpisodeLabels], Sequence[Change]],
        what: str,
        *,
        meant: Callable[[], bool],
    ) -> None:
        self._desk = desk
        self._changes_of = changes_of
        self._what = what
        self._meant = meant
        self._seen: set[Journal] = set()
        self._done: dict[Journal, Changed] = {}

    def follow(self) -> None:
        """Change what is open, once; called again and again by the window's thread."""
        desk, journal = self._desk, self._desk.journal
        if not self._meant():
            return
        if desk.ready or desk.opening:
            self._seen.add(journal)
        else:
            self._seen.discard(journal)  # another window writes it, so it is left like any other
        if not desk.ready or journal in self._done:
            return
        changes = self._changes_of(journal, desk.kept_labels)
        if changes:
            desk.do(changes, self._what)
        self._done[journal] = Changed(*journal, len(changes), texts_before(changes))

    def everywhere(self, once: Callable[[Collection[Journal]], Renamed], *, wait_s: float) -> Renamed:
        """Do it on the disk too; for a thread of its own.

        Args:
            once: does it in all labels apart from these.
            wait_s: how long labels that were open here meanwhile, and could not be changed yet, are waited for.

        Returns:
            What came of it on the disk and in the window.
        """
        passed_over = self._open_here
        first = done = once(passed_over)
        changed = list(done.changed)
        until_s = time.monotonic() + wait_s
        while missed := self._missed(passed_over, done, until_s):
            if time.monotonic() > until_s:
                break
            time.sleep(_AGAIN_S)
            passed_over = self._open_here
            done = once(passed_over)
            changed += done.changed
        own = [one for one in tuple(self._done.values()) if one.labels]
        left = [one for one in done.left if (one.reviewer, one.episode_id) not in self._done]
        told = {(one.reviewer, one.episode_id) for one in left}
        left += [Left(*journal, _NOT_READ) for journal in sorted(missed - told)]
        return replace(first, changed=(*own, *changed), left=tuple(left))

    def _missed(self, passed_over: set[Journal], done: Renamed, until_s: float) -> set[Journal]:
        """What was open here and is not done, once the window has had the time to do what is open now."""
        while self._open_here - self._done.keys() and time.monotonic() < until_s:
            time.sleep(_LOOK_S)
        in_use = {(one.reviewer, one.episode_id) for one in done.left if one.in_use}
        open_here = passed_over | {journal for journal in in_use if journal in self._seen}
        return open_here - self._done.keys()

    @property
    def _open_here(self) -> set[Journal]:
        is_ours = self._meant() and (self._desk.ready or self._desk.opening)
        return {self._desk.journal} if is_ours else set()
