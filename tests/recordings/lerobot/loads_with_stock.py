"""A program for a Python that has the stock `lerobot` package, and nothing of ours: loads a dataset, prints its rows.

Usage: loads_with_stock.py DATASET
"""

from __future__ import annotations

import json
import sys
from importlib.metadata import version

import numpy as np
from lerobot.datasets.lerobot_dataset import LeRobotDataset


def main() -> None:
    root = sys.argv[1]
    backend = sys.argv[2] if len(sys.argv) > 2 else None
    dataset = LeRobotDataset("understudy/test", root=root, video_backend=backend)
    rows = []
    for number in range(len(dataset)):
        item = dataset[number]
        rows.append(
            {
                "state": item["observation.state"].tolist(),
                "action": item["action"].tolist(),
                "timestamp": item["timestamp"].item(),
                "capture_time_ns": item["capture_time_ns"].item(),
                "episode_index": item["episode_index"].item(),
                "task": item["task"],
                "subtask_index": item["subtask_index"].item(),
                "subtask": item.get("subtask"),
                "language_persistent": item.get("language_persistent"),
                "language_events": item.get("language_events"),
                "pictures": {
                    key: float(value.mean()) * 255 for key, value in item.items() if "images" in key
                },
            }
        )
    windowed = LeRobotDataset(
        "understudy/test",
        root=root,
        episodes=[dataset.num_episodes - 1],
        video_backend=backend,
        delta_timestamps={"action": [0.0, 1 / dataset.fps, 2 / dataset.fps]},
    )
    print(
        json.dumps(
            {
                "lerobot": version("lerobot"),
                "backend": backend or "default",
                "fps": dataset.fps,
                "episodes": dataset.num_episodes,
                "rows": rows,
                "window": np.asarray(windowed[0]["action"]).tolist(),
                "stats": {key: sorted(value) for key, value in dataset.meta.stats.items()},
            }
        )
    )


if __name__ == "__main__":
    main()
