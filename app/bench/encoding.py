"""What encoding alone costs: the same pictures at the same pace beside the same processes, with nothing around it.

A tight loop over a few pictures would find them in the processor's cache and say less than encoding costs anybody who
records. So the pictures come at the pace at which they were recorded, and each only once in a while.
"""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray

from app.processes.recorder import POLL_S
from recordings import Episode, encode_jpeg

SAMPLE = 100
"""Pictures of each camera that are encoded again; the rest of them is taken to cost the same on average."""


def encoding_cpu_s(episode: Episode, qualities: dict[str, int]) -> float:
    """Processor seconds that encoding every picture of an episode takes, alone.

    Args:
        episode: the episode.
        qualities: JPEG quality by camera.
    """
    pictures = {name: _sample(episode, name) for name in qualities}
    counts = {name: len(episode.camera(name)) for name in qualities}
    pace_s = POLL_S / max(1, round(POLL_S * max(_rate_hz(episode, name) for name in qualities)))
    spent = dict.fromkeys(qualities, 0.0)
    next_s = time.monotonic()
    for index in range(min(map(len, pictures.values()))):
        next_s += pace_s
        time.sleep(max(0.0, next_s - time.monotonic()))
        for name, quality in qualities.items():
            started = time.thread_time()
            encode_jpeg(pictures[name][index], quality)
            spent[name] += time.thread_time() - started
    return sum(spent[name] * counts[name] / len(pictures[name]) for name in qualities)


def encoding_tight_cpu_s(episode: Episode, qualities: dict[str, int]) -> float:
    """The same in a tight loop, pictures one after another: the stricter thing to compare a recorder with."""
    total = 0.0
    for name, quality in qualities.items():
        pictures = _sample(episode, name)
        encode_jpeg(pictures[0], quality)
        started = time.process_time()
        for picture in pictures:
            encode_jpeg(picture, quality)
        total += (time.process_time() - started) * len(episode.camera(name)) / len(pictures)
    return total


def _sample(episode: Episode, name: str) -> list[NDArray[np.uint8]]:
    frames = episode.camera(name)
    chosen = np.linspace(0, len(frames) - 1, min(SAMPLE, len(frames))).astype(int)
    return [np.ascontiguousarray(frames.frame(int(index))) for index in chosen]


def _rate_hz(episode: Episode, name: str) -> float:
    times = episode.camera(name).time_ns
    return float((len(times) - 1) / ((times[-1] - times[0]) / 1e9))
