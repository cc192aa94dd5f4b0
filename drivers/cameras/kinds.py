"""What the `source` of a camera in a profile stands for."""

from __future__ import annotations

from enum import Enum


class SourceKind(Enum):
    """The kinds of source."""

    SIMULATED = "simulated"
    DEVICE = "device"
    FILE = "file"
    PATTERN = "test pattern"
    MJPEG = "MJPEG address"
    RTSP = "RTSP address"


def source_kind(source: str | int) -> SourceKind:
    """`sim`; `test`; an index or a path in `/dev/`; `http(s)://`: MJPEG; `rtsp(s)://`; other text is a video file."""
    if isinstance(source, int) or source.isdecimal() or source.startswith("/dev/"):
        return SourceKind.DEVICE
    if source == "sim":
        return SourceKind.SIMULATED
    if source == "test" or source.startswith("test:"):
        return SourceKind.PATTERN
    if source.startswith(("http://", "https://")):
        return SourceKind.MJPEG
    if source.startswith(("rtsp://", "rtsps://")):
        return SourceKind.RTSP
    return SourceKind.FILE
