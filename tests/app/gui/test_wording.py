from __future__ import annotations

import pytest

from app.gui import wording


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "00:00.0"), (12.46, "00:12.4"), (61, "01:01.0"), (1079.8, "17:59.8"), (3725, "1:02:05")],
)
def test_clock(seconds: float, words: str) -> None:
    assert wording.clock(seconds) == words


@pytest.mark.parametrize(("seconds", "words"), [(41.2, "41 s"), (192, "3 min 12 s"), (3725, "1 h 2 min")])
def test_length(seconds: float, words: str) -> None:
    assert wording.length(seconds) == words


@pytest.mark.parametrize(
    ("count", "words"), [(412, "412 B"), (2_400_000, "2.4 MB"), (412_000_000_000, "412 GB")]
)
def test_size(count: int, words: str) -> None:
    assert wording.size(count) == words


@pytest.mark.parametrize(("value", "words"), [(0.123, "+0.12"), (-1.394, "−1.39"), (-0.001, "+0.00")])
def test_signed_numbers_keep_in_line(value: float, words: str) -> None:
    assert wording.signed(value) == words


def test_ages_and_names() -> None:
    assert wording.age(1840) == "1.8 s"
    assert wording.age(180_000) == "3 min"
    assert wording.plain_name("left_wrist") == "left wrist"
    assert wording.key_caps("Ctrl+K") == "Ctrl K"
    assert wording.key_caps("Backspace") == "⌫"


def test_a_moment_that_is_no_time_is_shown_as_it_came() -> None:
    assert wording.moment("yesterday") == "yesterday"
    assert "12 Jan" in wording.moment("2026-01-12T12:00:00+00:00")


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        ("The bus body is lost", ("The bus body is lost", "")),
        ("no space left; what was recorded is safe", ("no space left", "what was recorded is safe")),
        ("cannot write. Choose another folder", ("cannot write", "Choose another folder")),
        ("12.0 V on servo 2", ("12.0 V on servo 2", "")),
    ],
)
def test_headline(words: str, parts: tuple[str, str]) -> None:
    assert wording.headline(words) == parts


def test_sentence() -> None:
    assert wording.sentence("check its cable") == "Check its cable"
    assert wording.sentence("") == ""
