"""Each level of a policy has a thread of its own: what one is asked never waits for the other."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pytest

from policy.serving.wire import pack
from tests.policy.serving.conftest import RawClient, RunningServer, running


class BothLevels:
    """Answers with actions at once, and names subtasks when it is let."""

    metadata: Mapping[str, Any] = {}
    calls = ("actions", "subtask")

    def __init__(self) -> None:
        self.naming, self.let = threading.Event(), threading.Event()
        self.acting_threads: set[int] = set()
        self.naming_threads: set[int] = set()
        self.named: list[Any] = []

    def infer(self, request: Mapping[str, Any]) -> dict[str, Any]:
        self.acting_threads.add(threading.get_ident())
        return {"actions": np.zeros((4, 2)), "id": request.get("id")}

    def infer_subtask(self, request: Mapping[str, Any]) -> dict[str, Any]:
        self.naming_threads.add(threading.get_ident())
        self.naming.set()
        assert self.let.wait(20)
        self.named.append(request["id"])
        return {"text": "go", "id": request["id"]}


@pytest.fixture
def both() -> Iterator[BothLevels]:
    policy = BothLevels()
    yield policy
    policy.let.set()


@pytest.fixture
def served(both: BothLevels) -> Iterator[RunningServer]:
    with running(both) as server:
        yield server
        both.let.set()


def connect(server: RunningServer) -> RawClient:
    client = RawClient(server.port)
    assert client.message()["understudy"]["calls"] == ["actions", "subtask"]
    return client


def ask_for_a_subtask(client: RawClient, number: int) -> None:
    client.send_frame(2, pack({"understudy/call": "subtask", "id": number}))


def test_actions_do_not_wait_for_a_subtask_that_is_being_named(
    served: RunningServer, both: BothLevels
) -> None:
    with connect(served) as high, connect(served) as second, connect(served) as low:
        ask_for_a_subtask(high, 1)
        assert both.naming.wait(5)
        ask_for_a_subtask(second, 2)
        for number in range(20):
            assert low.infer({"id": number})["id"] == number
            assert low.infer({"id": number, "understudy/call": "actions"})["id"] == number
        assert not both.named
        both.let.set()
        assert high.message()["id"] == 1
        assert second.message()["id"] == 2
    assert both.named == [1, 2]
    assert len(both.naming_threads) == len(both.acting_threads) == 1
    assert both.naming_threads != both.acting_threads


def test_stopping_finishes_the_subtask_that_is_being_named_and_tells_the_next(
    served: RunningServer, both: BothLevels
) -> None:
    with connect(served) as high, connect(served) as second:
        ask_for_a_subtask(high, 1)
        assert both.naming.wait(5)
        ask_for_a_subtask(second, 2)
        time.sleep(0.1)
        served.begin_stop()
        assert "ServerStopping" in second.failure()[0]
        both.let.set()
        assert high.message()["id"] == 1
        assert high.closed()[0] == 1001
    assert both.named == [1]


@pytest.mark.parametrize("call", [np.array(["subtask", "actions"]), ["subtask"], 1, None, "SUBTASK"])
def test_a_call_that_is_none_is_named(served: RunningServer, both: BothLevels, call: object) -> None:
    with connect(served) as client:
        client.send_frame(2, pack({"understudy/call": call}))
        expected = f"RequestError: understudy/call is {call!r:.60}; this policy answers actions and subtask"
        assert expected in client.failure()[0].strip().splitlines()[-1]
    assert not both.naming.is_set()
