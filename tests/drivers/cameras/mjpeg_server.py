"""A network camera for the tests: MJPEG over HTTP on the loopback, that can be made to stall, end or send rubbish."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import cv2
import numpy as np


def numbered_picture(number: int, *, width_px: int = 64, height_px: int = 48) -> np.ndarray:
    """An RGB picture that differs from number to number: a bright bar that moves over a grey ramp."""
    picture = np.repeat(np.linspace(40, 200, width_px, dtype=np.uint8)[None, :, None], height_px, axis=0)
    picture = np.repeat(picture, 3, axis=2)
    column = (number * 4) % (width_px - 8)
    picture[:, column : column + 8] = (250, 30, 30)
    return np.ascontiguousarray(picture)


def as_jpeg(picture: np.ndarray) -> bytes:
    """JPEG bytes of an RGB picture."""
    ok, data = cv2.imencode(".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    assert ok
    return data.tobytes()


class MjpegServer(ThreadingHTTPServer):
    """The camera. The attributes are its knobs; a test turns them while it streams."""

    daemon_threads = False
    block_on_close = True
    request_queue_size = 8

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.period_s = 0.02
        self.with_length = True
        self.boundary_after = False
        self.password_wanted = False
        self.content_type = "multipart/x-mixed-replace; boundary=frame"
        self.pictures = [as_jpeg(numbered_picture(number)) for number in range(14)]
        self.flowing = threading.Event()
        self.flowing.set()
        self.hang_up = threading.Event()
        self.ending = threading.Event()
        self.sent: list[bytes] = []
        self.connections = 0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/stream?camera=1"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no error here."""


class _Handler(BaseHTTPRequestHandler):
    server: MjpegServer

    def do_GET(self) -> None:
        camera = self.server
        camera.connections += 1
        if camera.password_wanted and "Authorization" not in self.headers:
            self.send_error(401)
            return
        if not self.path.startswith("/stream"):
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Type", camera.content_type)
        self.end_headers()
        number = 0
        while not camera.ending.wait(camera.period_s):
            if not camera.flowing.is_set():
                continue
            if camera.hang_up.is_set():
                return
            picture = camera.pictures[number % len(camera.pictures)]
            length = f"Content-Length: {len(picture)}\r\n" if camera.with_length else ""
            head = f"Content-Type: image/jpeg\r\n{length}\r\n".encode()
            if camera.boundary_after:
                start = b"--frame\r\n" if number == 0 else b""
                part = start + head + picture + b"\r\n--frame\r\n"
            else:
                part = b"--frame\r\n" + head + picture + b"\r\n"
            try:
                self.wfile.write(part)
            except OSError:
                return
            camera.sent.append(picture)
            number += 1

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing on stderr."""


@contextmanager
def mjpeg_server() -> Iterator[MjpegServer]:
    """A camera that streams until the end of the block."""
    server = MjpegServer()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.ending.set()
        server.shutdown()
        server.server_close()
        thread.join()
