"""A high level elsewhere: what it is sent over a real HTTP connection, and what is made of what it answers."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import pytest

from app.autonomy.remote_high_level import RemoteHighLevel, RemoteHighLevelError
from policy.types import Observation
from recordings import FrameEncoding
from recordings.frames import decode_frame

KNOWN = ("pick up the cup", "open the drawer")


class ChatServer(ThreadingHTTPServer):
    """Answers every chat completion with `said`, or with `status`, after `pause_s`."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Chat)
        self.said: Any = "pick up the cup"
        self.raw: bytes | None = None
        self.status = 200
        self.pause_s = 0.0
        self.asked: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.paths: list[str] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


class Chat(BaseHTTPRequestHandler):
    server: ChatServer

    def do_POST(self) -> None:
        self.server.paths.append(self.path)
        self.server.headers.append(dict(self.headers.items()))
        self.server.asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        time.sleep(self.server.pause_s)
        body = self.server.raw
        if body is None:
            body = json.dumps({"choices": [{"message": {"content": self.server.said}}]}).encode()
        try:
            self.send_response(self.server.status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except BrokenPipeError:  # who asked has given up
            return

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[ChatServer]:
    made = ChatServer()
    thread = threading.Thread(target=made.serve_forever)
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


@pytest.fixture
def observation() -> Observation:
    image = np.full((48, 64, 3), (200, 40, 40), np.uint8)
    return Observation({"front": image, "left_wrist": image // 2}, np.zeros(18))


def test_it_is_sent_pictures_task_history_and_list(server: ChatServer, observation: Observation) -> None:
    high = RemoteHighLevel(server.address + "/", "some-model", key="s3cret")
    named = high.subtask(observation, "tidy up", allowed=KNOWN, recent=("go to the cup",))
    assert named.text == "pick up the cup"
    assert named.probability == 1.0
    assert named.inference_ms > 0.0
    (asked,) = server.asked
    assert server.paths == ["/v1/chat/completions"]
    assert server.headers[0]["Authorization"] == "Bearer s3cret"
    assert (asked["model"], asked["temperature"]) == ("some-model", 0)
    words = "\n".join(part["text"] for part in asked["messages"][1]["content"] if part["type"] == "text")
    for expected in ("tidy up", "go to the cup", "- open the drawer", "left wrist camera"):
        assert expected in words
    pictures = [
        part["image_url"]["url"] for part in asked["messages"][1]["content"] if part["type"] == "image_url"
    ]
    assert len(pictures) == 2
    scheme, data = pictures[0].split(",")
    assert scheme == "data:image/jpeg;base64"
    picture = decode_frame(base64.b64decode(data), FrameEncoding.JPEG)
    np.testing.assert_allclose(picture, observation.images["front"], atol=12)


def test_without_a_key_none_is_sent(server: ChatServer, observation: Observation) -> None:
    RemoteHighLevel(server.address, "m").subtask(observation, "tidy up")
    assert "Authorization" not in server.headers[0]


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ("- Pick up the cup.", "pick up the cup"),
        ("**open the drawer**\nbecause it is shut", "open the drawer"),
        ("pick up a cup", "pick up the cup"),
        ("Done.", "done"),
    ],
)
def test_an_answer_is_taken_for_the_one_that_it_means(
    server: ChatServer, observation: Observation, said: str, text: str
) -> None:
    server.said = said
    assert RemoteHighLevel(server.address, "m").subtask(observation, "tidy up", allowed=KNOWN).text == text


def test_without_a_list_its_own_words_count(server: ChatServer, observation: Observation) -> None:
    server.said = '  "Wipe the   counter."  '
    assert RemoteHighLevel(server.address, "m").subtask(observation, "tidy up").text == "Wipe the counter"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"said": "water the plants"}, "'water the plants', which is none of the subtasks"),
        ({"said": " "}, "no words"),
        ({"said": None}, "no words"),
        ({"raw": b"<html>hello</html>"}, "no chat completion"),
        ({"raw": b'{"choices": []}'}, "no words"),
        ({"status": 401, "raw": b"who are you"}, "401 .*who are you; check the key"),
        ({"status": 500, "raw": b"oops"}, "500 .*oops"),
        ({"pause_s": 1.0}, r"no answer in 0\.3 s"),
    ],
)
def test_what_is_no_answer_is_told_with_address_and_reason(
    server: ChatServer, observation: Observation, change: dict[str, Any], why: str
) -> None:
    for name, value in change.items():
        setattr(server, name, value)
    high = RemoteHighLevel(server.address, "m", timeout_s=0.3 if "pause_s" in change else 10.0)
    with pytest.raises(RemoteHighLevelError, match=why) as caught:
        high.subtask(observation, "tidy up", allowed=KNOWN)
    assert server.address in str(caught.value)


def test_nobody_there_is_told(server: ChatServer, observation: Observation) -> None:
    address = server.address.replace(str(server.server_address[1]), "9")
    with pytest.raises(RemoteHighLevelError, match="refused; check the address"):
        RemoteHighLevel(address, "m").subtask(observation, "tidy up")
