"""Actions as rows of a table, for groups that have many of one kind."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from app.gui.actions import Action, Actions

Row = tuple[str, str, str, Callable[[], object], Callable[[], bool]]
"""Id within its family, title, key, what is run, and whether it can be done now."""


def add_rows(
    actions: Actions,
    rows: Sequence[Row],
    *,
    family: str,
    group: str,
    page: str,
    repeats: bool = False,
    hidden: bool = False,
) -> None:
    """Register an action for each row.

    Args:
        actions: the registry.
        rows: the actions.
        family: what their ids begin with.
        group: heading in the overlay of keys.
        page: whose keys they have.
        repeats: done again and again while the key is held.
        hidden: left out of the palette and the overlay.
    """
    for action_id, title, key, run, enabled in rows:
        actions.add(
            Action(
                id=f"{family}.{action_id}",
                title=title,
                group=group,
                key=key,
                page=page,
                run=_nothing_returned(run),
                enabled=enabled,
                repeats=repeats,
                hidden=hidden,
            )
        )


def add_numbered(
    actions: Actions,
    numbers: Iterable[int],
    row: Callable[[int], Row],
    *,
    family: str,
    group: str,
    page: str,
) -> None:
    """Register an action for each number; the first stands for all of them in the palette and the overlay."""
    for at, number in enumerate(numbers):
        add_rows(actions, (row(number),), family=family, group=group, page=page, hidden=at > 0)


def _nothing_returned(run: Callable[[], object]) -> Callable[[], None]:
    def done() -> None:
        run()

    return done
