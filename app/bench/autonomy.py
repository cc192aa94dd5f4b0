"""`understudy bench autonomy`: a policy moves the robot, told and alone, with the window open and the recorder on.

Three parts, each a share of the time. *Told*: the scripted policy is given one subtask after another, and stopped.
*Alone, with the high level*: a small π0.5 of random weights, which keeps both cores busy, names subtasks and makes
chunks. *Alone, without*: the same, with the task straight to the low level. Random weights know no task: what is
measured is time and smoothness, not success.
"""

from __future__ import annotations

import argparse
import math
import random
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np
from numpy.typing import NDArray

from app.autonomy.choice import HighLevel, PolicyChoice, PolicyKind
from app.bench.figures import Figures, add_json_argument
from app.bench.hand_overs import POLICY_SOURCES, hand_overs, largest_gap_ms
from app.bench.processes import CpuMeter
from app.bench.recorded import TickCollector, add_loop_figures
from app.bench.stops import stop_to_hold_ms
from app.bench.waiting import wait
from app.messages import Mode
from app.session import Session
from recordings import Dataset

if TYPE_CHECKING:
    from app.gui.beside import Hand

READY_S, LOADED_S, MOVES_S, CLOSE_S = 60.0, 120.0, 60.0, 30.0
TOLD = ("raise the lift", "go to the cup", "bring the arms home", "go to the drawer", "lower the lift")
"""One after the other, each cut off by the next."""
EACH_S = 3.0
TASK = "put the cup in the sink"


