"""An episode as the search sees it: its words in small letters, its local day, its flags; free of Qt."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from app.session.view import EpisodeView
from recordings import evaluation_of

FLAG_TAG = "flagged"
"""The tag that the flag is: it travels with the episode, and every reader of tags sees it."""

FLAGS = ("damaged", "cut", "repaired", "flagged", "intervention", "evaluation")


@dataclass(frozen=True)
class Card:
    """An episode with what is looked up in it again and again."""

    view: EpisodeView

    @cached_property
    def text(self) -> str:
        """Everything that plain words are looked up in."""
        view = self.view
        parts = (view.task, view.operator, view.notes, place_of(view), view.episode_id, " ".join(view.tags))
        return "\n".join(parts).casefold()

    @cached_property
    def day(self) -> date | None:
        """The day it was made, on this machine's calendar."""
        try:
            return datetime.fromisoformat(self.view.started_at).astimezone().date()
        except ValueError:
            return None

    @cached_property
    def flags(self) -> frozenset[str]:
        """Those of `FLAGS` that it has."""
        return frozenset(flags_of(self.view))


def flags_of(view: EpisodeView) -> tuple[str, ...]:
    """Those of `FLAGS` that an episode has, in that order."""
    has = {
        "damaged": bool(view.damage) and view.complete and view.damage != "repaired",
        "cut": not view.complete,
        "repaired": view.damage == "repaired",
        "flagged": FLAG_TAG in view.tags,
        "intervention": any(name == "intervention" and rows for name, rows in view.source_rows),
        "evaluation": bool(evaluation_of(view.tags)),
    }
    return tuple(flag for flag in FLAGS if has[flag])


def place_of(view: EpisodeView) -> str:
    """Home, room and scene, as far as they are known: "flat 3, kitchen, evening"."""
    return ", ".join(part for part in (view.home, view.room, view.scene) if part)
