"""Binding inputs, and how large the window is."""

from __future__ import annotations

from collections.abc import Callable

from app.gui.actions import Action, Actions
from app.gui.catalogue.groups import SETTINGS, WINDOW
from app.gui.pages.settings import SettingsPage
from app.session.view import Snapshot


def add_preferences(
    actions: Actions, page: SettingsPage, now: Callable[[], Snapshot], *, restart: Callable[[], None]
) -> None:
    """What can be done on the Settings page, and the size of everything from anywhere."""

    def chosen() -> bool:
        return bool(page.chosen)

    def changed() -> bool:
        return chosen() and not actions.bindings.is_default(page.chosen)

    actions.add(
        Action(
            id="bind.begin",
            title="Bind",
            group=SETTINGS,
            key="Return",
            steady_key="Ctrl+B",
            page="settings",
            run=page.bind,
            enabled=chosen,
            icon="mdi6.gesture-tap-button",
        ),
        Action(
            id="bind.remove",
            title="Remove the last trigger",
            group=SETTINGS,
            key="Del",
            page="settings",
            run=page.remove_last,
            enabled=lambda: chosen() and bool(actions[page.chosen].triggers),
        ),
        Action(
            id="bind.reset",
            title="Reset to what it came with",
            group=SETTINGS,
            key="Backspace",
            page="settings",
            run=page.reset,
            enabled=changed,
        ),
        Action(
            id="bind.reset_all",
            title="Reset every input",
            group=SETTINGS,
            key="Ctrl+Shift+R",
            page="settings",
            run=actions.bindings.reset_all,
            enabled=lambda: bool(actions.bindings.overrides),
        ),
        Action(
            id="bind.find",
            title="Find an action",
            group=SETTINGS,
            key="/",
            steady_key="Ctrl+F",
            page="settings",
            run=page.look_for,
            icon="mdi6.magnify",
        ),
        Action(
            id="look.larger",
            title="Everything larger, from the next start on",
            group=WINDOW,
            key="Ctrl+Alt+=",
            run=lambda: page.step_scale(1),
        ),
        Action(
            id="look.smaller",
            title="Everything smaller, from the next start on",
            group=WINDOW,
            key="Ctrl+Alt+-",
            run=lambda: page.step_scale(-1),
        ),
        Action(
            id="look.restart",
            title="Restart now",
            group=SETTINGS,
            key="Ctrl+Shift+F5",
            page="settings",
            run=restart,
            enabled=lambda: now().recording is None,
            icon="mdi6.restart",
        ),
    )
