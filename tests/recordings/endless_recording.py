"""A program that records as fast as it can until it is killed, and says after each tick how far it has come.

Usage: endless_recording.py DATASET CLOSE_AFTER_TICKS
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np

from recordings import Dataset, Event, Outcome, encode_jpeg
from tests.recordings import recorded as example


def main() -> None:
    dataset = Dataset.open(Path(sys.argv[1]), create=True)
    close_after_ticks = int(sys.argv[2])
    frames = [encode_jpeg(example.picture(number), 90) for number in range(50)]
    while True:
        with dataset.create_episode(example.spec()) as writer:
            writer.add_subtask("endless")
            for tick in range(close_after_ticks):
                time_ns = example.START_NS + tick * example.TICK_NS
                vector = np.full(example.SIZE, tick, np.float32)
                writer.append_tick(
                    time_ns=time_ns,
                    position=vector,
                    velocity=vector,
                    effort=vector,
                    action_time_ns=time_ns + 1,
                    requested=vector,
                    sent=vector,
                    source=1,
                    subtask=0,
                )
                for camera in ("front", "left-wrist"):
                    writer.append_frame(camera, time_ns + 2, frames[tick % 50])
                if tick % 10 == 0:
                    writer.append_audio(time_ns + 3, np.full(3_200, tick % 30_000, np.int16))
                    writer.append_event(
                        Event(time_ns=time_ns, kind="note", source="test", message=f"tick {tick}")
                    )
                os.write(1, f"{writer.path.name} {tick + 1}\n".encode())
            writer.close(Outcome.SUCCESS)


if __name__ == "__main__":
    main()
