"""Bindings: what was bound instead of the defaults, what clashes, what cannot be bound, and the file of it all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.inputs.bindings import STOP_ACTION, Bindable, BindingRefusedError, Bindings, Conflict
from app.inputs.store import Loaded, load_overrides, save_overrides
from app.inputs.trigger import STOP_TRIGGER


def bindings(overrides: dict[str, tuple[str, ...]] | None = None) -> Bindings:
    made = Bindings(overrides)
    made.declare(STOP_ACTION, Bindable(page="", defaults=(STOP_TRIGGER, "pad:guide")))
    made.declare("mode.hold", Bindable(page="", defaults=("key:H",)))
    made.declare("record.start", Bindable(page="drive", defaults=("key:R", "pad:start")))
    made.declare("episode.success", Bindable(page="episodes", defaults=("key:S",)))
    made.declare("feet.forward", Bindable(page="drive", defaults=(), held=True))
    return made


def test_what_is_bound_is_told_and_can_be_taken_back() -> None:
    made, told = bindings(), []
    made.listen(lambda: told.append(made.of("record.start")))
    made.add("record.start", "key:f13")
    made.add("record.start", "key:F13")
    made.remove("record.start", "key:R")
    assert told == [("key:R", "pad:start", "key:F13"), ("pad:start", "key:F13")]
    assert made.overrides == {"record.start": ("pad:start", "key:F13")}
    made.reset("record.start")
    assert made.of("record.start") == ("key:R", "pad:start")
    assert made.overrides == {}
    assert made.is_default("record.start")


def test_binding_back_to_the_defaults_stores_nothing() -> None:
    made = bindings()
    made.add("mode.hold", "key:F13")
    made.remove("mode.hold", "key:F13")
    assert made.overrides == {}


def test_a_trigger_shared_on_a_page_is_a_conflict_for_both_and_elsewhere_it_is_none() -> None:
    made = bindings()
    made.add("record.start", "key:S")  # the other S belongs to another page
    assert made.conflicts() == {}
    made.add("record.start", "key:H")  # that one counts everywhere
    assert made.conflicts() == {
        "record.start": (Conflict("key:H", "mode.hold"),),
        "mode.hold": (Conflict("key:H", "record.start"),),
    }
    made.take("record.start", "key:H")
    assert made.conflicts() == {}
    assert made.of("mode.hold") == ()
    assert "key:H" in made.of("record.start")


def test_stop_never_loses_escape() -> None:
    made = bindings({STOP_ACTION: ("key:F20",), "record.start": ("key:Esc", "key:R")})
    assert made.of(STOP_ACTION) == (STOP_TRIGGER, "key:F20")
    assert made.of("record.start") == ("key:R",)
    with pytest.raises(BindingRefusedError, match="always stops"):
        made.remove(STOP_ACTION, STOP_TRIGGER)
    with pytest.raises(BindingRefusedError, match="nothing else"):
        made.add("mode.hold", "key:esc")
    made.add(STOP_ACTION, "pad:b")
    assert made.stop_triggers() == {STOP_TRIGGER, "key:F20", "pad:b"}


triggers = st.sampled_from(["key:Esc", "key:R", "key:F13", "pad:a", "grip:both-held", "word:stop"])
moves = st.tuples(
    st.sampled_from(["add", "remove", "take"]), st.sampled_from([STOP_ACTION, "mode.hold"]), triggers
)


@given(st.lists(moves, max_size=20))
def test_whatever_is_bound_escape_stops_and_only_stops(done: list[tuple[str, str, str]]) -> None:
    made = bindings()
    for verb, action_id, trigger in done:
        try:
            getattr(made, verb)(action_id, trigger)
        except BindingRefusedError:
            assert trigger == STOP_TRIGGER
    assert STOP_TRIGGER in made.stop_triggers()
    assert STOP_TRIGGER not in made.of("mode.hold")
    assert len(set(made.of("mode.hold"))) == len(made.of("mode.hold"))


@pytest.mark.parametrize(
    ("action_id", "trigger", "why"),
    [
        ("mode.hold", "pad:leftshoulder", "held to move the robot"),
        ("mode.hold", "key:Tab", "from one control to the next"),
        ("feet.forward", "pad:a", "left bumper and use the sticks"),
        ("feet.forward", "key:Ctrl+F13", "single key"),
        ("mode.hold", "key:Return", "releases STOP"),
        ("mode.hold", "key:Enter", "releases STOP"),
    ],
)
def test_what_could_never_work_is_refused(action_id: str, trigger: str, why: str) -> None:
    with pytest.raises(BindingRefusedError, match=why):
        bindings().add(action_id, trigger)


@settings(max_examples=20)  # each waits for the disk
@given(
    st.dictionaries(
        st.text(min_size=1, max_size=12), st.lists(triggers, unique=True, max_size=4).map(tuple), max_size=5
    )
)
def test_what_is_stored_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, stored: dict[str, tuple[str, ...]]
) -> None:
    path = tmp_path_factory.mktemp("bindings") / "deep" / "inputs.json"
    save_overrides(path, stored)
    assert load_overrides(path) == Loaded(stored)
    assert [entry.name for entry in path.parent.iterdir()] == ["inputs.json"]


def test_no_file_is_no_trouble(tmp_path: Path) -> None:
    assert load_overrides(tmp_path / "inputs.json") == Loaded({})


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"{", "truncated"),
        (b"\xff\xfe", "malformed"),
        (json.dumps({"version": 1, "triggers": {"mode.hold": ["foot:left"]}}).encode(), "no known kind"),
        (json.dumps({"version": 9, "triggers": {}}).encode(), "version is 9"),
        (json.dumps({"version": 1, "triggers": [], "x": 1}).encode(), "xpected"),
    ],
)
def test_a_spoilt_file_is_set_aside_and_said(tmp_path: Path, content: bytes, why: str) -> None:
    path = tmp_path / "inputs.json"
    path.write_bytes(content)
    loaded = load_overrides(path)
    assert loaded.overrides == {}
    assert why in loaded.trouble
    assert "the defaults are used" in loaded.trouble
    aside = tmp_path / "inputs.spoilt.json"
    assert str(aside) in loaded.trouble
    assert aside.read_bytes() == content
    assert not path.exists()


def test_triggers_of_actions_that_are_not_there_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "inputs.json"
    save_overrides(path, {"gone.action": ("key:F13",)})
    made = bindings(load_overrides(path).overrides)
    made.add("mode.hold", "key:F14")
    assert made.overrides["gone.action"] == ("key:F13",)
