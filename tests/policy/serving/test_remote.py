"""A policy behind the wire answers as it does in front of it, and says which requests make no sense."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pytest

from policy.serving.adapter import ALOHA, DROID, LIBERO, ServedPolicy
from policy.serving.calls import SubtaskServable
from policy.serving.client import PolicyClient
from policy.serving.client_errors import BadReply, RemoteError, ServerUnreachable
from policy.serving.remote import NotOffered, RemotePolicy
from policy.transforms.images import ImageTooThin
from policy.types import Committed, Observation, RequestError
from tests.policy.serving.conftest import Echo, RunningServer, running
from tests.policy.serving.scripted import BOX, STEP_NS, Scripted

OBSERVATION = Observation(
    images={
        "front": np.arange(2 * 4 * 3, dtype=np.uint8).reshape(2, 4, 3),
        "back": np.zeros((5, 3, 3), np.uint8),
    },
    state=np.array([0.5, -0.25]),
    captured_ns=7_000_000_000,
)


@pytest.fixture
def scripted() -> Scripted:
    return Scripted()


@pytest.fixture
def both_ends(scripted: Scripted) -> Iterator[tuple[RemotePolicy, RunningServer]]:
    with running(ServedPolicy(scripted)) as server, RemotePolicy(lambda: PolicyClient(server.url)) as remote:
        yield remote, server


@pytest.fixture
def remote(both_ends: tuple[RemotePolicy, RunningServer]) -> RemotePolicy:
    return both_ends[0]


def test_actions_come_through_with_times_of_this_clock(remote: RemotePolicy, scripted: Scripted) -> None:
    chunk = remote.actions(OBSERVATION, "wipe the table")
    np.testing.assert_array_equal(chunk.actions, [[0.5, -0.25], [1.5, 0.75], [2.5, 1.75]])
    assert chunk.actions.dtype == np.float64
    assert chunk.target_ns.tolist() == [7_000_000_000, 7_020_000_000, 7_040_000_000]
    assert chunk.subtask == "wipe the table"
    assert chunk.inference_ms > 0
    seen, subtask, committed, noise = scripted.asked[0]
    assert (subtask, committed, noise) == ("wipe the table", None, None)
    assert seen.captured_ns == 0, "the server has another clock"
    np.testing.assert_array_equal(seen.state, OBSERVATION.state)
    for name, image in OBSERVATION.images.items():
        np.testing.assert_array_equal(seen.images[name], image)


def test_a_chunk_in_progress_and_noise_come_through(remote: RemotePolicy, scripted: Scripted) -> None:
    committed = Committed(actions=np.arange(8.0).reshape(4, 2), frozen=2, execute=20)
    noise = np.linspace(-1, 1, 6, dtype=np.float32).reshape(3, 2)
    remote.actions(OBSERVATION, "go on", committed=committed, noise=noise)
    _, _, got, got_noise = scripted.asked[0]
    np.testing.assert_array_equal(got.actions, committed.actions)
    assert (got.frozen, got.execute) == (2, 20)
    np.testing.assert_array_equal(got_noise, noise)
    assert got_noise.dtype == np.float32


def test_subtasks_come_through(remote: RemotePolicy, scripted: Scripted) -> None:
    subtask = remote.subtask(OBSERVATION, "clear the table")
    assert (subtask.text, subtask.probability, subtask.boxes) == ("pick up the plate", 0.75, (BOX,))
    assert subtask.cut
    chosen = remote.subtask(OBSERVATION, "clear", allowed=["close the door", "stop"])
    assert (chosen.text, chosen.cut) == ("close the door", False)
    assert scripted.asked[1][1:] == ("clear", ("close the door", "stop"))


def test_metadata_tells_what_can_be_asked(remote: RemotePolicy) -> None:
    assert remote.metadata == {
        "name": "scripted",
        "horizon": 3,
        "rate_hz": 50.0,
        "understudy": {"protocol": 1, "calls": ["actions", "subtask"], "options": ["committed", "noise"]},
    }


def test_a_stock_client_never_sees_our_keys(both_ends: tuple[RemotePolicy, RunningServer]) -> None:
    with PolicyClient(both_ends[1].url) as client:
        reply = client.infer(
            {"images": {"front": np.zeros((3, 4, 4), np.float32)}, "state": [0, 1], "prompt": "go"}
        )
    assert list(reply) == ["actions", "policy_timing", "server_timing"]
    assert list(reply["policy_timing"]) == ["infer_ms"]


class InTheRobotsKeys(Scripted):
    """Answers openpi's requests itself, and names no subtasks."""

    def __init__(self) -> None:
        super().__init__()
        self.metadata = {"levels": ["low"]}

    def infer(self, request: Mapping[str, Any]) -> dict[str, Any]:
        self.asked.append((dict(request),))
        return {"actions": np.zeros((3, 2))}


