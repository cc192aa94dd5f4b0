"""What the `source` of a camera in a profile stands for."""

from __future__ import annotations

from enum import Enum


class SourceKind(Enum):
    """The kinds of source."""

    SIMULATED = "simulated"
    DEVICE = "device"
    FILE = "file"
    MJPEG = "MJPEG address"
    RTSP = "RTSP address"


def source_kind(source: str | int) -> SourceKind:
    """`sim`; an index or a path under `/dev/`; `http(s)://` for MJPEG; `rtsp(s)://`; any other text is a video file."""
    if isinstance(source, int) or source.isdecimal() or source.startswith("/dev/"):
        return SourceKind.DEVICE
    if source == "sim":
        return SourceKind.SIMULATED
    if source.startswith(("http://", "https://")):
        return SourceKind.MJPEG
    if source.startswith(("rtsp://", "rtsps://")):
        return SourceKind.RTSP
    return SourceKind.FILE
