"""Numbers and names as a person reads them; free of Qt."""

from __future__ import annotations

import math
from datetime import datetime

THIN_SPACE = "\N{NARROW NO-BREAK SPACE}"


def plain_name(identifier: str) -> str:
    """`left_wrist` as "left wrist"."""
    return identifier.replace("_", " ")


def sentence(words: str) -> str:
    """The words as a line of their own, with a capital: "Check its cable"."""
    return words[:1].upper() + words[1:]


def headline(words: str) -> tuple[str, str]:
    """A message's first clause, and the rest: what is wrong, and what else there is to say."""
    at = min((found for found in (words.find("; "), words.find(". ")) if found > 0), default=-1)
    return (words, "") if at < 0 else (words[:at], words[at + 2 :])


def clock(seconds: float) -> str:
    """A running time: "00:12.4", or "1:02:03" from an hour on."""
    minutes, rest = divmod(max(seconds, 0.0) + 1e-6, 60)  # 1079.8 is a little less as a float
    if minutes >= 60:
        return f"{int(minutes // 60)}:{int(minutes % 60):02d}:{int(rest):02d}"
    return f"{int(minutes):02d}:{int(rest):02d}.{int(rest * 10) % 10}"


def length(seconds: float) -> str:
    """A length in words: "41 s", "3 min 12 s", "1 h 2 min"."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def amount(count: int) -> str:
    """A count with its thousands apart."""
    return f"{count:,}".replace(",", THIN_SPACE)


def counted(count: int, noun: str) -> str:
    """A count and its noun: "1 episode", "2 episodes"."""
    return f"{amount(count)} {noun}" if count == 1 else f"{amount(count)} {noun}s"


def episode_number(episode_id: str) -> str:
    """The part of an episode's id that tells it from the others of its day: "no. 0037"."""
    return f"no. {episode_id.rpartition('-')[2]}"


def size(count_bytes: int) -> str:
    """Bytes in the unit that fits: "412 GB", "2.4 MB"."""
    value = float(count_bytes)
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if value < 1000 or unit == "TB":
            return f"{value:.1f} {unit}" if value < 10 and unit != "B" else f"{value:.0f} {unit}"
        value /= 1000
    return f"{value:.0f} TB"


def millis(value_ms: float, digits: int = 1) -> str:
    """Milliseconds, or a dash while there is no such number: "1.4 ms", "–"."""
    return "–" if math.isnan(value_ms) else f"{value_ms:.{digits}f} ms"


def signed(value: float) -> str:
    """Two decimals and always a sign, so that a column of numbers stays in line: "+0.12", "−1.39"."""
    rounded = round(value, 2) + 0.0  # no negative zero
    return f"{rounded:+.2f}".replace("-", "−")


def age(milliseconds: float) -> str:
    """How old: "0.8 s", "12 s", "3 min"."""
    seconds = milliseconds / 1000
    if seconds < 10:
        return f"{seconds:.1f} s"
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def moment(iso_time: str) -> str:
    """A wall-clock time of an episode: "12 Jan, 14:07"; as it came where it is no ISO time."""
    try:
        parsed = datetime.fromisoformat(iso_time)
    except ValueError:
        return iso_time
    local = parsed.astimezone()
    return f"{local.day} {local:%b, %H:%M}"


def key_caps(key: str) -> str:
    """A key in Qt's portable form as it is printed on keyboards: "⌫", "Ctrl K"."""
    caps = {
        "Backspace": "⌫",
        "PgUp": "Page ↑",
        "PgDown": "Page ↓",
        "Left": "←",
        "Right": "→",
        "Return": "↵",
        "Del": "Del",
    }
    parts = key.split("+") if key not in ("+", "Ctrl++") else [key]
    return " ".join(caps.get(part, part) for part in parts)
