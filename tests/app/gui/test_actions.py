from __future__ import annotations

import pytest

from app.gui.actions import Action, Actions, DuplicateActionError, matching


def action(action_id: str, **fields: object) -> Action:
    return Action(**{"id": action_id, "title": action_id, "group": "Group", "run": lambda: None, **fields})  # type: ignore[arg-type]


def test_a_key_means_what_the_page_says_before_what_every_page_says() -> None:
    actions = Actions()
    actions.add(action("drive.record", key="R", page="drive"), action("window.keys", key="?"))
    found = actions.for_key("R", page="drive")
    assert found is not None
    assert found.id == "drive.record"
    assert actions.for_key("R", page="episodes") is None
    assert actions.for_key("?", page="episodes") is not None


def test_while_text_is_typed_letters_are_text_and_steady_keys_still_work() -> None:
    actions = Actions()
    actions.add(
        action("record", key="R", steady_key="Ctrl+R"), action("full", key="F11"), action("stop", key="Esc")
    )
    assert actions.for_key("R", page="", only_steady=True) is None
    for key in ("Ctrl+R", "F11", "Esc"):
        assert actions.for_key(key, page="", only_steady=True) is not None


def test_a_key_cannot_mean_two_things_on_one_page() -> None:
    actions = Actions()
    actions.add(action("one", key="R", page="drive"))
    with pytest.raises(DuplicateActionError, match="'R' means both 'one' and 'two'"):
        actions.add(action("two", steady_key="R"))
    actions.add(action("elsewhere", key="R", page="episodes"))


def test_an_id_is_registered_once() -> None:
    actions = Actions()
    actions.add(action("one"))
    with pytest.raises(DuplicateActionError, match="registered twice"):
        actions.add(action("one"))


def test_what_cannot_be_done_now_is_not_done() -> None:
    done: list[str] = []
    actions = Actions()
    actions.add(
        action("can", run=lambda: done.append("can")),
        action("cannot", run=lambda: done.append("cannot"), enabled=lambda: False),
    )
    assert actions.trigger("can")
    assert not actions.trigger("cannot")
    assert done == ["can"]


def test_the_palette_finds_by_words_of_title_and_group() -> None:
    actions = (
        action("a", title="Home the lift", group="Moving"),
        action("b", title="Hold", group="Moving"),
        action("c", title="Drop", group="Recording"),
        action("d", title="Hold on", group="Moving", hidden=True),
    )
    assert [found.id for found in matching(actions, "ho mov")] == ["a", "b"]
    assert [found.id for found in matching(actions, "hol")] == ["b"]
    assert [found.id for found in matching(actions, "")] == ["a", "b", "c"]
