"""Where LeRobot's files lie and what its `info.json` says: format v3.0.

The format may keep many episodes in one file. Here each has its own: a file that is whole is never opened again, so an
export that was cut off goes on after its last whole episode, and each video begins at 0, where LeRobot's 32-bit times
are exact.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from recordings.lerobot.plan import Plan
from recordings.lerobot.video import video_facts

FORMAT = "v3.0"
FILES_PER_CHUNK = 1000

INFO = Path("meta/info.json")
STATISTICS = Path("meta/stats.json")
TASKS = Path("meta/tasks.parquet")
SUBTASKS = Path("meta/subtasks.parquet")
EPISODES = Path("meta/episodes/chunk-000/file-000.parquet")

LANGUAGE_PERSISTENT = "language_persistent"
LANGUAGE_EVENTS = "language_events"

_FILE = "chunk-{chunk_index:03d}/file-{file_index:03d}"


def chunk_and_file(episode_index: int) -> tuple[int, int]:
    """The numbers that an episode's files have in their names."""
    return divmod(episode_index, FILES_PER_CHUNK)


def data_path(episode_index: int) -> Path:
    """An episode's rows."""
    chunk, file = chunk_and_file(episode_index)
    return Path("data") / (_FILE.format(chunk_index=chunk, file_index=file) + ".parquet")


def video_path(camera: str, episode_index: int) -> Path:
    """An episode's video of a camera."""
    chunk, file = chunk_and_file(episode_index)
    return Path("videos") / camera_key(camera) / (_FILE.format(chunk_index=chunk, file_index=file) + ".mp4")


def camera_key(camera: str) -> str:
    """A camera's feature."""
    return f"observation.images.{camera}"


def features(plan: Plan) -> dict[str, dict[str, Any]]:
    """Every column and video, as `info.json` describes them.

    The names of our own columns begin with neither `action` nor `observation`: LeRobot's policies would take those in.
    """
    schema = plan.schema
    numbers = {
        "dtype": "float32",
        "shape": [len(schema.vector_names)],
        "names": list(schema.vector_names),
        "info": {"units": list(schema.vector_units)},
    }
    whole = {"dtype": "int64", "shape": [1], "names": None}
    language = {"dtype": "language", "shape": [1], "names": None}
    return {
        "observation.state": numbers,
        "action": numbers,
        **{
            camera_key(camera.name): {
                "dtype": "video",
                "shape": [camera.height_px, camera.width_px, 3],
                "names": ["height", "width", "channels"],
                "info": video_facts(fps=plan.fps, height_px=camera.height_px, width_px=camera.width_px),
            }
            for camera in schema.cameras
        },
        "timestamp": {"dtype": "float32", "shape": [1], "names": None},
        **dict.fromkeys(("frame_index", "episode_index", "index", "task_index"), whole),
        **dict.fromkeys(("subtask_index", "capture_time_ns", "source"), whole),
        **({LANGUAGE_PERSISTENT: language, LANGUAGE_EVENTS: language} if plan.options.language else {}),
    }


def info(plan: Plan, *, episodes: int, rows: int, tasks: int) -> dict[str, Any]:
    """The whole of `info.json`."""
    return {
        "codebase_version": FORMAT,
        "robot_type": plan.schema.robot,
        "total_episodes": episodes,
        "total_frames": rows,
        "total_tasks": tasks,
        "chunks_size": FILES_PER_CHUNK,
        "data_files_size_in_mb": 100,
        "video_files_size_in_mb": 200,
        "fps": plan.fps,
        "splits": {"train": f"0:{episodes}"},
        "data_path": f"data/{_FILE}.parquet",
        "video_path": f"videos/{{video_key}}/{_FILE}.mp4",
        "features": features(plan),
    }
