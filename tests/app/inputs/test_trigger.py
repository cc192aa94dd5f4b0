"""Triggers: one way to write each, and words for a person."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.inputs.trigger import (
    GESTURES,
    PAD_BUTTONS,
    TriggerError,
    is_text_key,
    key_of,
    parse_trigger,
    trigger_words,
)


@pytest.mark.parametrize(
    ("text", "trigger"),
    [
        ("key:R", "key:R"),
        ("key:r", "key:R"),
        (" KEY: f13 ", "key:F13"),
        ("key:shift+ctrl+s", "key:Ctrl+Shift+S"),
        ("key:Ctrl++", "key:Ctrl++"),
        ("key:+", "key:+"),
        ("key:esc", "key:Esc"),
        ("key:?", "key:?"),
        ("key:Media Play", "key:Media Play"),
        ("pad:Start", "pad:start"),
        ("grip:both-held", "grip:both-held"),
        ("word: Good  Job ", "word:good job"),
    ],
)
def test_there_is_one_way_to_write_a_trigger(text: str, trigger: str) -> None:
    assert parse_trigger(text) == trigger
    assert parse_trigger(trigger) == trigger


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("F13", "not of the form KIND:NAME"),
        ("key:", "not of the form"),
        ("foot:left", "kinds are key, pad, grip and word"),
        ("key:Ctrl", "a modifier alone"),
        ("key:Hyper+S", "no modifier 'Hyper'"),
        ("key:F99", "no key 'F99'"),
        ("key:Sponge", "no key 'Sponge'"),
        ("pad:z", "there are a, b, x, y"),
        ("grip:wave", "there are both-held"),
    ],
)
def test_what_is_no_trigger_is_refused_with_what_is_allowed(text: str, why: str) -> None:
    with pytest.raises(TriggerError, match=why):
        parse_trigger(text)


@pytest.mark.parametrize(
    ("trigger", "words"),
    [
        ("key:F13", "F13"),
        ("pad:a", "gamepad A"),
        ("pad:dpup", "gamepad D-pad up"),
        ("grip:both-held", "both handles held closed"),
        ("word:stop", "say “stop”"),
    ],
)
def test_a_person_reads_words(trigger: str, words: str) -> None:
    assert trigger_words(trigger) == words


@pytest.mark.parametrize("key", ["A", "7", "?", "Shift+A", "Space", "Backspace", "Left", "Shift+Home", "+"])
def test_keys_that_write_or_edit_are_text(key: str) -> None:
    assert is_text_key(key)


@pytest.mark.parametrize(
    "key", ["F13", "Shift+F1", "Ctrl+A", "Alt+Left", "Esc", "Pause", "Ctrl++", "Media Play"]
)
def test_pedals_and_shortcuts_are_no_text(key: str) -> None:
    assert not is_text_key(key)


modifiers = st.lists(st.sampled_from(["Ctrl", "shift", "ALT", "meta"]), unique=True)
names = st.one_of(
    st.characters(min_codepoint=33, max_codepoint=126),
    st.integers(1, 35).map(lambda number: f"F{number}"),
    st.sampled_from(["Space", "PgUp", "Pause"]),
)


@given(modifiers, names)
def test_writing_a_key_again_changes_nothing(held: list[str], name: str) -> None:
    trigger = parse_trigger("key:" + "+".join([*held, name]))
    assert parse_trigger(trigger) == trigger
    assert len(key_of(trigger).rstrip("+").split("+")) <= len(held) + 1


def test_every_button_and_gesture_has_words() -> None:
    for name in PAD_BUTTONS:
        assert trigger_words(f"pad:{name}").startswith("gamepad ")
    for name, words in GESTURES.items():
        assert trigger_words(f"grip:{name}") == words
