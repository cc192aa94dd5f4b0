"""Network cameras that send MJPEG over HTTP, read part by part so that the camera's own JPEG bytes are kept.

The stream is `multipart/x-mixed-replace`: each part has headers, a blank line, and one JPEG (RFC 2046, section 5.1).
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import socket
import time
from email.message import Message
from urllib.parse import unquote, urlsplit

from drivers.cameras.address import without_password
from drivers.cameras.base import CameraError, CameraLost, CameraNotFound, CameraWrongFormat
from drivers.cameras.jpeg import whole_jpeg
from drivers.cameras.source import Picture, Source
from drivers.profile.schema import Camera as CameraSpec

CONNECT_TIMEOUT_S = 5.0
SILENCE_S = 3.0
"""A stream that sends nothing for so long is lost; a router in between may have forgotten the connection."""

LARGEST_PART = 32 * 1024 * 1024


def open_mjpeg(name: str, spec: CameraSpec) -> Source:
    """Open an HTTP MJPEG stream. Its pictures are stamped when their headers have arrived, before their bytes have.

    Raises:
        CameraNotFound: when nothing answers at the address, or it is none.
        CameraWrongFormat: when what answers is no MJPEG stream.
        CameraError: when it wants a user and password.
    """
    address = str(spec.source)
    label = f"camera {name} ({without_password(address)})"
    parts = urlsplit(address)
    try:
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise CameraNotFound(f"{label}: {error}; write http://host:port/path") from error
    if host is None:
        raise CameraNotFound(f"{label}: the address names no host; write http://host:port/path")
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(host, port, timeout=CONNECT_TIMEOUT_S)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = {"Accept": "multipart/x-mixed-replace"}
    if parts.username is not None:
        login = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        headers["Authorization"] = "Basic " + base64.b64encode(login.encode()).decode()
    try:
        connection.request("GET", target, headers=headers)
        # Taken before the answer: a stream that ends with its connection takes the socket away from `connection`.
        sock = connection.sock
        response = connection.getresponse()
    except (OSError, http.client.HTTPException) as error:
        connection.close()
        raise CameraNotFound(
            f"{label}: nothing answers there ({error}); check the address and the network"
        ) from error
    try:
        boundary = _boundary(response, label)
    except CameraError:
        response.close()
        connection.close()
        raise
    sock.settimeout(SILENCE_S)
    return _MjpegSource(connection, response, sock, boundary, label)


def _boundary(response: http.client.HTTPResponse, label: str) -> bytes:
    """The line between the parts, or the reason why this is no MJPEG stream."""
    if response.status in (401, 403):
        raise CameraError(
            f"{label}: the camera wants a user and password ({response.status}); write http://user:password@host/…"
        )
    if response.status != 200:
        raise CameraNotFound(
            f"{label}: the camera answers {response.status} {response.reason}; check the path of the address"
        )
    header = Message()
    header["Content-Type"] = response.getheader("Content-Type", "")
    boundary = header.get_param("boundary")
    if header.get_content_maintype() != "multipart" or not isinstance(boundary, str):
        raise CameraWrongFormat(
            f"{label}: sends {header.get_content_type()}, not multipart/x-mixed-replace; give the address of the MJPEG "
            "stream itself, not of the page that shows it"
        )
    return b"--" + boundary.removeprefix("--").encode()


class _MjpegSource(Source):
    def __init__(
        self,
        connection: http.client.HTTPConnection,
        response: http.client.HTTPResponse,
        sock: socket.socket,
        boundary: bytes,
        label: str,
    ) -> None:
        self._connection = connection
        self._response = response
        self._sock = sock
        self._boundary = boundary
        self._label = label
        self._buffer = bytearray()

    def grab(self) -> Picture:
        try:
            # Some servers send a boundary right after the picture before it; the headers come with their own picture.
            self._take_through(self._boundary)
            head = self._take_through(b"\r\n\r\n")
            time_ns = time.monotonic_ns()
            length = _content_length(head)
            body = self._take(length) if length is not None else self._take_until(b"\r\n" + self._boundary)
        except (OSError, http.client.HTTPException) as error:
            seen = (
                f"sent nothing for {SILENCE_S:g} s"
                if isinstance(error, TimeoutError)
                else f"broke off ({error})"
            )
            raise CameraLost(f"{self._label} {seen}") from error
        return Picture(time_ns, jpeg=whole_jpeg(body))

    def interrupt(self) -> None:
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)

    def release(self) -> None:
        self._response.close()
        self._connection.close()

    def _more(self) -> None:
        data = self._response.read1(65536)
        if not data:
            raise CameraLost(f"{self._label} ended its stream")
        self._buffer += data
        if len(self._buffer) > LARGEST_PART:
            raise CameraLost(f"{self._label} sent {len(self._buffer)} bytes without the end of a picture")

    def _take(self, count: int) -> bytes:
        while len(self._buffer) < count:
            self._more()
        taken = bytes(self._buffer[:count])
        del self._buffer[:count]
        return taken

    def _take_until(self, mark: bytes) -> bytes:
        """What comes before `mark`, which stays."""
        searched = 0
        while (at := self._buffer.find(mark, searched)) < 0:
            searched = max(0, len(self._buffer) - len(mark))
            self._more()
        return self._take(at)

    def _take_through(self, mark: bytes) -> bytes:
        taken = self._take_until(mark)
        self._take(len(mark))
        return taken


def _content_length(head: bytes) -> int | None:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length" and value.strip().isdigit():
            return min(int(value), LARGEST_PART)
    return None
