"""`understudy bench drive`: the whole app at work, measured.

The scripted operator drives, the window is open (off screen), the recorder records, four simulated cameras run. The
figures come from what the processes published and from the recording itself, not from what they say of themselves.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from app.bench.encoding import encoding_cpu_s, encoding_tight_cpu_s
from app.bench.figures import Figures, add_json_argument
from app.bench.processes import CpuMeter
from app.bench.recorded import (
    TickCollector,
    add_camera_figures,
    add_loop_figures,
    cameras_captured,
    keep_driving,
)
from app.bench.skew import camera_state_skew_s, clap
from app.bench.tracking import delay_s, rms_error
from app.bench.waiting import wait
from app.messages import Mode
from app.robot.gate import GatePhase
from app.session import Session
from drivers.profile import RobotProfile
from recordings import Dataset, Episode

if TYPE_CHECKING:
    from app.gui.beside import Hand

HEARTBEAT_PASSES_S = 0.4
"""After this, the figures in a process's newest heartbeat are from after the episode's start."""

READY_S, FOLLOWING_S, CLOSE_S = 60.0, 90.0, 30.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this bench's options."""
    parser.add_argument("--seconds", type=float, default=60.0, metavar="N", help="length of the episode (60)")
    parser.add_argument("--seed", type=int, default=0, help="of the kitchen and the scripted operator (0)")
    parser.add_argument("--script", default="warm up", help="what the scripted operator does ('warm up')")
    parser.add_argument("--data", type=Path, help="keep the recording in this dataset")
    add_json_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Measure and report; 1 when a bound was missed."""
    with tempfile.TemporaryDirectory(prefix="understudy-bench-") as scratch:
        data_dir = args.data or Path(scratch) / "dataset"
        drive = Drive(args.seconds, args.script, args.seed, data_dir)
        from app.gui.beside import run_beside  # Qt

        run_beside(lambda: Session(data_dir=data_dir, seed=args.seed, operator="bench"), drive.scenario)
        return drive.figures.report(args.json)


class Drive:
    """One measured drive.

    Args:
        seconds: length of the episode.
        script: what the scripted operator does, again and again.
        seed: of its noise.
        data_dir: the dataset to record to.
    """

    def __init__(self, seconds: float, script: str, seed: int, data_dir: Path) -> None:
        self._seconds = seconds
        self._script = script
        self._seed = seed
        self._data_dir = data_dir
        self.figures = Figures()

    def scenario(self, session: Session, hand: Hand) -> None:
        """Drive, record, and fill in the figures."""
        wait(session, lambda now: now.ready and now.homed, READY_S, "robot and cameras to be ready")
        session.run_script(self._script, self._seed)
        wait(session, lambda now: now.mode is Mode.TELEOP and now.gate is None, FOLLOWING_S, "following")
        time.sleep(1.0)
        ticks = TickCollector(session, seconds=self._seconds + 2 * CLOSE_S)
        meter = CpuMeter(session.snapshot().processes)
        session.start_episode("bench: " + self._script)
        started = wait(session, lambda now: now.recording is not None, 5.0, "the episode to start").recording
        if started is None:
            raise TimeoutError("the episode did not start")
        hand.pulse.reset()
        time.sleep(HEARTBEAT_PASSES_S)
        captured_before = cameras_captured(session)
        keep_driving(session, ticks, self._seconds, script=self._script, seed=self._seed)
        captured_after = cameras_captured(session)
        shares = meter.shares()
        refresh_hz, stall_ms = hand.pulse.refresh_hz, hand.pulse.longest_stall_ms
        session.stop_script(hold=False)
        time.sleep(0.5)
        claps_ns = clap(session, "right")
        session.end_episode("success")
        wait(session, lambda now: now.recording is None, CLOSE_S, "the episode to close")
        cpu_recorder = meter.seconds("recorder")
        time.sleep(0.1)
        rows = ticks.collect()
        session.set_mode(Mode.HOLD)
        episode = Dataset.open(self._data_dir).episode(started.episode_id)
        add_loop_figures(self.figures, rows, episode, rate_hz=session.profile.control_rate_hz)
        add_camera_figures(self.figures, session.profile, episode, captured_before, captured_after)
        self._skew_figure(session.profile, episode, claps_ns)
        self._recorder_figures(session, episode, cpu_recorder)
        self.figures.add("gui_refresh_hz", refresh_hz, at_least=25)
        self.figures.add("gui_stall_ms", stall_ms, at_most=50)
        self._tracking_figures(session.profile, rows)
        for name, share in shares.items():
            self.figures.add(f"cpu_share_{name}", share)

    def _skew_figure(self, profile: RobotProfile, episode: Episode, claps_ns: tuple[int, int]) -> None:
        gripper = profile.vector_names.index("right_gripper")
        skew_ms = 1e3 * camera_state_skew_s(episode, "right_wrist", gripper, claps_ns)
        period_ms = 1e3 / profile.cameras["right_wrist"].rate_hz
        self.figures.add("camera_state_skew_ms", skew_ms, at_least=-period_ms, at_most=period_ms)

    def _recorder_figures(self, session: Session, episode: Episode, cpu_s: float) -> None:
        self.figures.add("episode_close_s", session.last_close_s, at_most=0.2)
        qualities = {name: camera.jpeg_quality for name, camera in session.profile.cameras.items()}
        alone_s = encoding_cpu_s(episode, qualities)
        self.figures.add("recorder_cpu_ratio", cpu_s / alone_s, at_most=1.3)
        tight_s = encoding_tight_cpu_s(episode, qualities)
        self.figures.add("recorder_cpu_ratio_tight_loop", cpu_s / tight_s)
        self.figures.add("recorder_cpu_s", cpu_s)
        self.figures.add("encoding_alone_cpu_s", alone_s)

    def _tracking_figures(self, profile: RobotProfile, ticks: NDArray[np.void]) -> None:
        following = ticks[(ticks["mode"] == Mode.TELEOP) & (ticks["gate_phase"] == GatePhase.FOLLOWING)]
        joints = np.concatenate(
            [np.arange(s.start, s.start + s.size) for s in profile.segments if s.kind == "arm"]
        )
        leader, follower = following["leader"][:, joints], following["position"][:, joints]
        self.figures.add("tracking_rms_rad", rms_error(leader, follower))
        self.figures.add(
            "tracking_delay_ms", 1e3 * delay_s(leader, follower, rate_hz=profile.control_rate_hz)
        )
