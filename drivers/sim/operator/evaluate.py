"""How often the scripted operator succeeds, over seeds: `python -m drivers.sim.operator.evaluate --seeds 20`.

Runs without serial lines, in simulated time (see `drivers.sim.direct`).
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np

from drivers.profile import RobotProfile, load_profile
from drivers.sim.direct import DirectRobot
from drivers.sim.kitchen.geometry import DRAWER_TRAVEL_M
from drivers.sim.operator.operator import LONG, ScriptedOperator, scripts
from drivers.sim.world import KitchenWorld

JUDGED = tuple(script for script in scripts() if script not in ("warm up", *LONG))
OPEN_AT_START_M = (0.20, DRAWER_TRAVEL_M - 0.02)
"""How far the drawer is open when it is to be closed: somewhere between, as the seed says."""
SETTLE_S = 1.0
TIME_LIMIT_S = 600.0
LEAST_SHARE = 0.9
"""How often each script is to succeed at least."""


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """How one seed went.

    Attributes:
        script: what was tried.
        seed: of the placement and of the operator's eye.
        succeeded: whether the world ended up as wanted.
        simulated_s: how long it took the robot.
        computed_s: how long it took the computer.
        phase: the last phase but `done`.
        gave_up: why the operator gave up; empty when not.
    """

    script: str
    seed: int
    succeeded: bool
    simulated_s: float
    computed_s: float
    phase: str
    gave_up: str


def kitchen_for(profile: RobotProfile, script: str, *, seed: int) -> KitchenWorld:
    """A kitchen in which a script has something to do: objects placed by the seed, a drawer to be closed open."""
    world = KitchenWorld(profile, seed=seed)
    if script == "close the drawer":
        open_m = np.random.default_rng(seed).uniform(*OPEN_AT_START_M)
        world.data.qpos[world.model.joint("drawer").qposadr[0]] = open_m
    return world


def run_trial(profile: RobotProfile, script: str, *, seed: int) -> Trial:
    """Let the operator do a script once, from the robot's start."""
    started = time.perf_counter()
    world = kitchen_for(profile, script, seed=seed)
    robot = DirectRobot(world)
    operator = ScriptedOperator(profile, script, seed=seed)
    truth, phase = world.truth(), ""
    while not operator.done and truth.sim_time_s < TIME_LIMIT_S:
        truth = robot.tick(operator.step(truth, following=True))
        phase = operator.phase if not operator.done else phase
    finished_s = truth.sim_time_s
    for _ in range(round(SETTLE_S * profile.control_rate_hz)):
        truth = robot.tick(operator.step(truth, following=True))
    return Trial(
        script=script,
        seed=seed,
        succeeded=operator.done and not operator.gave_up and operator.succeeded(truth),
        simulated_s=round(finished_s, 2),
        computed_s=round(time.perf_counter() - started, 2),
        phase=phase,
        gave_up=operator.gave_up,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Evaluate scripts over seeds; 0 when each succeeded on at least nine tenths."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--profile", default="sim-kitchen", help="profile of a simulated robot")
    parser.add_argument("--script", action="append", choices=scripts(), help="only this one; may be repeated")
    parser.add_argument("--seeds", type=int, default=20, help="how many (default 20)")
    parser.add_argument("--first-seed", type=int, default=0, help="the first (default 0)")
    parser.add_argument("--json", type=Path, help="also write every trial to this file")
    options = parser.parse_args(arguments)
    profile = load_profile(options.profile)
    trials: list[Trial] = []
    reliable = True
    for script in options.script or JUDGED:
        for seed in range(options.first_seed, options.first_seed + options.seeds):
            trial = run_trial(profile, script, seed=seed)
            trials.append(trial)
            if not trial.succeeded:
                _say(f"  {script}, seed {seed}: failed at {trial.phase!r} {trial.gave_up}")
        of_script = [trial for trial in trials if trial.script == script]
        reliable &= sum(trial.succeeded for trial in of_script) >= LEAST_SHARE * len(of_script)
        _say(_summary(script, of_script))
    if options.json is not None:
        options.json.write_bytes(msgspec.json.format(msgspec.json.encode(trials)))
    return 0 if reliable else 1


def _summary(script: str, trials: Sequence[Trial]) -> str:
    good = sum(trial.succeeded for trial in trials)
    simulated = sum(trial.simulated_s for trial in trials)
    computed = sum(trial.computed_s for trial in trials)
    return (
        f"{script:26s} {good:3d}/{len(trials)}   {simulated / len(trials):5.1f} s each, "
        f"{simulated / computed:4.1f} × real time"
    )


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
