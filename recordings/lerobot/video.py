"""One camera's frames of one episode as an mp4.

H.264, since every decoder that LeRobot may use has it, and browsers show it. Every second frame is a key frame, as in
LeRobot's own videos: training reads single frames at random. There are no B-frames, so that frame k is shown at k / fps
exactly, without an edit list that readers treat differently.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace
from av.video.stream import VideoStream

from recordings.errors import StorageFailed
from recordings.frames import Rgb

CODEC = "h264"
OPTIONS = {"crf": "18", "preset": "veryfast", "g": "2", "bf": "0"}
"""Quality 18 is hard to tell from the recorded JPEG."""


def pixel_format(height_px: int, width_px: int) -> str:
    """4:2:0 as everybody else has, or 4:4:4 for sizes that cannot be halved."""
    return "yuv444p" if height_px % 2 or width_px % 2 else "yuv420p"


def write_video(path: Path, pictures: Iterable[Rgb], *, fps: int, height_px: int, width_px: int) -> None:
    """Encode pictures, (H, W, 3) uint8 each, and make sure that the file holds all of them.

    Raises:
        OSError: The disk refuses it.
        StorageFailed: The file does not hold what was written.
    """
    count = 0
    with (
        path.open("wb") as file,
        av.open(file, "w", format="mp4", options={"movflags": "faststart"}) as output,
    ):
        stream = output.add_stream("libx264", rate=fps, options=OPTIONS)
        stream.height, stream.width = height_px, width_px
        stream.pix_fmt = pixel_format(height_px, width_px)
        context = stream.codec_context
        context.time_base = Fraction(1, fps)
        # Said, since players guess another matrix for larger pictures.
        context.colorspace, context.color_range = Colorspace.ITU601, ColorRange.MPEG
        for picture in pictures:
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            converted = frame.reformat(
                format=stream.pix_fmt, dst_colorspace=Colorspace.ITU601, dst_color_range=ColorRange.MPEG
            )
            converted.pts, converted.time_base = count, context.time_base
            output.mux(stream.encode(converted))
            count += 1
        output.mux(stream.encode(None))
    if (held := _packets(path)) != count:
        raise StorageFailed(path, f"{count} frames were written and {held} are there")


def video_facts(*, fps: int, height_px: int, width_px: int) -> dict[str, Any]:
    """What LeRobot keeps of a camera's videos in `info.json`."""
    return {
        "video.height": height_px,
        "video.width": width_px,
        "video.codec": CODEC,
        "video.pix_fmt": pixel_format(height_px, width_px),
        "video.is_depth_map": False,
        "video.fps": fps,
        "video.channels": 3,
        "has_audio": False,
    }


def _packets(path: Path) -> int:
    """Encoded frames in a file, by its index; nothing is decoded."""
    with av.open(str(path)) as video:
        stream = video.streams.video[0]
        return (
            sum(packet.size > 0 for packet in video.demux(stream)) if isinstance(stream, VideoStream) else 0
        )
