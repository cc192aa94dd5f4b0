"""The lines of the list of bindings: headings, and actions with what triggers them. No Qt."""

from __future__ import annotations

from dataclasses import dataclass

from app.gui.actions import Action, Actions
from app.gui.wording import key_caps
from app.inputs.bindings import Conflict
from app.inputs.trigger import key_of, trigger_words


@dataclass(frozen=True, slots=True)
class BindingRow:
    """One line.

    Attributes:
        group: its heading, or the heading itself where `action_id` is empty.
        action_id: which action; empty for a heading.
        title: of the action.
        caps: its triggers as they are shown, first the first.
        clashing: those of `caps` that mean something else too.
        clash: the conflict in words; empty when there is none.
        changed: whether it differs from what it came with.
    """

    group: str
    action_id: str = ""
    title: str = ""
    caps: tuple[str, ...] = ()
    clashing: frozenset[str] = frozenset()
    clash: str = ""
    changed: bool = False


def trigger_cap(trigger: str) -> str:
    """A trigger as it stands on a cap: as printed on keyboards, or in words."""
    return key_caps(key) if (key := key_of(trigger)) else trigger_words(trigger)


def clash_words(actions: Actions, conflicts: tuple[Conflict, ...]) -> str:
    """What an action's triggers mean besides: "H also means Hold"; empty when nothing."""
    return "; ".join(
        f"{trigger_cap(conflict.trigger)} also means {actions[conflict.other].title}"
        for conflict in conflicts
    )


def binding_rows(actions: Actions, words: str = "") -> list[BindingRow]:
    """Every action that can be bound, group by group.

    Args:
        actions: the registry.
        words: only actions in whose group, title or triggers all of these are found.
    """
    groups: dict[str, list[BindingRow]] = {}
    every_conflict = actions.bindings.conflicts()
    for action in actions.everywhere():
        if not action.hidden and _matches(action, words):
            conflicts = every_conflict.get(action.id, ())
            groups.setdefault(action.group, []).append(
                BindingRow(
                    group=action.group,
                    action_id=action.id,
                    title=action.title,
                    caps=tuple(trigger_cap(trigger) for trigger in action.triggers),
                    clashing=frozenset(trigger_cap(conflict.trigger) for conflict in conflicts),
                    clash=clash_words(actions, conflicts),
                    changed=not actions.bindings.is_default(action.id),
                )
            )
    return [row for group, rows in groups.items() for row in (BindingRow(group), *rows)]


def seen_words(actions: Actions, trigger: str) -> str:
    """What was just pressed and what it means: "F13: Record", "gamepad A: End as success", "F14: nothing yet"."""
    titles = [action.title for action in actions.everywhere() if trigger in action.triggers]
    return f"{trigger_cap(trigger)}: {', '.join(dict.fromkeys(titles)) or 'nothing yet'}"


def _matches(action: Action, words: str) -> bool:
    triggers = " ".join(trigger_words(trigger) for trigger in action.triggers)
    text = f"{action.group} {action.title} {triggers}".lower()
    return all(word in text for word in words.lower().split())
