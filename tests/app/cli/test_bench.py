"""`understudy bench NAME` hands its options to the bench's own module."""

from __future__ import annotations

import argparse
import sys
from types import ModuleType

import pytest

from app.cli import bench
from app.cli.main import main


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """What a bench of the name `probe` was run with."""
    seen: dict[str, object] = {}

    def add_arguments(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--seconds", type=float, default=60.0)

    def run(args: argparse.Namespace) -> int:
        seen["seconds"] = args.seconds
        return 1

    module = ModuleType("probe_bench")
    module.__dict__.update(add_arguments=add_arguments, run=run)
    monkeypatch.setitem(sys.modules, "probe_bench", module)
    monkeypatch.setitem(bench.BENCHES, "probe", ("probe_bench", "a probe"))
    return seen


def test_options_reach_the_bench_and_its_exit_code_the_shell(seen: dict[str, object]) -> None:
    assert main(["bench", "probe", "--seconds", "5"]) == 1
    assert seen == {"seconds": 5.0}


def test_a_bench_has_its_own_help(seen: dict[str, object], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["bench", "probe", "--help"])
    assert ended.value.code == 0
    assert "--seconds" in capsys.readouterr().out
    assert seen == {}


def test_an_unknown_bench_is_a_usage_error() -> None:
    with pytest.raises(SystemExit) as ended:
        main(["bench", "dance"])
    assert ended.value.code == 2


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--preset", "nope"], "'nope'; choose one of pi05, pi0, pi05-medium, pi05-small"),
        (["--preset", "pi0-fast"], "'pi0-fast'; choose one of"),
        (["--repeats", "0"], "--repeats is 0; it must be at least 1"),
        (["--threads", "0"], "--threads is 0; it must be at least 1"),
        (["--device", "gpu"], "--device: no device 'gpu'"),
    ],
)
def test_what_the_policy_bench_cannot_measure_is_a_usage_error(
    options: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bench", "policy", *options]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert "report it" not in error
