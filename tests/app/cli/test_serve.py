"""`understudy serve` as a process: what it prints, how it is stopped, and what it refuses before it loads anything."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.cli.main import main
from policy.inference.runtime import Runtime, runtime
from policy.serving.client import PolicyClient
from policy.serving.client_errors import AccessRefused, ConnectionLost, RemoteError

PROGRAM = """
import sys, time
import numpy as np
import app.cli.servable as servable
from app.cli.main import main

class Slow:
    metadata = {"name": "slow"}
    def infer(self, request):
        print("began", flush=True)
        time.sleep(request.get("seconds", 0))
        return {"actions": np.zeros((2, 2)), "policy_timing": {"infer_ms": 0.0}}

servable.load_servable = lambda args: servable.Served(policy=Slow(), what="a slow policy")
sys.exit(main(["serve", *sys.argv[1:]]))
"""


class Serving:
    """The command under test."""

    def __init__(self, process: subprocess.Popen[str], first_line: str) -> None:
        self.process, self.first_line = process, first_line
        found = re.search(r"ws://127\.0\.0\.1:(\d+)", first_line)
        assert found, first_line
        self.url = found.group()

    def ended(self) -> tuple[int, str]:
        """Exit code, and all that it said to stderr."""
        _, said = self.process.communicate(timeout=20)
        return self.process.returncode, said


@contextmanager
def serving(*arguments: str, **environment: str) -> Iterator[Serving]:
    command = [sys.executable, "-c", PROGRAM, "some-checkpoint", "--port", "0", *arguments]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
        cwd=Path(__file__).parents[3],
    ) as process:
        try:
            assert process.stdout is not None
            yield Serving(process, process.stdout.readline())
        finally:
            if process.poll() is None:
                process.kill()


def test_says_where_and_what_and_serves() -> None:
    with serving() as server:
        assert re.fullmatch(
            r"serving a slow policy at ws://127\.0\.0\.1:\d+ without an API key; Ctrl-C ends it\n",
            server.first_line,
        )
        with PolicyClient(server.url) as client:
            assert client.metadata == {"name": "slow"}
            assert client.infer({})["actions"].shape == (2, 2)
        server.process.send_signal(signal.SIGTERM)
        code, said = server.ended()
    assert code == 0
    assert [line.partition(" ")[2] for line in said.splitlines()[1:-1]] == [
        "connected",
        "disconnected (1000)",
    ]
    assert said.splitlines()[-1] == "stopped"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_lets_the_request_under_way_finish(number: signal.Signals) -> None:
    replies: list[object] = []
    with serving("--quiet") as server, PolicyClient(server.url) as client:
        asking = threading.Thread(
            target=lambda: replies.append(client.infer({"seconds": 0.4})["actions"].shape)
        )
        asking.start()
        assert server.process.stdout is not None
        assert server.process.stdout.readline() == "began\n"
        server.process.send_signal(number)
        asking.join(10)
        assert server.ended() == (0, "loading some-checkpoint\nstopped\n")
    assert replies == [(2, 2)]


def test_a_second_signal_does_not_wait() -> None:
    with serving("--quiet") as server:
        client = PolicyClient(server.url)

        def ask() -> None:
            with pytest.raises((ConnectionLost, RemoteError)):
                client.infer({"seconds": 30})

        asking = threading.Thread(target=ask)
        asking.start()
        assert server.process.stdout is not None
        assert server.process.stdout.readline() == "began\n"
        server.process.send_signal(signal.SIGTERM)
        while server.process.poll() is None:
            server.process.send_signal(signal.SIGTERM)
            time.sleep(0.02)  # a flood of signals is a livelock of the loop that reads them
        asking.join(10)
        client.close()
        assert server.ended()[0] != 0


def test_the_key_comes_from_a_file_or_the_environment_and_is_not_on_the_command_line(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("from-file\n")
    for server_of, text in (
        (lambda: serving("--api-key-file", str(key)), "from-file"),
        (lambda: serving(UNDERSTUDY_API_KEY="from-environment"), "from-environment"),
    ):
        with server_of() as server:
            assert "with an API key" in server.first_line
            assert text not in Path(f"/proc/{server.process.pid}/cmdline").read_text()
            with PolicyClient(server.url, api_key=text) as client:
                assert client.infer({})["actions"].shape == (2, 2)
            with pytest.raises(AccessRefused):
                PolicyClient(server.url, api_key="wrong").connect()
            server.process.terminate()
            assert text not in server.ended()[1]


@pytest.fixture
def loads_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything refused here is refused before the policy is loaded."""
    monkeypatch.delenv("UNDERSTUDY_API_KEY", raising=False)
    monkeypatch.setattr("app.cli.servable.load_servable", lambda args: pytest.fail("it was loaded"))


