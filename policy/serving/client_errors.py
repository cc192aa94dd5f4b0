"""What can go wrong between a client and its server, each by its name."""

from __future__ import annotations


class ClientError(RuntimeError):
    """Base of all of them."""


class ServerUnreachable(ClientError):
    """Nobody answered within the time allowed; the message has the last reason seen."""


class AccessRefused(ClientError):
    """The server wants an API key, or another one."""


class NotAPolicyServer(ClientError):
    """Something answers there, but it does not speak the protocol."""


class PolicyChanged(ClientError):
    """After a reconnection the server serves something else. This client asks it nothing any more."""


class ReplyTimeout(ClientError):
    """No reply in time. Should it still come, it is dropped with its connection."""


class ConnectionLost(ClientError):
    """The connection ended before the reply; the next request makes a new one."""


class BadReply(ClientError):
    """A reply came, and it is not one that can be used."""


class ClientClosed(ClientError):
    """The client was closed."""


class RemoteError(ClientError):
    """The server could not answer and said why.

    Attributes:
        remote_type: Class of the server's error as it names it, such as `policy.types.RequestError`; may be empty.
        remote_message: Its message.
        remote_traceback: Everything the server said.
    """

    def __init__(self, remote_traceback: str, *, url: str) -> None:
        lines = [line for line in remote_traceback.strip().splitlines() if line.strip()]
        last = lines[-1].strip() if lines else ""
        kind, _, message = last.partition(": ")
        named = bool(kind) and all(part.isidentifier() for part in kind.split("."))
        self.remote_type = kind if named else ""
        self.remote_message = (message if named else last) or "no reason given"
        self.remote_traceback = remote_traceback
        super().__init__(f"the server at {url} could not answer: {last or 'no reason given'}")