def test_a_policy_may_answer_stock_requests_in_its_robots_own_keys() -> None:
    policy = InTheRobotsKeys()
    with running(ServedPolicy(policy, default_prompt="tidy")) as server:
        with PolicyClient(server.url) as client:
            client.infer({"observation/joint_position": np.zeros(7)})
            client.infer({"prompt": "stop"})
        with RemotePolicy(lambda: PolicyClient(server.url)) as remote:
            assert remote.metadata["understudy"]["calls"] == ["actions"]
            assert remote.actions(OBSERVATION, "go").target_ns[1] == OBSERVATION.captured_ns + STEP_NS
            with pytest.raises(NotOffered, match="names no subtasks"):
                remote.subtask(OBSERVATION, "clear the table")
    stock, told, ours = policy.asked
    assert list(stock[0]) == ["prompt", "observation/joint_position"]
    assert (stock[0]["prompt"], told[0]["prompt"], ours[1]) == ("tidy", "stop", "go")


def test_the_default_prompt_stands_in(scripted: Scripted) -> None:
    request = {"state": np.zeros(2)}
    with (
        running(ServedPolicy(scripted, default_prompt="tidy up")) as server,
        PolicyClient(server.url) as client,
    ):
        client.infer(request)
        client.infer({**request, "prompt": "stop"})
    assert [asked[1] for asked in scripted.asked] == ["tidy up", "stop"]


GOOD = {"state": np.zeros(2), "prompt": "go", "images": {"front": np.zeros((4, 4, 3), np.uint8)}}
COMMITTED_GOOD = {"actions": np.zeros((4, 2)), "frozen": 2, "execute": 2}