@pytest.mark.usefixtures("loads_nothing")
@pytest.mark.parametrize(
    ("arguments", "code", "expected"),
    [
        ([], 2, "give either a CHECKPOINT, or --preset NAME --random-weights"),
        (["x", "--random-weights"], 2, "give either"),
        (["--random-weights"], 2, "--preset and --random-weights go together"),
        (["x", "--preset", "pi05-small"], 2, "--preset and --random-weights go together"),
        (
            ["--random-weights", "--preset", "pi05", "--tokenizer", "f"],
            2,
            "--tokenizer tells what a checkpoint",
        ),
        (["--random-weights", "--preset", "pi05", "--config", "pi05_droid"], 2, "--config tells what"),
        (["x", "--no-api-key", "--api-key-file", "f"], 2, "exclude each other"),
        (["x", "--api-key-file", "/no/such/key"], 1, "cannot read the API key from /no/such/key"),
        (["x", "--host", "0.0.0.0"], 1, "give --api-key-file (or UNDERSTUDY_API_KEY), or --no-api-key"),
        (["x", "--host", "192.0.2.1", "--no-api-key"], 1, "192.0.2.1 is no address of this machine"),
        (["x", "--host", "no.such.host.invalid", "--no-api-key"], 1, "is no address of this machine"),
    ],
)
def test_refuses_in_one_line(
    arguments: list[str], code: int, expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["serve", *arguments]) == code
    said = capsys.readouterr().err
    assert expected in said
    assert said.count("\n") == 1


@pytest.mark.usefixtures("loads_nothing")
@pytest.mark.parametrize(
    "option", [["--port", "70000"], ["--port", "x"], ["--max-message-mib", "0"], ["--device", "tpu"]]
)
def test_options_that_make_no_sense_are_usage_errors(
    option: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["serve", "x", *option])
    assert ended.value.code == 2
    assert option[1] in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code", "expected"),
    [
        (["--random-weights", "--preset", "pi06"], 2, "no preset 'pi06'"),
        (["/no/such/checkpoint"], 1, "there is nothing at /no/such/checkpoint"),
        (["x", "--config", "pi05_alohaa"], 1, "did you mean 'pi05_aloha'?"),
    ],
)
def test_what_cannot_be_loaded_is_said_in_one_line(
    arguments: list[str], code: int, expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["serve", *arguments, "--port", "0"]) == code
    said = capsys.readouterr().err.splitlines()
    assert said[0].startswith("loading ")
    assert len(said) == 2
    assert expected in said[1]


@pytest.mark.parametrize("device", ["auto", "cuda"])
def test_a_gpu_that_is_full_is_said_in_one_line(
    device: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: object, **__: object) -> None:
        raise RuntimeError("CUDA out of memory. Tried to allocate 20 MiB.\nGPU 0 has 24 GiB")

    monkeypatch.setattr("policy.inference.runtime.runtime", lambda device: Runtime("cuda", "a small GPU", 1))
    monkeypatch.setattr("policy.inference.loading.load_policy", full)
    assert main(["serve", "x", "--device", device, "--port", "0"]) == 1
    expected = "cannot run on a small GPU: CUDA out of memory. Tried to allocate 20 MiB.; free it, or give --device cpu"
    assert capsys.readouterr().err.splitlines()[1:] == [f"understudy: {expected}"]


def test_a_gpu_that_is_not_there_is_said_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    if runtime().gpu is not None:
        pytest.skip("there is one")
    assert main(["serve", "x", "--device", "cuda", "--port", "0"]) == 1
    assert "--device: no device 'cuda' on this machine; choose cpu or auto" in capsys.readouterr().err


@pytest.mark.usefixtures("loads_nothing")
def test_a_port_in_use_is_said_before_anything_is_loaded(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["serve", "x", "--port", str(port)]) == 1
    assert (
        f"port {port} on 127.0.0.1 is in use; stop what uses it, or choose another --port"
        in capsys.readouterr().err
    )
