"""The tasks' bench: trials through lines, drivers and servos, and what it makes of their outcome."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from app.bench.stepped_clock import SteppedClock
from app.bench.tasks import figures
from app.bench.trial import run_trial
from app.cli.main import main
from drivers.profile import RobotProfile, load_profile
from drivers.sim.faults import BusFaults
from drivers.sim.line import Line
from drivers.sim.operator.evaluate import Trial

PERIOD_NS = 20_000_000
HALFWAY_PACKETS = 600
"""The leader's line carries about one in each tick, and a few dozen while the robot connects."""


@pytest.fixture
def profile() -> RobotProfile:
    return load_profile("sim-kitchen")


def trial(*, script: str = "open the drawer", succeeded: bool = True) -> Trial:
    return Trial(
        script=script,
        seed=0,
        succeeded=succeeded,
        simulated_s=20.0,
        computed_s=4.0,
        phase="open the drawer",
        gave_up="",
    )


@pytest.mark.timeout(240)  # seconds; four on an idle machine
def test_the_operator_puts_the_sponge_in_the_sink_through_the_lines(profile: RobotProfile) -> None:
    outcome = run_trial(profile, "put the sponge in the sink", seed=1000)
    assert outcome.succeeded, outcome
    assert outcome.simulated_s > 5.0


@pytest.mark.timeout(240)
def test_a_trial_fails_when_the_robot_is_not_let_do_it(
    profile: RobotProfile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bench must be able to say no: here the robot is given too little time."""
    monkeypatch.setattr("app.bench.trial.FINISHED_S", 3.0)
    outcome = run_trial(profile, "put the cup in the sink", seed=0)
    assert not outcome.succeeded
    assert outcome.simulated_s == pytest.approx(3.0, abs=0.05)


@pytest.mark.timeout(240)
def test_a_trial_hangs_on_the_lines(profile: RobotProfile, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing gets around them: a leader's line that goes dead halfway ends the trial with the robot's complaint."""
    answer = Line.serve

    def answer_for_a_while(line: Line, now_ns: int) -> None:
        if line.name == "right_leader" and line.packets > HALFWAY_PACKETS:
            line.set_faults(BusFaults(loss=1.0))
        answer(line, now_ns)

    monkeypatch.setattr(Line, "serve", answer_for_a_while)
    outcome = run_trial(profile, "open the drawer", seed=0)
    assert not outcome.succeeded
    assert "leader" in outcome.gave_up
    assert outcome.simulated_s < 15.0


@pytest.mark.timeout(240)
def test_the_command_tells_each_task_and_writes_its_figures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = tmp_path / "figures.json"
    command = ["bench", "tasks", "--seeds", "1", "--first-seed", "7", "--script", "open the drawer"]
    assert main([*command, "--jobs", "1", "--json", str(told)]) == 0
    shown = capsys.readouterr()
    assert "open the drawer" in shown.out
    assert "1 of 1" in shown.err
    figures = json.loads(told.read_text())
    assert figures["tasks_open_the_drawer_successes"] == 1
    assert figures["tasks_open_the_drawer_seeds"] == 1
    assert "tasks_min_successes_of_20" not in figures


@pytest.mark.parametrize(("failures", "missed"), [(2, False), (3, True)])
def test_eighteen_of_twenty_are_enough_for_each_task_by_itself(failures: int, missed: bool) -> None:
    good = [trial(script="open the drawer") for _ in range(20)]
    worse = [trial(script="close the drawer", succeeded=number >= failures) for number in range(20)]
    result = figures(("open the drawer", "close the drawer"), good + worse, wall_s=10.0)
    assert result.values["tasks_min_successes_of_20"] == 20 - failures
    assert ("tasks_min_successes_of_20" in result.missed()) is missed


def test_the_clock_keeps_within_its_tick_and_gives_real_time_back() -> None:
    real = time.monotonic_ns
    clock = SteppedClock(period_ns=PERIOD_NS)
    with clock:
        clock.step()
        began_ns = clock.tick_ns
        time.sleep(0.05)
        assert began_ns < time.monotonic_ns() < began_ns + PERIOD_NS
        clock.step()
        assert clock.tick_ns == began_ns + PERIOD_NS
        assert time.monotonic_ns() - clock.tick_ns < PERIOD_NS
    assert time.monotonic_ns is real


def test_the_clock_gives_real_time_back_after_an_error() -> None:
    real = time.monotonic_ns
    with pytest.raises(RuntimeError), SteppedClock(period_ns=PERIOD_NS):
        raise RuntimeError
    assert time.monotonic_ns is real
