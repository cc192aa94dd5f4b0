"""A vision-language model elsewhere that names subtasks, asked as OpenAI's chat completions are.

Any server that speaks that protocol will do. What goes out: the pictures of the high level's cameras as JPEG, the task,
the subtasks before, and the list to choose from. The key is taken from an environment variable and kept nowhere.
"""

from __future__ import annotations

import base64
import difflib
import http.client
import json
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from typing import Any

import msgspec

from policy.types import Observation, Subtask
from recordings import encode_jpeg

TIMEOUT_S = 15.0
JPEG_QUALITY = 80
MOST_TOKENS = 40
MOST_BYTES = 1 << 20
"""Of an answer; a longer one is none."""
NEAR = 0.8
"""How alike an answer must be to one of the allowed subtasks to be taken for it."""

INSTRUCTIONS = (
    "You direct a robot with two arms in a kitchen. You see what its cameras see. Name the one subtask that it should"
    " do now to get on with the task, in a few plain words such as 'pick up the cup'. Answer with the subtask alone. If"
    " the task is done, answer 'done'."
)


class RemoteHighLevelError(RuntimeError):
    """The remote high level gave no subtask; the message has its address, the reason and what to do."""


class _Message(msgspec.Struct):
    content: str | None = None


class _Choice(msgspec.Struct):
    message: _Message


class _Completion(msgspec.Struct):
    choices: list[_Choice]


class RemoteHighLevel:
    """Asks one model at one address. One caller at a time.

    Args:
        address: such as `http://host:8000/v1`.
        model: its name there.
        key: sent as a bearer token; empty for none.
        timeout_s: how long an answer may take.
    """

    def __init__(self, address: str, model: str, *, key: str = "", timeout_s: float = TIMEOUT_S) -> None:
        self.address = address.rstrip("/")
        self._model = model
        self._key = key
        self._timeout_s = timeout_s

    def subtask(
        self, observation: Observation, task: str, *, allowed: Sequence[str] = (), recent: Sequence[str] = ()
    ) -> Subtask:
        """The subtask that it names, or `done`.

        The probability is 1: the protocol tells none that could be relied on.

        Raises:
            RemoteHighLevelError: no answer, or none that is a subtask.
        """
        began = time.perf_counter()
        body = json.dumps(self._request(observation, task, allowed, recent)).encode()
        said = self._said(self._asked(body))
        return Subtask(self._read(said, allowed), 1.0, inference_ms=(time.perf_counter() - began) * 1e3)

    def _request(
        self, observation: Observation, task: str, allowed: Sequence[str], recent: Sequence[str]
    ) -> dict[str, Any]:
        words = [f"The task: {task}"]
        if recent:
            words.append(f"Subtasks so far, the last one under way: {'; '.join(recent)}")
        if allowed:
            words.append(
                "Choose exactly one of these:\n" + "\n".join(f"- {text}" for text in (*allowed, "done"))
            )
        content: list[dict[str, Any]] = [{"type": "text", "text": "\n".join(words)}]
        for name, image in observation.images.items():
            data = base64.b64encode(encode_jpeg(image, JPEG_QUALITY)).decode()
            content.append({"type": "text", "text": f"The {name.replace('_', ' ')} camera:"})
            content.append({"type": "image_url", "image_url": {"url": f"data:image/jpeg;base64,{data}"}})
        return {
            "model": self._model,
            "temperature": 0,
            "max_tokens": MOST_TOKENS,
            "messages": [
                {"role": "system", "content": INSTRUCTIONS},
                {"role": "user", "content": content},
            ],
        }

    def _asked(self, body: bytes) -> bytes:
        headers = {"Content-Type": "application/json"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        request = urllib.request.Request(f"{self.address}/chat/completions", body, headers)
        try:
            with urllib.request.urlopen(request, timeout=self._timeout_s) as reply:
                answer: bytes = reply.read(MOST_BYTES + 1)
        except urllib.error.HTTPError as error:
            with error:
                reason = error.read(300).decode(errors="replace").strip()
            remedy = (
                "check the key" if error.code in (401, 403) else "check the model's name and the server's log"
            )
            raise self._trouble(f"it answered {error.code} {error.reason}: {reason}", remedy) from error
        except TimeoutError as error:
            raise self._trouble(
                f"no answer in {self._timeout_s:g} s", "take a faster model, or name subtasks yourself"
            ) from error
        except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
            reason = str(getattr(error, "reason", error)) or type(error).__name__
            raise self._trouble(reason, "check the address and that the server runs") from error
        if len(answer) > MOST_BYTES:
            raise self._trouble(f"an answer of more than {MOST_BYTES} bytes", "check the address")
        return answer

    def _said(self, answer: bytes) -> str:
        try:
            completion = msgspec.json.decode(answer, type=_Completion)
        except msgspec.MsgspecError as error:
            raise self._trouble(f"its answer is no chat completion: {error}", "check the address") from error
        said = completion.choices[0].message.content if completion.choices else None
        if not said or not said.strip():
            raise self._trouble("its answer has no words", "check that the model can see pictures")
        return said

    def _read(self, said: str, allowed: Sequence[str]) -> str:
        """The subtask in what it said."""
        line = next(line for line in said.strip().splitlines() if line.strip())
        text = " ".join(line.strip(" \t-*\"'`.“”").split())
        if text.lower() == "done":
            return "done"
        if not allowed:
            return text
        by_words = {phrase.lower(): phrase for phrase in allowed}
        near = difflib.get_close_matches(text.lower(), by_words, n=1, cutoff=NEAR)
        if not near:
            raise self._trouble(
                f"it said {text[:80]!r}, which is none of the subtasks", "take a model that keeps to a list"
            )
        return by_words[near[0]]

    def _trouble(self, reason: str, remedy: str) -> RemoteHighLevelError:
        return RemoteHighLevelError(f"the high level at {self.address}: {reason}; {remedy}")
