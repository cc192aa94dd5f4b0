"""The end of a session: what was asked for just before it still counts."""

from __future__ import annotations

from pathlib import Path

from recordings import Dataset, Outcome
from tests.support.live_session import live_session


def test_an_outcome_given_just_before_the_end_is_kept(tmp_path: Path) -> None:
    with live_session(tmp_path / "set") as live:
        episode_id = live.start_episode("to be kept")
        live.session.end_episode("success")
        live.session.close()
    info = Dataset.open(tmp_path / "set").episode(episode_id).info
    assert info.complete
    assert info.outcome is Outcome.SUCCESS