BAD_REQUESTS: dict[str, tuple[dict[str, Any], str]] = {
    "no state": ({"state": None}, "'state' is NoneType; it must be numbers in 1 dimension"),
    "state of text": ({"state": "abc"}, "'state' is"),
    "state of bools": ({"state": np.zeros(2, bool)}, "'state' is [2] of bool"),
    "matrix as state": ({"state": np.zeros((2, 2))}, "'state' is [2, 2] of float64"),
    "ragged state": ({"state": [[1], [1, 2]]}, "'state' is list"),
    "infinite state": ({"state": np.array([np.inf, 0])}, "['state'] is inf"),
    "prompt of bytes": ({"prompt": b"go"}, "'prompt' is b'go'; it must be a text"),
    "images are a list": ({"images": [1]}, "'images' is list; it must be a map"),
    "image of int64": ({"images": {"front": np.zeros((4, 4, 3), np.int64)}}, "image 'front'"),
    "image without colour": ({"images": {"front": np.zeros((4, 4), np.uint8)}}, "image 'front'"),
    "image of text": ({"images": {"front": "x"}}, "image 'front'"),
    "misspelt": ({"promt": "go"}, "the request has 'promt'; this policy knows images, prompt, state"),
    "committed is a list": ({"understudy/committed": [1]}, "must be a map of actions, execute, frozen"),
    "committed too frozen": (
        {"understudy/committed": {**COMMITTED_GOOD, "frozen": 5}}, "has 5 frozen steps of 4",
    ),
    "committed frozen below 0": (
        {"understudy/committed": {**COMMITTED_GOOD, "frozen": -1}}, "has -1 frozen steps of 4",
    ),
    "committed executes nothing": (
        {"understudy/committed": {**COMMITTED_GOOD, "execute": 0}}, "0 to execute",
    ),
    "committed is frozen by half": (
        {"understudy/committed": {**COMMITTED_GOOD, "frozen": 1.5}}, "is 1.5; it must be an integer",
    ),
    "noise is a vector": ({"understudy/noise": np.zeros(3)}, "must be numbers in 2 dimension"),
    "subtask without task": ({"understudy/call": "subtask", "prompt": None}, "'prompt'"),
    "allowed is a text": (
        {"understudy/call": "subtask", "task": "tidy", "allowed": "stop"}, "'allowed' is 'stop'; it must be a list",
    ),
    "another call": ({"understudy/call": "train"}, "this policy answers actions and subtask"),
    "call is a list": ({"understudy/call": ["subtask"]}, "understudy/call is ['subtask']"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_REQUESTS)
def test_requests_that_make_no_sense_are_named(name: str, both_ends: Any, scripted: Scripted) -> None:
    changes, expected = BAD_REQUESTS[name]
    request = {**GOOD, **changes}
    if "task" in request:
        del request["prompt"]
    with PolicyClient(both_ends[1].url) as client:
        with pytest.raises(RemoteError) as error:
            client.infer(request)
        assert error.value.remote_type == "policy.types.RequestError"
        assert expected in error.value.remote_message
        assert client.infer(GOOD)["actions"].shape == (3, 2)
    assert len(scripted.asked) == 1


def test_missing_fields_are_named(both_ends: Any) -> None:
    for key, expected in (("state", "no 'state'"), ("prompt", "no 'prompt', and the server has no default")):
        request = {name: value for name, value in GOOD.items() if name != key}
        with PolicyClient(both_ends[1].url) as client, pytest.raises(RemoteError, match=expected):
            client.infer(request)


def test_what_the_policy_refuses_there_is_refused_here(remote: RemotePolicy) -> None:
    with pytest.raises(ImageTooThin, match=r"^image 'front' is too thin$"):
        remote.actions(OBSERVATION, "too thin")
    with pytest.raises(RequestError, match=r"^not that$"):
        remote.actions(OBSERVATION, "refuse")
    with pytest.raises(RequestError, match="not finite"):
        remote.actions(dataclasses.replace(OBSERVATION, state=np.array([np.nan, 0])), "go")
    with pytest.raises(RequestError, match="image 'front'"):
        remote.actions(dataclasses.replace(OBSERVATION, images={"front": np.zeros(3, np.uint8)}), "go")
    assert remote.actions(OBSERVATION, "go").subtask == "go"


def test_both_ends_satisfy_their_protocols(remote: RemotePolicy, scripted: Scripted) -> None:
    assert isinstance(ServedPolicy(scripted), SubtaskServable)
    assert not isinstance(Echo(), SubtaskServable)


# -- others' servers ---------------------------------------------------------------------------------------------------


class Openpi:
    """A policy as openpi serves it: keeps the request, answers 4 × 2."""

    metadata: Mapping[str, Any] = {}

    def __init__(self, reply: Mapping[str, Any] | None = None) -> None:
        self.requests: list[dict[str, Any]] = []
        self._reply = reply if reply is not None else {"actions": np.ones((4, 2), np.float32)}

    def infer(self, request: Mapping[str, Any]) -> dict[str, Any]:
        self.requests.append(dict(request))
        return dict(self._reply)


def observed(width: int, *cameras: str) -> Observation:
    images = {camera: np.full((4, 6, 3), index, np.uint8) for index, camera in enumerate(cameras)}
    return Observation(images=images, state=np.arange(width, dtype=float), captured_ns=100)


def test_openpis_servers_get_their_own_layouts() -> None:
    policy = Openpi()
    with running(policy) as server:
        for layout, observation in (
            (ALOHA, observed(14, "cam_high", "cam_left_wrist")),
            (DROID, observed(8, "exterior_image_1_left", "wrist_image_left", "another")),
            (LIBERO, observed(8, "image", "wrist_image")),
        ):
            with RemotePolicy(lambda: PolicyClient(server.url), layout=layout, rate_hz=50) as remote:
                chunk = remote.actions(observation, "go")
                assert chunk.actions.dtype == np.float64
                assert chunk.target_ns.tolist() == [100, 20_000_100, 40_000_100, 60_000_100]
    aloha, droid, libero = policy.requests
    assert set(aloha) == {"images", "state", "prompt"}
    assert aloha["images"]["cam_left_wrist"].shape == (3, 4, 6)
    assert set(droid) == {
        "observation/exterior_image_1_left",
        "observation/wrist_image_left",
        "observation/joint_position",
        "observation/gripper_position",
        "prompt",
    }
    np.testing.assert_array_equal(droid["observation/joint_position"], np.arange(7.0))
    np.testing.assert_array_equal(droid["observation/gripper_position"], [7.0])
    assert set(libero) == {"observation/image", "observation/wrist_image", "observation/state", "prompt"}
    assert libero["observation/wrist_image"].shape == (4, 6, 3)


@pytest.mark.parametrize("width", [7, 9])
def test_a_state_of_another_width_is_named(width: int) -> None:
    with pytest.raises(RequestError, match=f"the state has {width} numbers; this server wants 8"):
        DROID.request(observed(width, "image"))


def test_what_a_server_does_not_offer_is_not_asked() -> None:
    policy = Openpi()
    with running(policy) as server, RemotePolicy(lambda: PolicyClient(server.url), rate_hz=50) as remote:
        with pytest.raises(NotOffered, match="names no subtasks"):
            remote.subtask(OBSERVATION, "clear the table")
        with pytest.raises(NotOffered, match="takes no 'committed'"):
            remote.actions(OBSERVATION, "go", committed=Committed(actions=np.zeros((3, 2)), frozen=1))
        with pytest.raises(NotOffered, match="takes no 'noise'"):
            remote.actions(OBSERVATION, "go", noise=np.zeros((3, 2), np.float32))
    assert not policy.requests


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ({}, "has no 'actions'"),
        ({"actions": np.zeros(3)}, "must be numbers in 2 dimension"),
        ({"actions": "none"}, "must be numbers in 2 dimension"),
        ({"actions": np.zeros((0, 2))}, "must be numbers in 2 dimension"),
    ],
)
def test_replies_that_cannot_be_used_are_named(reply: dict[str, Any], expected: str) -> None:
    with (
        running(Openpi(reply)) as server,
        RemotePolicy(lambda: PolicyClient(server.url), rate_hz=50) as remote,
        pytest.raises(BadReply, match=expected),
    ):
        remote.actions(OBSERVATION, "go")


def test_what_cannot_connect_at_both_levels_stays_connected_at_none(scripted: Scripted) -> None:
    with running(ServedPolicy(scripted), max_clients=1) as server:
        expected = pytest.raises(ServerUnreachable, match="1 clients are connected, which is the limit")
        with expected, RemotePolicy(lambda: PolicyClient(server.url, connect_timeout_s=0.2)):
            pass
        with PolicyClient(server.url, connect_timeout_s=5) as client:
            assert client.metadata["name"] == "scripted"


def test_without_times_a_rate_is_asked_for() -> None:
    expected = pytest.raises(BadReply, match="give the rate")
    with running(Openpi()) as server, RemotePolicy(lambda: PolicyClient(server.url)) as remote, expected:
        remote.actions(OBSERVATION, "go")
    with pytest.raises(ValueError, match="rate_hz"):
        RemotePolicy(lambda: PolicyClient("h:1"), rate_hz=0)


def test_asking_from_afar_takes_no_tensors() -> None:
    """What asks runs beside the robot, where a second of imports and 200 MB would be felt."""
    program = "import sys, policy.serving.remote, policy.serving.broker; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
