"""What can be done with the chosen episode."""

from __future__ import annotations

from collections.abc import Callable

from app.gui.actions import Action, Actions
from app.gui.catalogue.groups import EPISODE
from app.gui.pages.episodes import EpisodesPage
from app.gui.session_protocol import SessionLike
from app.messages import Mode
from app.session.view import EpisodeView, Snapshot


def add_episodes(
    actions: Actions,
    session: SessionLike,
    now: Callable[[], Snapshot],
    page: EpisodesPage,
    *,
    go_to: Callable[[str], None],
) -> None:
    """What can be done with the chosen episode."""

    def chosen() -> bool:
        return page.chosen is not None

    def with_chosen(act: Callable[[EpisodeView], None]) -> Callable[[], None]:
        def run() -> None:
            if (episode := page.chosen) is not None:
                act(episode)

        return run

    def judge(outcome: str) -> Callable[[], None]:
        return with_chosen(lambda episode: session.annotate_episode(episode.episode_id, outcome=outcome))

    def replay(episode: EpisodeView) -> None:
        session.replay(episode.episode_id)
        go_to("drive")

    def undo() -> None:
        if trashed := now().trashed:
            session.restore_episode(trashed[0].episode_id)

    actions.add(
        Action(
            id="episode.success",
            title="Judge: success",
            group=EPISODE,
            key="S",
            page="episodes",
            run=judge("success"),
            enabled=chosen,
        ),
        Action(
            id="episode.failure",
            title="Judge: failure",
            group=EPISODE,
            key="F",
            page="episodes",
            run=judge("failure"),
            enabled=chosen,
        ),
        Action(
            id="episode.unset",
            title="Judge: open",
            group=EPISODE,
            key="U",
            page="episodes",
            run=judge("unset"),
            enabled=chosen,
        ),
        Action(
            id="episode.replay",
            title="Replay on the robot",
            group=EPISODE,
            key="P",
            page="episodes",
            run=with_chosen(replay),
            enabled=lambda: chosen() and now().mode is Mode.HOLD and now().ready,
            icon="mdi6.replay",
        ),
        Action(
            id="episode.trash",
            title="Put into the trash",
            group=EPISODE,
            key="Del",
            page="episodes",
            run=with_chosen(lambda episode: session.trash_episode(episode.episode_id)),
            enabled=chosen,
            icon="mdi6.trash-can-outline",
        ),
        Action(
            id="episode.undo",
            title="Restore the last one dropped",
            group=EPISODE,
            key="Ctrl+Z",
            run=undo,
            enabled=lambda: bool(now().trashed),
            icon="mdi6.undo",
        ),
    )
