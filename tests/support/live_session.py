"""A session of real processes on the simulated robot, watched as a window would watch it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.messages import Mode
from app.session import Session
from app.session.view import Notice, Snapshot
from drivers.safety import SafetyLimits
from drivers.sim.faults import BusFaults, Faults
from drivers.sim.remote import SimRemote
from recordings import Dataset, Episode
from recordings.verify import verify_episode
from tests.support.watcher import PATIENCE_S, Watcher

BEAT_S = 0.1


class LiveSession(Watcher):
    """A running session and what a test asks of it.

    Attributes:
        session: the session.
        data_dir: its dataset.
        world: the channel to the simulated world.
    """

    def __init__(self, session: Session, data_dir: Path) -> None:
        super().__init__(session)
        self.data_dir = data_dir
        self.world = SimRemote(session.runtime_dir, timeout_s=20.0)
        self.watching = threading.Event()
        self.watching.set()

    def notice(self, key: str, *, timeout_s: float = PATIENCE_S) -> Notice:
        """Wait for the notice of a key."""
        found = self.wait(lambda now: bool(notices_of(now, key)), f"notice {key}", timeout_s=timeout_s)
        return notices_of(found, key)[0]

    def refused(self, why: str) -> None:
        """Wait for the refusal of a command."""
        self.wait(lambda now: any(why in n.what for n in notices_of(now, "command")), f"refusal: {why}")

    def no_notice(self, key: str) -> None:
        """Wait until no notice of a key is up."""
        self.wait(lambda now: not notices_of(now, key), f"end of notice {key}")

    def make_ready(self) -> None:
        """Wait for robot, cameras and every lift's zero."""
        self.wait(lambda now: now.ready and now.homed, "robot and cameras")

    def hold(self) -> None:
        """Bring the robot to hold, whatever it did."""
        self.session.stop_script(hold=False)
        if self.now.mode is Mode.STOPPED:
            self.session.release()
            self.wait(lambda now: now.mode is Mode.HOLD, "release")
        self.session.set_mode(Mode.HOLD)
        self.wait(lambda now: now.mode is Mode.HOLD and not now.script, "hold")

    def follow(self) -> None:
        """Enter teleoperation and wait until the robot follows its leaders."""
        self.session.set_mode(Mode.TELEOP)
        self.wait(lambda now: now.mode is Mode.TELEOP and now.gate is None, "following")

    def warm_up(self) -> None:
        """Let the scripted operator move everything gently, without end."""
        self.session.run_script("warm up")
        self.wait(lambda now: now.mode is Mode.TELEOP and now.gate is None and bool(now.script), "warm up")
        self.wait(lambda now: self.moved_lately() > 0.02, "motion")

    def start_episode(self, task: str = "test") -> str:
        """Begin an episode and wait until it is being recorded; its id."""
        running = self.now.recording
        before = running.episode_id if running is not None else ""
        self.session.start_episode(task)
        found = self.wait(
            lambda now: (
                now.recording is not None and now.recording.episode_id != before and now.recording.rows > 0
            ),
            "the episode to start",
        )
        assert found.recording is not None
        return found.recording.episode_id

    def end_episode(self, episode_id: str, outcome: str = "success") -> Episode:
        """End the running episode, hold it against `verify`, and open it."""
        self.session.end_episode(outcome)
        self.wait(
            lambda now: (
                now.recording is None and any(e.episode_id == episode_id and e.complete for e in now.episodes)
            ),
            "the episode to close",
        )
        return self.verified(episode_id)

    def verified(self, episode_id: str) -> Episode:
        """A recorded episode in which nothing is wrong."""
        episode = Dataset.open(self.data_dir).episode(episode_id)
        report = verify_episode(self.data_dir / "episodes" / episode_id)
        assert report.errors == (), report
        return episode

    def set_faults(self, bus: str, **faults: object) -> None:
        """Give one bus these faults, and every other none."""
        self.world.set_faults(Faults(buses={bus: BusFaults(**faults)}))  # type: ignore[arg-type]

    def heal(self) -> None:
        """Take every fault away."""
        self.world.set_faults(Faults())

    def moved_lately(self, *, seconds: float = 0.5) -> float:
        """The greatest change of any sent joint over the last moments."""
        sent = self.sent_since(time.monotonic_ns() - int(seconds * 1e9))
        arms = [segment.slice for segment in self.session.profile.segments if segment.kind == "arm"]
        return max(float(np.ptp(sent[:, arm], axis=0).max()) for arm in arms) if len(sent) > 1 else 0.0

    def sent_since(self, time_ns: int) -> NDArray[np.float32]:
        """(T, D) what was sent since then, at most ten seconds of it."""
        return np.asarray(self.session.ticks(time_ns)["sent"])

    def assert_no_jump(self, since_ns: int) -> None:
        """What was sent since then moved from tick to tick no faster than the profile allows."""
        rows = self.session.ticks(since_ns)
        following = np.diff(rows["tick"]) == 1
        limits = SafetyLimits.from_profile(self.session.profile)
        allowed = np.where(limits.velocity_like, limits.max_deceleration, limits.max_velocity)
        steps = np.abs(np.diff(rows["sent"].astype(np.float64), axis=0))[following]
        assert len(steps) > 10
        assert (steps <= allowed / self.session.profile.control_rate_hz + 1e-5).all(), steps.max(axis=0)


def notices_of(snapshot: Snapshot, key: str) -> list[Notice]:
    """The notices whose key begins so."""
    return [notice for notice in snapshot.notices if notice.key.startswith(key)]


def log_of(live: LiveSession, process: str) -> str:
    """What a process has logged so far."""
    return (live.session.runtime_dir / "logs" / f"{process}.log").read_text()


@contextmanager
def live_session(data_dir: Path, *, seed: int = 0) -> Iterator[LiveSession]:
    """Start a session, say all the time that somebody watches, wait until it is ready; it ends with the block."""
    session = Session("sim-kitchen", data_dir=data_dir, seed=seed, operator="tester")
    live = LiveSession(session, data_dir)
    ended = threading.Event()

    def beat() -> None:
        while not ended.wait(BEAT_S):
            if live.watching.is_set():
                session.beat()

    thread = threading.Thread(target=beat, name="owner's beat")
    thread.start()
    try:
        live.make_ready()
        yield live
    finally:
        ended.set()
        thread.join()
        live.world.close()
        session.close()
