"""What encoding alone costs: the same pictures, encoded again with nothing around it."""

from __future__ import annotations

import time

import numpy as np

from recordings import Episode, encode_jpeg

SAMPLE = 200
"""Pictures encoded again of each camera; the rest of its pictures is taken to cost the same on average."""


def encoding_cpu_s(episode: Episode, qualities: dict[str, int]) -> float:
    """Processor seconds that encoding every picture of an episode takes, alone.

    Args:
        episode: the episode.
        qualities: JPEG quality by camera.
    """
    total = 0.0
    for name, quality in qualities.items():
        frames = episode.camera(name)
        chosen = np.unique(np.linspace(0, len(frames) - 1, min(SAMPLE, len(frames))).astype(int))
        images = [np.ascontiguousarray(frames.frame(int(index))) for index in chosen]
        encode_jpeg(images[0], quality)
        started = time.process_time()
        for image in images:
            encode_jpeg(image, quality)
        total += (time.process_time() - started) * len(frames) / len(images)
    return total
