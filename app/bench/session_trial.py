"""One task of the scripted operator in a session: its processes, in real time.

The counterpart of `app.bench.trial`, to see that what is computed in lock step comes out alike on the wall's clock.
Pictures and recordings have no part in it, so only the processes run that move the robot.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from app.bench.waiting import wait
from app.messages import Mode
from app.session import Session
from drivers.profile import RobotProfile
from drivers.sim.operator import ScriptedOperator
from drivers.sim.operator.evaluate import SETTLE_S, Trial
from drivers.sim.remote import SimRemote

PROCESSES = ("simworld", "robot", "hands")
READY_S, BEGUN_S, FINISHED_S = 60.0, 10.0, 180.0


def run_session_trial(profile: str, script: str, *, seed: int) -> Trial:
    """Let the operator do a script once in a new session; a drawer that is to be closed is opened by the operator.

    Raises:
        TimeoutError: when the session does not get that far.
    """
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="understudy-bench-") as folder:
        session = Session(
            profile, data_dir=Path(folder) / "dataset", seed=seed, operator="bench", processes=PROCESSES
        )
        try:
            wait(session, lambda now: now.homed, READY_S, "the lift to know its zero")
            with SimRemote(session.runtime_dir) as world:
                if script == "close the drawer":
                    _do(session, "open the drawer", seed)
                began_s = world.truth().sim_time_s
                phase, ended = _do(session, script, seed)
                finished_s = world.truth().sim_time_s
                _beat_for(session, SETTLE_S)
                truth = world.truth()
            succeeded = ended and _judge(session.profile, script).succeeded(truth)
            wrong = "; ".join(notice.what for notice in session.snapshot().notices)
            return Trial(
                script=script,
                seed=seed,
                succeeded=succeeded,
                simulated_s=round(finished_s - began_s, 2),
                computed_s=round(time.perf_counter() - started, 2),
                phase=phase,
                gave_up="" if succeeded else wrong,
            )
        finally:
            session.close()


def _judge(profile: RobotProfile, script: str) -> ScriptedOperator:
    return ScriptedOperator(profile, script, seed=0)


def _do(session: Session, script: str, seed: int) -> tuple[str, bool]:
    """Have a script done; returns its last phase, and whether it came to its end in time."""
    session.run_script(script, seed)
    wait(session, lambda now: now.script == script and now.mode is Mode.TELEOP, BEGUN_S, f"{script} to begin")
    phase, end = "", time.monotonic() + FINISHED_S
    while (now := session.snapshot()).script and time.monotonic() < end:
        phase = now.script_phase or phase
        _beat_for(session, 0.05)
    return phase, not now.script


def _beat_for(session: Session, seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        session.beat()
        time.sleep(0.05)
