"""`understudy bench kill`: SIGKILL to each process in turn, at random moments of a recording; what survives?"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import zarr

from app.bench.figures import Figures, add_json_argument
from app.bench.stillness import Watcher
from recordings import Dataset, Episode, RecordingError
from recordings.repair import repair_episode
from recordings.verify import verify_episode

TARGETS = ("recorder", "robot", "cameras", "simworld", "window")
MUST_HOLD = frozenset({"robot", "simworld", "window"})
"""The processes whose loss must bring the robot to rest; without cameras or recorder, driving goes on."""

EARLIEST_S, LATEST_S = 1.0, 4.0
"""The random moment of the kill, after the episode has started."""

WATCH_S = 3.0
ENDS_S = 30.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this bench's options."""
    parser.add_argument("--rounds", type=int, default=20, metavar="N", help="kills (20)")
    parser.add_argument("--seed", type=int, default=0, help="of the moments (0)")
    parser.add_argument("--only", choices=TARGETS, help="kill this process in every round")
    parser.add_argument("--data", type=Path, help="keep the recordings in this dataset")
    add_json_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Kill, look at what is left, report; 1 when a bound was missed."""
    moments = random.Random(args.seed)
    targets = (
        [args.only] * args.rounds if args.only else [TARGETS[i % len(TARGETS)] for i in range(args.rounds)]
    )
    with tempfile.TemporaryDirectory(prefix="understudy-bench-") as scratch:
        data_dir = args.data or Path(scratch) / "dataset"
        rounds = []
        for number, target in enumerate(targets):
            rounds.append(
                one_round(data_dir, target, after_s=moments.uniform(EARLIEST_S, LATEST_S), seed=number)
            )
            print(f"round {number + 1} of {len(targets)}: {rounds[-1]}", file=sys.stderr)
        unreadable, failed = look_after(data_dir)
    held = [one.held for one in rounds if one.target in MUST_HOLD]
    figures = Figures()
    figures.add("rounds", len(rounds))
    figures.add("unreadable_episodes", unreadable, at_most=0)
    figures.add("worst_loss_ms", max(one.loss_ms for one in rounds), at_most=1000)
    for target in sorted({one.target for one in rounds}):
        worst = max(one.loss_ms for one in rounds if one.target == target)
        figures.add(f"worst_loss_ms_{target}", worst)
    if held:
        figures.add("robot_held_fraction", sum(held) / len(held), at_least=1)
        figures.add("worst_time_to_rest_s", max(one.rest_s for one in rounds if one.target in MUST_HOLD))
    figures.add("verify_failures_after_repair", failed, at_most=0)
    return figures.report(args.json)


@dataclass(frozen=True, slots=True)
class Round:
    """What one kill left: data lost before the moment of the kill, whether and when the robot came to rest."""

    target: str
    loss_ms: float
    held: bool
    rest_s: float


def one_round(data_dir: Path, target: str, *, after_s: float, seed: int) -> Round:
    """Start a session, kill one of its processes while it records, watch the robot, end the session."""
    command = [sys.executable, "-m", "app.bench.owner", str(data_dir), str(seed)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as owner:
        if owner.stdout is None or owner.stdin is None:
            raise RuntimeError("the session's owner has no pipes")
        told: dict[str, Any] = json.loads(owner.stdout.readline())
        time.sleep(after_s)
        killed_ns = time.monotonic_ns()
        os.kill(told["pids"][target], signal.SIGKILL)
        with Watcher(Path(told["runtime_dir"])) as watcher:
            held, rest_s = watcher.rests(killed_ns, watch_s=WATCH_S, has_world=target != "simworld")
        loss_ms = loss_before(Dataset.open(data_dir).episode(told["episode_id"]), killed_ns)
        owner.stdin.close()
        owner.wait(ENDS_S)
    if target == "window":
        wait_for_end(told["pids"], target)
    return Round(target, loss_ms, held, rest_s)


def loss_before(episode: Episode, killed_ns: int) -> float:
    """Milliseconds before the kill that the worst stream lacks; infinite when a stream has nothing at all."""
    streams = {"ticks": episode.action.time_ns}
    streams |= {camera.name: episode.camera(camera.name).time_ns for camera in episode.attributes.cameras}
    before_kill = [times[times <= killed_ns] for times in map(np.asarray, streams.values())]
    if not all(map(len, before_kill)):
        return math.inf
    return (killed_ns - min(int(times[-1]) for times in before_kill)) / 1e6


def look_after(data_dir: Path) -> tuple[int, int]:
    """Repair what needs it, then verify and open everything; how many cannot be read, and how many fail."""
    dataset = Dataset.open(data_dir)
    unreadable = failed = 0
    for info in dataset.episodes():
        try:
            dataset.episode(info.id)
            if not info.complete:
                repair_episode(info.path)
            group = zarr.open_group(info.path, mode="r")
            rows = len(np.asarray(group["action/time_ns"]))
        except (RecordingError, OSError, KeyError, ValueError) as error:
            print(f"{info.id}: {error}", file=sys.stderr)
            unreadable += 1
            continue
        report = verify_episode(info.path)
        if not report.ok or not rows:
            print(f"{info.id}: {report}", file=sys.stderr)
            failed += 1
    return unreadable, failed


def wait_for_end(pids: dict[str, int], killed: str) -> None:
    """Wait until the processes that outlive a killed window have ended by themselves."""
    deadline = time.monotonic() + ENDS_S
    left = {name: pid for name, pid in pids.items() if name != killed}
    while left and time.monotonic() < deadline:
        left = {name: pid for name, pid in left.items() if Path(f"/proc/{pid}").exists()}
        time.sleep(0.1)
    if left:
        raise TimeoutError(f"these processes did not end after their window was killed: {left}")
