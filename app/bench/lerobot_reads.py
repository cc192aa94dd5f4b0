"""A program for a Python with the stock `lerobot` package, and nothing of ours: reads rows at random, prints how fast.

Usage: lerobot_reads.py DATASET ROWS STEPS
"""

from __future__ import annotations

import json
import random
import sys
import time
from importlib.metadata import version

from lerobot.datasets.lerobot_dataset import LeRobotDataset

WARM_UP = 5


def main() -> None:
    """Read every camera's picture and a chunk of actions at each of some rows, in this one process."""
    root, rows, steps = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    plain = LeRobotDataset("understudy/bench", root=root)
    dataset = LeRobotDataset(
        "understudy/bench",
        root=root,
        delta_timestamps={"action": [step / plain.fps for step in range(steps)]},
    )
    chosen = random.Random(0).choices(range(len(dataset)), k=WARM_UP + rows)
    for number in chosen[:WARM_UP]:
        _ = dataset[number]
    began, began_cpu = time.perf_counter(), time.process_time()
    for number in chosen[WARM_UP:]:
        _ = dataset[number]
    took_s, took_cpu_s = time.perf_counter() - began, time.process_time() - began_cpu
    print(
        json.dumps(
            {
                "lerobot": version("lerobot"),
                "samples_per_s": rows / took_s,
                "samples_per_cpu_s": rows / took_cpu_s,
            }
        )
    )


if __name__ == "__main__":
    main()
