"""`understudy evaluate`, typed as a person would, on a session of make-believe."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.autonomy.choice import HighLevel, PolicyKind
from app.cli import evaluate
from app.cli.main import main
from app.cli.policy_options import KINDS
from app.evaluation.plan import VariantName
from app.evaluation.store import Store, list_paths
from app.messages import Mode
from tests.support.fake_rig import FakeRig, Turn, quick

TWO = ("--task", "raise the lift", "--variant", "hierarchical", "--variant", "implicit", "--seeds", "3")


@pytest.fixture
def rig(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeRig]:
    made = FakeRig(
        turns=lambda task, level, seed, again: Turn("succeed" if level == HighLevel.MODEL else "nothing")
    )
    made.runtime_dir = Path("nowhere")  # type: ignore[attr-defined]
    monkeypatch.setattr("app.cli.headless.Session", lambda *_, **__: made)
    monkeypatch.setattr("app.evaluation.rig.SimWorld", lambda _: made)
    with quick():
        yield made


@pytest.fixture
def typed(tmp_path: Path) -> Callable[..., int]:
    def run(*words: str) -> int:
        return main(["evaluate", "--data", str(tmp_path), *words])

    return run


def test_a_table_of_variants_and_tasks_is_printed(
    rig: FakeRig, typed: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert typed(*TWO, "--time-limit", "0.2") == 0
    said = capsys.readouterr()
    lines = said.out.splitlines()
    head = next(line for line in lines if line.startswith("variant"))
    assert head.split("  ")[0] == "variant"
    assert "raise the lift" in head
    assert any(line.startswith("hierarchical  100 % (44-100) n=3") for line in lines)
    assert any(line.startswith("implicit      0 % (0-56) n=3") for line in lines)
    assert "hierarchical less implicit: +100 points" in said.out
    assert said.err.count(" of 6: raise the lift") == 6
    assert rig.beats > 10


def test_what_programs_read_is_complete(
    rig: FakeRig, typed: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert typed(*TWO, "--time-limit", "0.2", "--json", "-", "--csv", str(tmp_path / "trials.csv")) == 0
    made = json.loads(capsys.readouterr().out)
    assert made["variants"][0]["success"]["raise the lift"]["trials"] == 3
    assert len((tmp_path / "trials.csv").read_text().splitlines()) == 7


def test_one_that_is_complete_is_shown_again_without_a_session(
    rig: FakeRig,
    typed: Callable[..., int],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    typed(*TWO, "--time-limit", "0.2")
    first = capsys.readouterr().out
    monkeypatch.setattr("app.cli.headless.Session", None)
    assert typed("--show", "last") == 0
    assert capsys.readouterr().out == first
    assert typed("--resume", "last") == 0
    assert capsys.readouterr().out == first
    assert typed("--list") == 0
    assert "6 of 6  hierarchical, implicit  raise the lift" in capsys.readouterr().out


def test_ctrl_c_ends_in_good_order_and_says_how_to_go_on(
    rig: FakeRig, typed: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt() -> None:
        end_s = time.monotonic() + 30
        while len(rig.episodes) < 2 and time.monotonic() < end_s:
            time.sleep(0.005)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    assert typed(*TWO, "--time-limit", "0.4") == 130
    thread.join()
    (path,) = list_paths(tmp_path)
    assert f"go on with: understudy evaluate --resume {path.name}" in capsys.readouterr().err
    assert rig.recording is None
    done = len(Store.read(path).results)
    assert 1 <= done < 6
    assert typed("--resume", "last") == 0
    said = capsys.readouterr()
    assert f"{6 - done} trials to do" in said.err
    assert len(Store.read(path).attempts) == 6


def test_another_plan_is_not_resumed(
    rig: FakeRig, typed: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    typed(*TWO, "--time-limit", "0.2")
    capsys.readouterr()
    for words, said in (
        (("--seeds", "9"), "seeds: 3 from 0 to 2 there, 9 from 0 to 8 now"),
        (("--time-limit", "7"), "time limit: 0.2 there, 7 now"),
        (("--task", "open the drawer"), "tasks: raise the lift there, open the drawer now"),
        (("--policy", "random", "--source", "pi05-tiny"), "hierarchical (random pi05-tiny)"),
        (("--variant", "implicit"), "variants: "),
        (("--profile", "other"), "profile: sim-kitchen there, other now"),
        (("--by-hand",), "judge: world there, person now"),
    ):
        assert typed("--resume", "last", *words) == 1
        assert said in capsys.readouterr().err
    assert typed("--resume", "last", "--seeds", "3", "--task", "raise the lift") == 0


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((), 2, "what is to be tried?"),
        (("--task", "wash the car"), 1, "cannot judge 'wash the car'"),
        (("--task", "raise the lift", "--variant", "human"), 2, "Evaluation page of the window"),
        (("--task", "raise the lift", "--variant", "remote"), 1, "no address"),
        (("--task", "raise the lift", "--policy", "checkpoint"), 2, "needs --source"),
        (("--list", "--show", "last"), 2, "give one of them"),
        (("--show", "last"), 1, "no evaluation 'last'"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_starts(
    typed: Callable[..., int],
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    code: int,
    said: str,
) -> None:
    assert typed(*words) == code
    assert said in capsys.readouterr().err


def test_a_policy_that_cannot_be_loaded_is_told_with_the_way_to_go_on(
    rig: FakeRig, typed: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    rig.loads = lambda choice: "failed"
    assert typed(*TWO) == 1
    said = capsys.readouterr().err
    assert "cannot be loaded: no such file; when that is mended, go on with" in said


def test_a_judge_at_the_terminal_is_asked_and_told_nothing(
    rig: FakeRig,
    typed: Callable[..., int],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rig.turns = lambda task, level, seed, again: Turn("nothing")
    reader, writer = os.pipe()
    with os.fdopen(reader) as stdin, os.fdopen(writer, "w", buffering=1) as keys:
        monkeypatch.setattr("sys.stdin", stdin)

        def judge() -> None:
            for number, answer in enumerate("sfsfks", 1):
                end_s = time.monotonic() + 30
                while (
                    len(rig.tags) < number or rig.mode is not Mode.AUTONOMOUS
                ) and time.monotonic() < end_s:
                    time.sleep(0.005)
                time.sleep(0.05)
                keys.write(f"{answer}\n")
                while rig.mode is Mode.AUTONOMOUS and time.monotonic() < end_s:
                    time.sleep(0.005)

        thread = threading.Thread(target=judge)
        thread.start()
        code = typed(*TWO, "--by-hand", "--time-limit", "20")
        thread.join()
    said = capsys.readouterr()
    assert code == 0
    assert "s success, f failure, k skip" in said.err
    before_the_last = said.err[: said.err.index("6 of 6:")]
    assert "hierarchical" not in before_the_last
    assert "implicit" not in before_the_last
    assert "hierarchical" in said.out


def test_the_names_on_the_command_line_are_those_of_the_code() -> None:
    assert set(evaluate.VARIANTS) == {name.value for name in VariantName}
    assert set(KINDS) == {kind.value for kind in PolicyKind}
