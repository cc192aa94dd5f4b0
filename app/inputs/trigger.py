"""Triggers: what a person does to make something happen, as one string each.

`key:Ctrl+S` is a key or a foot pedal (pedals are keyboards), `pad:start` a gamepad's button by its SDL name,
`grip:both-held` a gesture of the leaders' handles, `word:stop` a spoken word.
"""

from __future__ import annotations

KEY, PAD, GRIP, WORD = "key", "pad", "grip", "word"
STOP_TRIGGER = "key:Esc"

PAD_BUTTONS = {
    "a": "A",
    "b": "B",
    "x": "X",
    "y": "Y",
    "back": "Back",
    "guide": "Guide",
    "start": "Start",
    "leftstick": "left stick pressed",
    "rightstick": "right stick pressed",
    "leftshoulder": "left bumper",
    "rightshoulder": "right bumper",
    "dpup": "D-pad up",
    "dpdown": "D-pad down",
    "dpleft": "D-pad left",
    "dpright": "D-pad right",
    "misc1": "Share",
    "paddle1": "paddle 1",
    "paddle2": "paddle 2",
    "paddle3": "paddle 3",
    "paddle4": "paddle 4",
    "touchpad": "touchpad pressed",
}
"""Every button by its SDL game-controller name, in SDL's own order, and how it is called."""

DEAD_MEN = ("leftshoulder", "rightshoulder")
"""The bumpers are held to move the robot, so that a press of one can mean nothing else."""

BOTH_HELD, LEFT_TWICE, RIGHT_TWICE = "both-held", "left-twice", "right-twice"
GESTURES = {
    BOTH_HELD: "both handles held closed",
    LEFT_TWICE: "left handle squeezed twice",
    RIGHT_TWICE: "right handle squeezed twice",
}

_MODIFIERS = ("Meta", "Ctrl", "Alt", "Shift")
"""In the order in which Qt writes them."""

_KEY_NAMES = (
    "Esc Tab Backtab Backspace Return Enter Ins Del Pause Print SysReq Clear Home End Left Up Right Down PgUp PgDown "
    "CapsLock NumLock ScrollLock Menu Help Space Back Forward Stop Refresh Select Yes No Cancel Printer Execute Sleep "
    "Play Zoom Search Standby Favorites Call Hangup Flip Camera Finance Shop Calculator"
)
_EDITING_KEY_NAMES = (
    "Tab Backtab Backspace Return Enter Ins Del Home End Left Up Right Down PgUp PgDown Space"
)
_NAMED_KEYS = {name.lower(): name for name in _KEY_NAMES.split()}
_EDITING_KEYS = frozenset(_EDITING_KEY_NAMES.split())


class TriggerError(ValueError):
    """A trigger that is none, and why."""


def parse_trigger(text: str) -> str:
    """The one way to write a trigger: `key:shift+ctrl+s` becomes `key:Ctrl+Shift+S`.

    Raises:
        TriggerError: names what is wrong and what is allowed.
    """
    kind, colon, name = text.strip().partition(":")
    kind, name = kind.lower(), name.strip()
    if not colon or not name:
        raise TriggerError(f"trigger {text!r} is not of the form KIND:NAME, such as key:F13 or pad:start")
    match kind:
        case "key":
            return f"{KEY}:{_parse_key(name)}"
        case "pad":
            return f"{PAD}:{_among(name.lower(), PAD_BUTTONS, 'gamepad button')}"
        case "grip":
            return f"{GRIP}:{_among(name.lower(), GESTURES, 'gesture')}"
        case "word":
            return f"{WORD}:{' '.join(name.lower().split())}"
    raise TriggerError(f"trigger {text!r} is of no known kind; kinds are key, pad, grip and word")


def key_trigger(key: str) -> str:
    """The trigger of a key in Qt's portable form."""
    return f"{KEY}:{key}"


def key_of(trigger: str) -> str:
    """The key of a trigger, or empty where it is none."""
    kind, _, name = trigger.partition(":")
    return name if kind == KEY else ""


def trigger_words(trigger: str) -> str:
    """A trigger as a person calls it: "F13", "gamepad A", "both handles held closed", "say “stop”"."""
    kind, _, name = trigger.partition(":")
    match kind:
        case "pad":
            return f"gamepad {PAD_BUTTONS.get(name, name)}"
        case "grip":
            return GESTURES.get(name, name)
        case "word":
            return f"say “{name}”"
    return name


def is_text_key(key: str) -> bool:
    """Whether a key, in Qt's portable form, writes or edits text where text is typed: letters, arrows, Backspace.

    Function keys, Escape, and what is held with Ctrl, Alt or Meta never do.
    """
    modifiers, name = _split(key)
    if {"Ctrl", "Alt", "Meta"} & set(modifiers):
        return False
    return len(name) == 1 or name in _EDITING_KEYS


def _parse_key(text: str) -> str:
    modifiers, name = _split(text)
    known = {modifier.lower(): modifier for modifier in _MODIFIERS}
    unknown = [modifier for modifier in modifiers if modifier.lower() not in known]
    if unknown:
        raise TriggerError(f"key {text!r}: no modifier {unknown[0]!r}; there are {', '.join(_MODIFIERS)}")
    if name.lower() in known:
        raise TriggerError(
            f"key {text!r} is a modifier alone; set the pedal to a function key, such as F13, or a letter"
        )
    held = {known[modifier.lower()] for modifier in modifiers}
    return "+".join([*(modifier for modifier in _MODIFIERS if modifier in held), _parse_name(name, text)])


def _parse_name(name: str, text: str) -> str:
    if len(name) == 1 and name.isprintable() and not name.isspace():
        return name.upper() if len(name.upper()) == 1 else name
    if name[:1] in "Ff" and name[1:].isdecimal() and name[1:].isascii() and 1 <= int(name[1:]) <= 35:
        return f"F{int(name[1:])}"
    if (named := _NAMED_KEYS.get(name.lower())) is not None:
        return named
    # Keys of keyboards with more on them, which Qt names in words: "Media Play", "Launch (0)".
    if " " in name and all(part.strip("()").isalnum() for part in name.split()):
        return " ".join(name.split())
    raise TriggerError(
        f"key {text!r}: no key {name!r}; write letters and signs as they are, F1 … F35, or a name such as Space"
    )


def _split(key: str) -> tuple[list[str], str]:
    """Modifiers and name; a plus sign may itself be the key."""
    if key.endswith("+"):
        return [part for part in key[:-1].split("+") if part], "+"
    *modifiers, name = key.split("+")
    return modifiers, name


def _among(name: str, allowed: dict[str, str], what: str) -> str:
    if name not in allowed:
        raise TriggerError(f"no {what} {name!r}; there are {', '.join(allowed)}")
    return name
