"""Synthetic cameras and a synthetic robot for `understudy bench record`: the recorder's input, and nothing else.

Run as `python -m app.bench.feeder RUNTIME_DIR SECONDS KIND`, with KIND `rgb` or `mjpeg`. It publishes frames at the
profile's rates and ticks at 50 Hz, and prints how many of each as JSON when it is done.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.config import read_config
from app.dataplane import DataPlane
from app.dataplane.layouts import FRAME_HEADER, JPEG, RGB, frame_topic, tick_layout, tick_topic
from app.processes.realtime import Pacer
from drivers.cameras.pattern import shaded_picture
from drivers.profile import load_profile
from recordings import encode_jpeg

PICTURES = 12
"""Different pictures that a synthetic camera shows in turn."""


def main(argv: list[str]) -> None:
    """Feed a session's recorder."""
    runtime_dir, seconds, kind = Path(argv[1]), float(argv[2]), argv[3]
    profile = load_profile(read_config(runtime_dir).profile)
    plane = DataPlane(runtime_dir)
    ticks = plane.publisher(tick_topic(profile))
    row = np.zeros(1, tick_layout(profile.dof))
    cameras = {
        name: (plane.publisher(frame_topic(name, camera)), camera) for name, camera in profile.cameras.items()
    }
    payloads: dict[str, list[NDArray[np.uint8]]] = {}
    for index, (name, (_, camera)) in enumerate(cameras.items()):
        pictures = [
            shaded_picture(camera.height_px, camera.width_px, number=PICTURES * index + number)
            for number in range(PICTURES)
        ]
        if kind == "mjpeg":
            encoded = [encode_jpeg(picture, camera.jpeg_quality) for picture in pictures]
            payloads[name] = [np.frombuffer(jpeg, np.uint8) for jpeg in encoded]
        else:
            payloads[name] = [picture.reshape(-1) for picture in pictures]
    rate_hz = max(camera.rate_hz for camera in profile.cameras.values())
    pacer = Pacer(rate_hz)
    print("feeding", flush=True)
    beats = round(seconds * rate_hz)
    for beat in range(beats):
        pacer.wait()
        now = time.monotonic_ns()
        row["tick"], row["time_ns"], row["action_time_ns"] = beat, now, now
        row["position"] = row["sent"] = np.sin(beat / 50)
        ticks.send(row.view(np.uint8))
        for name, (publisher, camera) in cameras.items():
            header = np.zeros(1, FRAME_HEADER)
            encoding = JPEG if kind == "mjpeg" else RGB
            header[0] = (time.monotonic_ns(), beat, camera.height_px, camera.width_px, encoding, 0)
            publisher.send(header.view(np.uint8), payloads[name][beat % PICTURES])
    print(json.dumps({"frames": beats * len(cameras), "ticks": beats, "skipped": pacer.skipped}), flush=True)
    sys.stdin.read()
    plane.close()


if __name__ == "__main__":
    main(sys.argv)
