"""Sentences that name keys. The keys are those bound now, so that no sentence says other than the button beside it."""

from __future__ import annotations

import re

from app.gui.actions import Actions
from app.gui.wording import key_caps

_PLACE = re.compile(r"\{([a-z_]+\.[a-z_0-9]+)\}")


def with_keys(words: str, actions: Actions) -> str:
    """Words with an action's first key where its id stands in braces: "press {record.start}" as "press R".

    An action without a key goes by its title, by which the palette finds it. What names no action stays as it is: it
    may be a person's own words.
    """
    known = {action.id: action for action in actions.everywhere()} if "{" in words else {}

    def named(place: re.Match[str]) -> str:
        action = known.get(place[1])
        if action is None:
            return place[0]
        return key_caps(action.key) if action.key else f"“{action.title}”"

    return _PLACE.sub(named, words)
