"""Playing an episode, and what can be done with the one that is played."""

from __future__ import annotations

from collections.abc import Callable

from app.gui.actions import Action, Actions
from app.gui.catalogue.groups import EPISODE, JUDGEMENTS, PLAYER
from app.gui.episodes.changes import Changes
from app.gui.pages.review import ReviewPage
from app.gui.session_protocol import SessionLike
from app.messages import Mode
from app.session.view import EpisodeView, Snapshot

PAGE = "review"


def add_review(
    actions: Actions,
    session: SessionLike,
    now: Callable[[], Snapshot],
    page: ReviewPage,
    changes: Changes,
    *,
    go_to: Callable[[str], None],
    show_in_list: Callable[[str], None],
) -> None:
    """The player's keys, and the chosen episode's."""
    _add_playing(actions, page)
    _add_sound(actions, page)
    _add_going(actions, page)

    def shown() -> bool:
        return page.episode is not None

    def with_episode(act: Callable[[EpisodeView], None]) -> Callable[[], None]:
        def run() -> None:
            if (episode := page.episode) is not None:
                act(episode)

        return run

    def judge(outcome: str) -> Callable[[], None]:
        return with_episode(lambda episode: changes.judge((episode,), outcome))

    def replay(episode: EpisodeView) -> None:
        session.replay(episode.episode_id)
        go_to("drive")

    def drop(episode: EpisodeView) -> None:
        page.go(1)
        changes.trash((episode,))

    for outcome, title, key in JUDGEMENTS:
        actions.add(
            Action(
                id=f"review.{outcome}",
                title=title,
                group=EPISODE,
                key=key,
                page=PAGE,
                run=judge(outcome),
                enabled=shown,
            )
        )
    actions.add(
        Action(
            id="review.flag",
            title="Flag, or take the flag away",
            group=EPISODE,
            key="G",
            page=PAGE,
            run=with_episode(lambda episode: changes.flag((episode,))),
            enabled=shown,
            icon="mdi6.flag-outline",
        ),
        Action(
            id="review.replay",
            title="Replay on the robot",
            group=EPISODE,
            key="Ctrl+P",
            page=PAGE,
            run=with_episode(replay),
            enabled=lambda: shown() and now().mode is Mode.HOLD and now().ready,
            icon="mdi6.replay",
        ),
        Action(
            id="review.notes",
            title="Write notes",
            group=EPISODE,
            key="N",
            page=PAGE,
            run=page.focus_notes,
            enabled=shown,
        ),
        Action(
            id="review.trash",
            title="Put into the trash",
            group=EPISODE,
            key="Ctrl+Del",
            page=PAGE,
            run=with_episode(drop),
            enabled=shown,
            icon="mdi6.trash-can-outline",
        ),
        Action(
            id="review.list",
            title="Back to the list",
            group=EPISODE,
            key="Backspace",
            page=PAGE,
            run=lambda: show_in_list(page.episode_id),
            icon="mdi6.format-list-bulleted",
        ),
    )


def _add_playing(actions: Actions, page: ReviewPage) -> None:
    plain = (
        ("review.play", "Play or pause", "Space", page.toggle, False),
        ("review.forward", "Play; again for double speed", "L", lambda: page.shuttle(backwards=False), False),
        ("review.pause", "Pause", "K", page.pause, False),
        (
            "review.back",
            "Play backwards; again for double speed",
            "J",
            lambda: page.shuttle(backwards=True),
            False,
        ),
        ("review.step", "One frame on", "Right", lambda: page.step(1), True),
        ("review.step_back", "One frame back", "Left", lambda: page.step(-1), True),
        ("review.second", "One second on", "Shift+Right", lambda: page.jump(1.0), True),
        ("review.second_back", "One second back", "Shift+Left", lambda: page.jump(-1.0), True),
        ("review.mark", "To the next event or change of who drives", "]", lambda: page.mark(1), True),
        ("review.mark_back", "To the event or change before", "[", lambda: page.mark(-1), True),
        ("review.start", "To the start", "Home", lambda: page.to_end(first=True), False),
        ("review.end", "To the end", "End", lambda: page.to_end(first=False), False),
        ("review.slower", "Half the speed", ",", lambda: page.change_rate(-1), False),
        ("review.faster", "Double the speed", ".", lambda: page.change_rate(1), False),
        ("review.loop", "Play the chosen label again and again, or all", "O", page.toggle_loop, False),
    )
    for action_id, title, key, run, repeats in plain:
        actions.add(
            Action(
                id=action_id,
                title=title,
                group=PLAYER,
                key=key,
                page=PAGE,
                run=run,
                enabled=lambda: page.open_film is not None,
                repeats=repeats,
            )
        )


def _add_sound(actions: Actions, page: ReviewPage) -> None:
    actions.add(
        Action(
            id="review.mute",
            title="Mute the sound, or hear it, forwards at 1×",
            group=PLAYER,
            key="Shift+M",
            page=PAGE,
            run=page.heard.toggle,
            enabled=lambda: page.heard.has_sound,
            why_not=lambda: page.heard.trouble,
        )
    )


def _add_going(actions: Actions, page: ReviewPage) -> None:
    plain = (
        ("review.next", "Next episode of the list", "PgDown", lambda: page.go(1), lambda: page.can_go(1)),
        (
            "review.previous",
            "Episode before in the list",
            "PgUp",
            lambda: page.go(-1),
            lambda: page.can_go(-1),
        ),
        ("review.curves", "Choose the curves", "C", page.choose_curves, lambda: page.open_film is not None),
        (
            "review.nearer",
            "Show a shorter time",
            "Ctrl+=",
            lambda: page.zoom(0.5),
            lambda: page.open_film is not None,
        ),
        (
            "review.farther",
            "Show a longer time",
            "Ctrl+-",
            lambda: page.zoom(2.0),
            lambda: page.open_film is not None,
        ),
        (
            "review.whole",
            "Show the whole episode",
            "A",
            lambda: page.zoom(0.0),
            lambda: page.open_film is not None,
        ),
    )
    for action_id, title, key, run, enabled in plain:
        actions.add(
            Action(id=action_id, title=title, group=PLAYER, key=key, page=PAGE, run=run, enabled=enabled)
        )
