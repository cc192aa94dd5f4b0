"""Records on a small disk until it is full, then on one that takes nothing: `python -m ... FOLDER`.

Runs with that disk to itself, in a mount of its own; prints what it saw.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from app.messages import Mode
from recordings import Dataset
from recordings.repair import repair_episode
from recordings.verify import verify_episode
from tests.support import runtime
from tests.support.live_session import LiveSession, live_session, log_of

BALLAST = "ballast"


def fill(live: LiveSession, disk: Path) -> str:
    """Record until there is no room; gives the episode's id."""
    live.warm_up()
    episode_id = live.start_episode("fill the disk")
    left = os.statvfs(disk)
    (disk / BALLAST).write_bytes(b"\0" * max(0, left.f_bavail * left.f_frsize - (3 << 20)))
    notice = live.notice("recorder")
    print("notice:", notice.level, notice.what)
    print("logged:", "Recording stopped" in log_of(live, "recorder"))
    live.wait(lambda now: now.recording is None, "the end of the recording")
    print("mode:", live.now.mode.name)
    return episode_id


def main(disk: Path) -> None:
    """Fill the disk, look at what is left of the episode, record again, then be refused."""
    end_isolation = runtime.isolate()
    data_dir = disk / "set"
    try:
        with live_session(data_dir) as live:
            episode_id = fill(live, disk)
            (disk / BALLAST).unlink()
            episode = Dataset.open(data_dir).episode(episode_id)
            path = data_dir / "episodes" / episode_id
            if not episode.attributes.complete:
                repair_episode(path)
            report = verify_episode(path)
            print(
                "rows:",
                len(Dataset.open(data_dir).episode(episode_id).action.time_ns),
                "errors:",
                report.errors,
            )

            live.warm_up()
            again = live.start_episode("record again")
            live.no_notice("recorder")
            live.end_episode(again)
            print("again:", again != episode_id)

            subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
            live.session.start_episode("on a disk that takes nothing")
            notice = live.notice("command")
            print("refused:", notice.what)
            print("refusal logged:", "Read-only" in log_of(live, "recorder"))
            live.wait(lambda now: now.mode is Mode.TELEOP and live.moved_lately() > 0.02, "driving on")
            print("recorder:", next(p.state for p in live.now.processes if p.name == "recorder"))
    finally:
        end_isolation()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