class RobotHeld(RuntimeError):
    """The robot did not move to the end of a part."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this bench's options."""
    parser.add_argument(
        "--seconds", type=float, default=60.0, metavar="N", help="of the three parts together (60)"
    )
    parser.add_argument("--stops", type=int, default=20, metavar="N", help="how often STOP is pressed (20)")
    parser.add_argument(
        "--seed", type=int, default=0, help="of the kitchen, the policies and the moments (0)"
    )
    parser.add_argument("--preset", default="pi05-small", help="of the π0.5 with random weights (pi05-small)")
    add_json_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Measure and report; 1 when a bound was missed."""
    with tempfile.TemporaryDirectory(prefix="understudy-bench-") as scratch:
        bench = AutonomyBench(args, Path(scratch) / "dataset")
        from app.gui.beside import run_beside  # Qt

        run_beside(lambda: Session(data_dir=bench.data_dir, seed=args.seed, operator="bench"), bench.scenario)
        return bench.figures.report(args.json)


class AutonomyBench:
    """One measured run.

    Args:
        args: the command line.
        data_dir: the dataset to record to.
    """

    def __init__(self, args: argparse.Namespace, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.figures = Figures()
        self._part_s = args.seconds / 3
        self._stops = args.stops
        self._seed = args.seed
        self._preset = args.preset
        self._dice = random.Random(args.seed)
        self._late: list[int] = []
        self._latencies = (float("nan"), float("nan"))
        self._thinking_ms = float("nan")

    def scenario(self, session: Session, hand: Hand) -> None:
        """Tell, stop, let go alone, and fill in the figures."""
        wait(session, lambda now: now.ready and now.homed, READY_S, "robot and cameras to be ready")
        self._load(session, PolicyChoice(kind=PolicyKind.SCRIPTED, seed=self._seed))
        self._told(session)
        self._stopped(session, hand)
        model = PolicyChoice(kind=PolicyKind.RANDOM, source=self._preset, known=TOLD, seed=self._seed)
        self._load(session, model)
        ticks = TickCollector(session, seconds=self._part_s + CLOSE_S)
        session.start_episode(TASK)
        recording = wait(
            session, lambda now: now.recording is not None, 10.0, "the episode to start"
        ).recording
        if recording is None:
            raise TimeoutError("the episode did not start")
        meter = CpuMeter(session.snapshot().processes)
        thinking_end_ns = self._alone(session, ticks)
        shares = meter.shares()
        session.end_episode("unset")
        wait(session, lambda now: now.recording is None, CLOSE_S, "the episode to close")
        time.sleep(0.1)
        rows = ticks.collect()
        episode = Dataset.open(self.data_dir).episode(recording.episode_id)
        add_loop_figures(self.figures, rows, episode, rate_hz=session.profile.control_rate_hz)
        with_high_level = rows.copy()
        self._load(session, msgspec.structs.replace(model, high_level=HighLevel.IMPLICIT))
        ticks = TickCollector(session, seconds=self._part_s + CLOSE_S)
        plain_end_ns = self._alone(session, ticks)
        self._alone_figures(session, (with_high_level, thinking_end_ns), (ticks.collect(), plain_end_ns))
        for name, share in shares.items():
            self.figures.add(f"cpu_share_{name}", share)

    def _load(self, session: Session, choice: PolicyChoice) -> None:
        """Load a policy, before a robot that stands free: one that was cut off may have come to press on something."""
        session.set_mode(Mode.HOLD)
        wait(session, lambda now: now.mode is Mode.HOLD, 10.0, "hold")
        session.reset_world(self._seed)
        session.autonomy.load(choice)
        wait(
            session,
            lambda now: (
                now.policy is not None and now.policy.choice == choice and now.policy.state == "ready"
            ),
            LOADED_S,
            f"the {choice.kind} policy to be loaded",
        )
        time.sleep(0.5)

    def _told(self, session: Session) -> None:
        """One subtask after another, each cut off by the next in mid-motion."""
        ticks = TickCollector(session, seconds=self._part_s + MOVES_S)
        session.autonomy.listen()
        wait(session, lambda now: now.mode is Mode.VERBAL, 10.0, "verbal mode")
        end = time.monotonic() + self._part_s
        delays: dict[int, float] = {}
        turn = 0
        while time.monotonic() < end or turn < len(TOLD):
            session.autonomy.tell(TOLD[turn % len(TOLD)], origin="key")
            turn += 1
            time.sleep(EACH_S)
            ticks.collect()
            delays |= _delays_ms(session)
        rows = ticks.collect().copy()
        session.set_mode(Mode.HOLD)
        found = hand_overs(session.profile, rows)
        self.figures.add("told_policy", "scripted")
        self.figures.add("subtasks_told", turn)
        self.figures.add("subtasks_acted_on", len(delays))
        self.figures.add("subtask_to_action_ms", float(np.percentile(list(delays.values()), 50)))
        self.figures.add("subtask_to_action_p95_ms", float(np.percentile(list(delays.values()), 95)))
        self.figures.add("hand_overs", found.count)
        self.figures.add("chunk_jump_ratio", found.worst, at_most=1.0)
        self.figures.add("chunk_jump_ratio_pooled_p99", found.pooled)

    def _stopped(self, session: Session, hand: Hand) -> None:
        """The window's STOP key, in the midst of motion."""
        turns = iter(range(10**6))

        def move() -> None:
            session.reset_world(self._seed)
            session.autonomy.listen()
            wait(session, lambda now: now.mode is Mode.VERBAL, 10.0, "verbal mode")
            session.autonomy.tell(TOLD[next(turns) % len(TOLD)], origin="key")

        took = [stop_to_hold_ms(session, hand.press_stop, move, self._dice) for _ in range(self._stops)]
        self.figures.add("stops", len(took))
        if took:
            self.figures.add("stop_to_hold_p50_ms", float(np.percentile(took, 50)))
            self.figures.add("stop_to_hold_p99_ms", float(np.percentile(took, 99)), at_most=100)

    def _alone(self, session: Session, ticks: TickCollector) -> int:
        """Let the policy move the robot for a part; returns when that was over, monotonic ns.

        Raises:
            RobotHeld: it was held before; how large its gaps were would then say nothing of the policy.
        """
        session.autonomy.go_alone(TASK)
        wait(session, lambda now: now.mode is Mode.AUTONOMOUS, 10.0, "autonomous mode")
        wait(
            session, lambda now: now.policy is not None and now.policy.chunk >= 0, MOVES_S, "the first chunk"
        )
        end = time.monotonic() + self._part_s
        while time.monotonic() < end:
            time.sleep(0.5)
            ticks.collect()
            now = session.snapshot()
            if now.mode is not Mode.AUTONOMOUS:
                wrong = "; ".join(notice.what for notice in now.notices) or "nobody says why"
                raise RobotHeld(f"the robot was held {end - time.monotonic():.1f} s before its time: {wrong}")
        ticks.collect()
        policy, end_ns = session.snapshot().policy, time.monotonic_ns()
        if policy is not None:
            self._late.append(policy.late_chunks)
            self._latencies = (policy.chunk_ms_p50, policy.chunk_ms_p95)
            if not math.isnan(policy.subtask_ms_p50):
                self._thinking_ms = policy.subtask_ms_p50
        session.set_mode(Mode.HOLD)
        wait(session, lambda now: now.mode is Mode.HOLD, 10.0, "hold")
        return end_ns

    def _alone_figures(
        self, session: Session, thinking: tuple[NDArray[np.void], int], plain: tuple[NDArray[np.void], int]
    ) -> None:
        """What came of it.

        Args:
            session: the robot's.
            thinking: the ticks with the high level, and when that part was over.
            plain: and without.
        """
        self.figures.add("alone_policy", f"{self._preset} with random weights")
        for name, (rows, end_ns) in (("", thinking), ("_without_high_level", plain)):
            policy = np.isin(rows["source"], POLICY_SOURCES)
            self.figures.add(f"chunks_run{name}", len(np.unique(rows["chunk"][policy])))
            self.figures.add(f"largest_action_gap{name}_ms", largest_gap_ms(rows, end_ns=end_ns))
        found = hand_overs(session.profile, thinking[0])
        self.figures.add("random_hand_overs", found.count)
        self.figures.add("random_chunk_jump_ratio", found.worst)
        self.figures.add("chunk_p50_ms", self._latencies[0])
        self.figures.add("chunk_p95_ms", self._latencies[1])
        self.figures.add("subtask_p50_ms", self._thinking_ms)
        self.figures.add("late_chunks", sum(self._late))


def _delays_ms(session: Session) -> dict[int, float]:
    """From each subtask's application to its first action, by the subtask's number."""
    policy = session.snapshot().policy
    if policy is None:
        return {}
    current = (policy.subtask,) if policy.subtask is not None else ()
    return {
        one.applied_ns: (one.first_action_ns - one.applied_ns) / 1e6
        for one in (*policy.past, *current)
        if one.first_action_ns
    }
