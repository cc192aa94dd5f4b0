"""Several processes that make demonstrations at the same time into one dataset."""

from __future__ import annotations

import multiprocessing
import os
import queue
import signal
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Final

from app.demonstrations.making import Made, make
from app.demonstrations.pictures import Pictures
from app.demonstrations.plan import Demonstration
from drivers.profile import load_profile
from drivers.sim.gl import NoOffscreenRendering
from recordings import Dataset, RecordingError

LOOK_S: Final = 1.0
"""How often it is looked whether the others are still there."""
ENDING_S: Final = 10.0


class CrewLost(Exception):
    """A process that made demonstrations is gone; what is whole stays, and the same command goes on from there."""


def make_all(
    profile: str, into: Path, cameras: Sequence[str], shown: Sequence[Demonstration], *, jobs: int
) -> Iterator[Made]:
    """Perform and record demonstrations, as they are done; the same ones whatever the number of jobs.

    Args:
        profile: name of the simulated robot's.
        into: the dataset's folder, which is there.
        cameras: whose pictures are kept.
        shown: what is to be shown, one an episode.
        jobs: processes at work at a time; with one, it is this process.

    Raises:
        CrewLost: a process was killed.
        DiskFull: there is no room for more; what is whole stays.
        NoOffscreenRendering: this machine cannot draw without a screen.
    """
    if jobs == 1:
        yield from _make_here(profile, into, cameras, shown)
        return
    spawn = multiprocessing.get_context("spawn")
    todo: Any = spawn.Queue()
    done: Any = spawn.Queue()
    for one in shown:
        todo.put(one)
    for _ in range(jobs):
        todo.put(None)
    arguments = (profile, into, tuple(cameras), todo, done, os.getpid())
    crew: list[BaseProcess] = []
    try:
        for number in range(jobs):
            begun = spawn.Process(target=_work, args=arguments, name=f"demos {number}")
            begun.start()
            crew.append(begun)
        for _ in shown:
            yield _next_made(done, crew)
        for process in crew:
            process.join(ENDING_S)
    finally:
        for process in crew:
            process.terminate()
            process.join()
        for waiting in (todo, done):
            waiting.cancel_join_thread()
            waiting.close()


def _make_here(
    profile: str, into: Path, cameras: Sequence[str], shown: Iterable[Demonstration]
) -> Iterator[Made]:
    pictures = Pictures(cameras)
    try:
        robot, dataset = load_profile(profile), Dataset.open(into)
        for one in shown:
            yield make(robot, dataset, pictures, one)
    finally:
        pictures.close()


def _next_made(done: Any, crew: Sequence[BaseProcess]) -> Made:
    while True:
        # Looked for before the queue is: what somebody who has ended in order had to hand over is in it by then.
        ended = [process for process in crew if process.exitcode is not None]
        with suppress(queue.Empty):
            result: Made | RecordingError | OSError | NoOffscreenRendering = done.get(timeout=LOOK_S)
            if isinstance(result, Made):
                return result
            raise result
        lost = [process for process in ended if process.exitcode != 0]
        if lost or len(ended) == len(crew):
            codes = ", ".join(f"{process.name} with {process.exitcode}" for process in lost or ended)
            raise CrewLost(f"a process has ended ({codes}); run the same command again to go on")


def _work(profile: str, into: Path, cameras: Sequence[str], todo: Any, done: Any, parent: int) -> None:
    """Make demonstrations until there are no more, or the parent has gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends the crew
    try:
        made = _make_here(profile, into, cameras, _waiting(todo, parent))
        for one in made:
            done.put(one)
    except (RecordingError, OSError, NoOffscreenRendering) as error:
        done.put(error)


def _waiting(todo: Any, parent: int) -> Iterator[Demonstration]:
    while os.getppid() == parent:
        with suppress(queue.Empty):
            one: Demonstration | None = todo.get(timeout=LOOK_S)
            if one is None:
                return
            yield one
