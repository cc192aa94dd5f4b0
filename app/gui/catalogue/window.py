"""The window itself: its pages, what floats over them, how it looks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from app.gui.actions import Action, Actions
from app.gui.catalogue.groups import WINDOW
from app.gui.pages.page import Page


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowHandles:
    """What the frame lends to its actions."""

    palette: Callable[[], None]
    keys: Callable[[], None]
    health: Callable[[], None]
    theme: Callable[[], None]
    full_screen: Callable[[], None]
    mute: Callable[[], None]
    listen: Callable[[], None]
    first_steps: Callable[[], None]


def add_pages(actions: Actions, pages: Iterable[Page], *, go_to: Callable[[str], None]) -> None:
    """One action for each page, named `page.` and the page's id."""

    def opener(page_id: str) -> Callable[[], None]:
        return lambda: go_to(page_id)

    for page in pages:
        actions.add(
            Action(
                id=f"page.{page.page_id}",
                title=page.title,
                group=WINDOW,
                key=page.key,
                run=opener(page.page_id),
                icon=page.icon,
            )
        )


def add_window(actions: Actions, handles: WindowHandles) -> None:
    """What is there on every page."""
    actions.add(
        Action(
            id="window.palette",
            title="Every action",
            group=WINDOW,
            key="Ctrl+K",
            run=handles.palette,
            icon="mdi6.magnify",
        ),
        Action(
            id="window.keys",
            title="Keys of this page",
            group=WINDOW,
            key="?",
            steady_key="F1",
            run=handles.keys,
            icon="mdi6.help",
        ),
        Action(
            id="window.health",
            title="Health and log",
            group=WINDOW,
            key="Ctrl+L",
            run=handles.health,
            icon="mdi6.heart-pulse",
        ),
        Action(
            id="window.theme",
            title="Light or dark",
            group=WINDOW,
            key="Ctrl+J",
            run=handles.theme,
            icon="mdi6.theme-light-dark",
        ),
        Action(
            id="window.mute",
            title="Mute the voice, or let it speak",
            group=WINDOW,
            key="M",
            steady_key="Ctrl+M",
            page="drive",
            run=handles.mute,
            icon="mdi6.volume-high",
        ),
        Action(
            id="window.listen",
            title="Listen for spoken words, or no longer",
            group=WINDOW,
            key="Ctrl+Shift+M",
            run=handles.listen,
            icon="mdi6.microphone",
        ),
        Action(
            id="window.first_steps",
            title="First steps: show them, or put them away",
            group=WINDOW,
            key="F2",
            run=handles.first_steps,
            icon="mdi6.school-outline",
        ),
        Action(id="window.full", title="Full screen", group=WINDOW, key="F11", run=handles.full_screen),
    )


def add_curves(
    actions: Actions, *, fold: Callable[[], None], watch_next: Callable[[], None], shown: Callable[[], bool]
) -> None:
    """The curves of the Drive page."""
    actions.add(
        Action(
            id="view.curves",
            title="Fold or unfold the curves",
            group=WINDOW,
            key="C",
            page="drive",
            run=fold,
            icon="mdi6.chart-line",
        ),
        Action(
            id="view.watch",
            title="Watch the next joint's curve",
            group=WINDOW,
            key="V",
            page="drive",
            run=watch_next,
            enabled=shown,
        ),
    )
