"""`understudy bench cockpit`: the window at its fullest, and the operator's way from one episode to the next, measured.

The window is open (off screen) on the Drive page with its curves unfolded, four cameras of 640×480 send test pictures,
the scripted operator drives and everything is recorded. Then episodes follow one another as fast as they may, and a
replay is taken over from again and again.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from app.bench.cockpit_profile import write_cockpit_profile
from app.bench.figures import Figures, add_json_argument
from app.bench.memory import MemoryWatch
from app.bench.processes import CpuMeter, thread_cpu_s
from app.bench.recorded import (
    TickCollector,
    add_camera_figures,
    add_loop_figures,
    cameras_captured,
    keep_driving,
)
from app.bench.takeovers import following, largest_step, take_over
from app.bench.waiting import wait
from app.collection.plan import CollectionPlan
from app.collection.view import Phase
from app.messages import Mode
from app.session import Session
from recordings import Dataset

if TYPE_CHECKING:
    from app.gui.beside import Hand

WINDOW_SIZE_PX = (1600, 900)
SCRIPT = "warm up"
TASK = "bench: cockpit"
READY_S, FOLLOWING_S, CLOSE_S = 60.0, 90.0, 30.0

HEARTBEAT_PASSES_S = 0.4
SHORT_EPISODE_S = 1.0
TEN_MINUTES_S = 600.0
JUDGED_FROM_S = 120.0
"""A shorter run says too little of ten minutes for its memory to be held against a bound."""

MEMORY_SAMPLES_S = 2.0
LOOK_S = 0.002


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this bench's options."""
    parser.add_argument(
        "--seconds", type=float, default=600.0, metavar="N", help="of driving and recording (600)"
    )
    parser.add_argument(
        "--warm-up",
        type=float,
        default=15.0,
        metavar="N",
        help="seconds of driving before, until curves and figures of the last moments are full (15)",
    )
    parser.add_argument("--seed", type=int, default=0, help="of the operator, and of when it takes over (0)")
    parser.add_argument("--episodes", type=int, default=8, metavar="N", help="short ones in a row (8)")
    parser.add_argument("--takeovers", type=int, default=6, metavar="N", help="out of a replay (6)")
    parser.add_argument(
        "--not-drivable",
        action="store_true",
        help="leaders that cannot be driven: hands bring them to the gate",
    )
    add_json_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Measure and report; 1 when a bound was missed."""
    with tempfile.TemporaryDirectory(prefix="understudy-bench-") as scratch:
        profile = write_cockpit_profile(Path(scratch), drivable=not args.not_drivable)
        data_dir = Path(scratch) / "dataset"
        cockpit = Cockpit(args, data_dir)
        from app.gui.beside import run_beside  # Qt

        run_beside(
            lambda: Session(str(profile), data_dir=data_dir, seed=args.seed, operator="bench"),
            cockpit.scenario,
            size=WINDOW_SIZE_PX,
            probe=True,
        )
        return cockpit.figures.report(args.json)


class Cockpit:
    """One measured session.

    Args:
        args: the bench's options.
        data_dir: the dataset to record to.
    """

    def __init__(self, args: argparse.Namespace, data_dir: Path) -> None:
        self._args = args
        self._data_dir = data_dir
        self.figures = Figures()

    def scenario(self, session: Session, hand: Hand) -> None:
        """Drive, collect, take over, and fill in the figures."""
        wait(session, lambda now: now.ready and now.homed, READY_S, "robot and cameras to be ready")
        session.set_plan(
            CollectionPlan(task=TASK, operator="bench", countdown_s=0.0, reset_s=0.0, nudge_after=0)
        )
        self._follow(session)
        episode_id, normal_step = self._drive(session, hand)
        self._collect(session)
        session.stop_script()
        wait(session, lambda now: now.mode is Mode.HOLD and not now.script, CLOSE_S, "holding")
        self._take_over(session, episode_id, normal_step)

    def _drive(self, session: Session, hand: Hand) -> tuple[str, float]:
        """The long drive; returns its episode and the largest step of the command in it."""
        seconds, seed, profile = self._args.seconds, self._args.seed, session.profile
        ticks = TickCollector(session, seconds=self._args.warm_up + seconds + 2 * CLOSE_S)
        session.begin(at_once=True)
        episode_id = self._recording(session)
        keep_driving(session, ticks, self._args.warm_up, script=SCRIPT, seed=seed)
        processes = session.snapshot().processes
        memory, meter = MemoryWatch(processes), CpuMeter(processes)
        captured_before = cameras_captured(session)
        hand.pulse.reset()
        gui_before_s, began_s = thread_cpu_s(threading.main_thread()), time.monotonic()
        with memory.watching(every_s=MEMORY_SAMPLES_S):
            keep_driving(session, ticks, seconds, script=SCRIPT, seed=seed)
        gui_share = (thread_cpu_s(threading.main_thread()) - gui_before_s) / (time.monotonic() - began_s)
        shares, pulse = meter.shares(), hand.pulse
        figures = self.figures
        figures.add("gui_cpu_share", gui_share, at_most=0.35)
        figures.add("window_process_cpu_share", shares.pop("window"))
        figures.add("stall_p999_ms", pulse.stall_quantile_ms(0.999), at_most=33)
        figures.add("stall_p99_ms", pulse.stall_quantile_ms(0.99))
        figures.add("stall_longest_ms", pulse.longest_stall_ms)
        figures.add("gui_refresh_hz", pulse.refresh_hz, at_least=25)
        figures.add("gui_refresh_ms", pulse.refresh_ms)
        for name, share in shares.items():
            figures.add(f"cpu_share_{name}", share)
        captured_after = cameras_captured(session)
        time.sleep(HEARTBEAT_PASSES_S)
        session.judge("success", aim=session.snapshot().collection.aim)
        wait(session, lambda now: now.recording is None, CLOSE_S, "the episode to close")
        rows = ticks.collect()
        episode = Dataset.open(self._data_dir).episode(episode_id)
        add_loop_figures(figures, rows, episode, rate_hz=profile.control_rate_hz)
        add_camera_figures(figures, profile, episode, captured_before, captured_after)
        self._memory_figures(memory, seconds)
        return episode_id, largest_step(profile, following(rows))

    def _memory_figures(self, memory: MemoryWatch, seconds: float) -> None:
        growth = memory.growth_mib(over_s=TEN_MINUTES_S)
        figures = self.figures
        figures.add("memory_growth_mib", growth["window"], at_most=16.0 if seconds >= JUDGED_FROM_S else None)
        figures.add("memory_growth_all_processes_mib", growth["all"])
        # What ten minutes at the measured slope make; and what was measured, over how long.
        measured_s = memory.times_s[-1]
        figures.add("memory_growth_measured_mib", growth["window"] * measured_s / TEN_MINUTES_S)
        figures.add("memory_growth_measured_over_s", measured_s)
        for name, series in memory.mib.items():
            figures.add(f"memory_{name}_mib", series[-1])

    def _collect(self, session: Session) -> None:
        """One short episode after another, the next one begun as soon as it may be."""
        ready_s: list[float] = []
        recording_s: list[float] = []
        for _ in range(self._args.episodes):
            self._follow(session)
            began_s = time.monotonic()
            session.begin()
            self._await_phase(session, Phase.RECORDING)
            recording_s.append(time.monotonic() - began_s)
            # The heartbeat that tells of the recording may still be the last episode's; the aim never is.
            episode_id = wait(
                session,
                lambda now: now.collection.aim not in ("", now.collection.last_id),
                CLOSE_S,
                "the episode to be one that can be judged",
            ).collection.aim
            time.sleep(SHORT_EPISODE_S)
            stopped_s = time.monotonic()
            session.judge("success", aim=episode_id)
            self._await_phase(session, Phase.RESETTING, Phase.IDLE)
            ready_s.append(time.monotonic() - stopped_s)
        if ready_s:
            self.figures.add("ready_for_next_s", max(ready_s), at_most=0.3)
            self.figures.add("ready_for_next_median_s", statistics.median(ready_s))
            self.figures.add("begin_to_recording_s", max(recording_s))

    def _take_over(self, session: Session, episode_id: str, normal_step: float) -> None:
        dice = random.Random(self._args.seed)
        taken = [
            take_over(
                session,
                episode_id,
                # Driven leaders bring the hands along; the other half of the time nobody touches them.
                script=SCRIPT if self._args.not_drivable or index % 2 else "",
                seed=self._args.seed + index,
                dice=dice,
            )
            for index in range(self._args.takeovers)
        ]
        if taken:
            largest = max(one.step for one in taken)
            self.figures.add("takeover_step_ratio", largest / normal_step, at_most=1.0)
            self.figures.add("takeover_step_over_limit", largest, at_most=1.0 + 1e-3)
            self.figures.add("normal_step_over_limit", normal_step)
            self.figures.add("takeover_to_following_s", statistics.median(one.seconds for one in taken))
            self.figures.add("takeover_to_following_longest_s", max(one.seconds for one in taken))
            self.figures.add("takeovers", len(taken))

    def _recording(self, session: Session) -> str:
        """The running episode's id, once the recorder has begun it."""
        found = wait(session, lambda now: now.recording is not None, CLOSE_S, "the episode to start")
        if found.recording is None:
            raise TimeoutError("the episode did not start")
        return found.recording.episode_id

    def _follow(self, session: Session) -> None:
        """See to it that the robot follows the scripted operator, whose script may have ended."""
        if not session.snapshot().script or session.snapshot().mode is not Mode.TELEOP:
            session.run_script(SCRIPT, self._args.seed)
        wait(
            session,
            lambda now: now.ready and now.mode is Mode.TELEOP and now.gate is None,
            FOLLOWING_S,
            "following",
        )

    def _await_phase(self, session: Session, *phases: Phase) -> None:
        """Wait closely; what is timed by it lasts a few hundredths of a second."""
        wait(
            session,
            lambda now: now.collection.phase in phases,
            CLOSE_S,
            "the collection to be " + " or ".join(phases),
            look_s=LOOK_S,
        )
