"""What can be done with the chosen episodes, with the list of them, and with the trash."""

from __future__ import annotations

from collections.abc import Callable

from app.gui.actions import Action, Actions
from app.gui.catalogue.groups import EPISODE, JUDGEMENTS, LIST, TRASH
from app.gui.episodes.changes import Changes
from app.gui.pages.episodes import EpisodesPage
from app.gui.session_protocol import SessionLike
from app.messages import Mode
from app.session.view import EpisodeView, Snapshot


def add_episodes(
    actions: Actions,
    session: SessionLike,
    now: Callable[[], Snapshot],
    page: EpisodesPage,
    changes: Changes,
    *,
    go_to: Callable[[str], None],
    open_episode: Callable[[EpisodeView], None],
    tell: Callable[[str], None],
    undo_newer: Callable[[int], bool] = lambda than_ns: False,
    labels_undoable: Callable[[], bool] = lambda: False,
) -> None:
    """What can be done with the chosen episodes, and undo, which works on every page.

    Args:
        actions: the registry.
        session: replays.
        now: the newest snapshot.
        page: whose episodes are chosen.
        changes: what is done to them.
        go_to: shows a page.
        open_episode: shows an episode.
        tell: says what was undone.
        undo_newer: takes something else back where it is newer than a moment, and says whether it did: a label's step.
        labels_undoable: whether it may have something to take back.
    """

    def chosen() -> bool:
        return bool(page.selected)

    def judge(outcome: str) -> Callable[[], None]:
        return lambda: changes.judge(page.selected, outcome)

    def replay() -> None:
        if (episode := page.chosen) is not None:
            session.replay(episode.episode_id)
            go_to("drive")

    def undo() -> None:
        if not undo_newer(changes.last.utc_ns if changes.last is not None else 0):
            tell(changes.undo(now().trashed))

    def open_chosen() -> None:
        if (episode := page.chosen) is not None:
            open_episode(episode)

    for outcome, title, key in JUDGEMENTS:
        actions.add(
            Action(
                id=f"episode.{outcome}",
                title=title,
                group=EPISODE,
                key=key,
                page="episodes",
                run=judge(outcome),
                enabled=chosen,
            )
        )
    actions.add(
        Action(
            id="episode.open",
            title="Open in the timeline",
            group=EPISODE,
            key="Return",
            page="episodes",
            run=open_chosen,
            enabled=lambda: page.chosen is not None,
            icon="mdi6.play-box-outline",
        ),
        Action(
            id="episode.flag",
            title="Flag, or take the flag away",
            group=EPISODE,
            key="G",
            page="episodes",
            run=lambda: changes.flag(page.selected),
            enabled=chosen,
            icon="mdi6.flag-outline",
        ),
        Action(
            id="episode.replay",
            title="Replay on the robot",
            group=EPISODE,
            key="P",
            page="episodes",
            run=replay,
            enabled=lambda: page.chosen is not None and now().mode is Mode.HOLD and now().ready,
            icon="mdi6.replay",
        ),
        Action(
            id="episode.trash",
            title="Put into the trash",
            group=EPISODE,
            key="Del",
            page="episodes",
            run=lambda: changes.trash(page.selected),
            enabled=chosen,
            icon="mdi6.trash-can-outline",
        ),
        Action(
            id="episode.undo",
            title="Undo the last change",
            group=EPISODE,
            key="Ctrl+Z",
            run=undo,
            enabled=lambda: changes.can_undo(now().trashed) or labels_undoable(),
            icon="mdi6.undo",
        ),
    )
    _add_list(actions, page)
    _add_trash(actions, page)


def _add_list(actions: Actions, page: EpisodesPage) -> None:
    actions.add(
        Action(
            id="episodes.search",
            title="Search the episodes",
            group=LIST,
            key="/",
            steady_key="Ctrl+F",
            page="episodes",
            run=page.focus_search,
            icon="mdi6.magnify",
        ),
        Action(
            id="episodes.filter",
            title="Filter",
            group=LIST,
            key="I",
            page="episodes",
            run=page.open_filters,
            enabled=lambda: not page.in_trash,
            icon="mdi6.filter-variant",
        ),
        Action(
            id="episodes.hours",
            title="Fold or unfold the hours",
            group=LIST,
            key="Y",
            page="episodes",
            run=page.fold_hours,
            icon="mdi6.chart-bar",
        ),
        Action(
            id="episodes.trash",
            title="Show the trash, or the list again",
            group=LIST,
            key="B",
            page="episodes",
            run=lambda: page.show_trash(not page.in_trash),
            icon="mdi6.trash-can-outline",
        ),
    )


def _add_trash(actions: Actions, page: EpisodesPage) -> None:
    def held() -> bool:
        return page.in_trash and bool(page.trash.model.episodes)

    actions.add(
        Action(
            id="trash.restore",
            title="Restore what is chosen",
            group=TRASH,
            key="O",
            page="episodes",
            run=page.trash.restore_chosen,
            enabled=held,
            icon="mdi6.restore",
        ),
        Action(
            id="trash.restore_all",
            title="Restore all",
            group=TRASH,
            key="Ctrl+Shift+O",
            page="episodes",
            run=page.trash.restore_all,
            enabled=held,
        ),
        Action(
            id="trash.reach_empty",
            title="Go to the button that empties the trash; hold Space there",
            group=TRASH,
            key="Ctrl+Del",
            page="episodes",
            run=page.trash.empty_button.setFocus,
            enabled=held,
        ),
    )
