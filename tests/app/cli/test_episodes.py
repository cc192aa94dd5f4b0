"""Which episode is meant by what was typed."""

from __future__ import annotations

import pytest

from app.cli.episodes import find, find_all
from app.cli.outcome import CommandError

IDS = ("20260101-080000-0001", "20260101-090000-0002", "20260102-080000-0010")


@pytest.mark.parametrize(
    ("asked", "meant"),
    [("last", IDS[2]), (IDS[1], IDS[1]), ("0002", IDS[1]), ("20260102", IDS[2]), ("-0010", IDS[2])],
)
def test_finds_the_one_that_fits(asked: str, meant: str) -> None:
    assert find(asked, IDS, where="here") == meant


@pytest.mark.parametrize(("asked", "said"), [("20260101", "2 episodes"), ("0007", "no episode '0007'")])
def test_refuses_what_fits_none_or_several(asked: str, said: str) -> None:
    with pytest.raises(CommandError, match=said):
        find(asked, IDS, where="here")


def test_nothing_is_found_where_nothing_is() -> None:
    with pytest.raises(CommandError, match="here is empty"):
        find("last", (), where="here")


def test_names_of_one_episode_count_once_and_no_name_means_all() -> None:
    assert find_all(["last", "0010"], IDS, where="here") == [IDS[2]]
    assert find_all([], IDS, where="here") == list(IDS)
