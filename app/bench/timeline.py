"""`understudy bench timeline`: what a reviewer of a long episode waits for, in the real window with everything painted.

An episode of 30 minutes is made once: four cameras of 640×480 at 30 a second, state at 50 Hz, sound and events. It is
opened from the disk, sought in at random, played, and panned and zoomed with thousands of labels in a lane of its own.

What waits is measured by the clock, so that a busy machine shows (`machine_load`); the processor time beside it hardly
depends on what else runs.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import psutil

from app.bench.figures import Figures, add_json_argument
from app.bench.long_episode import TASK, drop_cached, write_long_episode
from app.bench.memory import MIB
from app.bench.waiting import wait
from app.session import Session
from app.session.view import EpisodeView
from recordings import Dataset

if TYPE_CHECKING:
    from app.gui.beside import Hand
    from app.gui.review.page_timer import PageTimer
    from app.gui.window import Window

WINDOW_SIZE_PX = (1920, 1080)
SHORT_MINUTES = 0.1
"""Of the other episode in the dataset, which one comes from when the long one is opened again."""
OPENINGS = 5
PANNED_S = 4.0
LISTED_S = 30.0
SAMPLE_S = 0.2
FILM_MIB = 300
"""What may be held beside the decoded pictures: the rows of half an hour, its sound, lanes and tiles."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this bench's options."""
    parser.add_argument(
        "--minutes",
        type=float,
        default=30.0,
        metavar="N",
        help="of the episode; 30 take 8 GiB for a while (30)",
    )
    parser.add_argument("--seeks", type=int, default=200, metavar="N", help="to moments at random (200)")
    parser.add_argument("--seconds", type=float, default=20.0, metavar="N", help="of playing (20)")
    parser.add_argument("--labels", type=int, default=10_000, metavar="N", help="on the time axis (10000)")
    parser.add_argument("--seed", type=int, default=0, help="of where is sought (0)")
    parser.add_argument(
        "--data", type=Path, metavar="DIR", help="make the episode in this dataset, keep it, and use it again"
    )
    add_json_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Measure and report; 1 when a bound was missed."""
    figures = Figures()
    with tempfile.TemporaryDirectory(prefix="understudy-bench-") as scratch:
        data_dir = args.data or Path(scratch) / "dataset"
        episode_id = prepared(data_dir, args.minutes)
        measure(args, data_dir, episode_id, figures)
    return figures.report(args.json)


def prepared(data_dir: Path, minutes: float) -> str:
    """The long episode's id, in a dataset that has it and a short one; made where they are not there yet."""
    dataset = Dataset.open(data_dir, create=True)
    ids = {}
    for length in (minutes, SHORT_MINUTES):
        made = [
            info.id
            for info in dataset.episodes()
            if info.task == TASK and abs(info.duration_s - 60 * length) < 1 and info.complete
        ]
        ids[length] = made[0] if made else write_long_episode(dataset, minutes=length).id
    return ids[minutes]


def measure(args: argparse.Namespace, data_dir: Path, episode_id: str, figures: Figures) -> None:
    """Open the window and go through it all."""
    from app.gui.beside import run_beside  # Qt

    def scenario(session: Session, hand: Hand) -> None:
        ready = wait(
            session, lambda now: len(now.episodes) > 1 and hand.window.frame is not None, LISTED_S, "the list"
        )
        episode = data_dir / "episodes" / episode_id
        hand.do(lambda: review(args, hand.window, ready.episodes, episode, figures))

    run_beside(
        lambda: Session(data_dir=data_dir, operator="bench", processes=()), scenario, size=WINDOW_SIZE_PX
    )


def review(
    args: argparse.Namespace, window: Window, listed: tuple[EpisodeView, ...], episode: Path, figures: Figures
) -> None:
    """Fill in the figures; in the window's thread."""
    from app.gui.review.page_timer import PageTimer
    from app.gui.review.reader import BUDGET_BYTES

    frame = window.frame
    if frame is None:
        raise RuntimeError("the window shows no session")
    page = frame.review_page
    timer = PageTimer(page)
    long, short = sorted(listed, key=lambda view: view.episode_id != episode.name)[:2]
    figures.add("episode_s", long.duration_s)
    figures.add("episode_gib", sum(file.stat().st_size for file in episode.rglob("*.*")) / 2**30)
    figures.add("machine_load", os.getloadavg()[0])
    frame.go_to("review")
    timer.until_painted_s(lambda: page.open(short, listed), short.episode_id)
    with peak_memory() as grown_mib:
        opened_s, read_s = open_again(
            timer, lambda: page.open(long, listed), lambda: page.open(short, listed), episode
        )
        figures.add("open_s", statistics.median(opened_s), at_most=0.5)
        figures.add("open_worst_s", max(opened_s))
        figures.add("open_all_s", statistics.median(read_s))
        if page.heard.on:
            page.heard.toggle()
        dice, film = random.Random(args.seed), page.open_film
        if film is None:
            raise RuntimeError("the episode is not open")
        moments = [dice.randrange(film.start_ns, film.end_ns) for _ in range(args.seeks)]
        spent_s = time.process_time()
        seeks_ms = timer.seeks_ms(moments)
        figures.add("seek_p95_ms", float(np.quantile(seeks_ms, 0.95)), at_most=33)
        figures.add("seek_median_ms", statistics.median(seeks_ms))
        figures.add("seek_cpu_ms", 1000 * (time.process_time() - spent_s) / args.seeks)
        timer.seeks_ms([film.start_ns])
        spent_s = time.process_time()
        figures.add("playback_late_fraction", timer.late_share(args.seconds), at_most=0.0)
        figures.add("playback_cpu_share", (time.process_time() - spent_s) / args.seconds)
        spent_s = time.thread_time()
        views_hz = timer.views_hz(PANNED_S, labels=args.labels)
        figures.add("pan_hz", views_hz, at_least=30)
        figures.add("pan_cpu_ms", 1000 * (time.thread_time() - spent_s) / (PANNED_S * views_hz))
    budget_mib = BUDGET_BYTES / MIB
    figures.add("memory_mib", grown_mib(), at_most=budget_mib + FILM_MIB)
    figures.add("memory_of_pictures_mib", budget_mib)


def open_again(
    timer: PageTimer, act: Callable[[], None], leave: Callable[[], None], episode: Path
) -> tuple[list[float], list[float]]:
    """Open a few times, each time from the disk; seconds to the pictures, and to everything else."""
    opened_s, read_s = [], []
    for opening in range(OPENINGS):
        if opening:
            leave()
        drop_cached(episode)
        opened_s.append(timer.until_painted_s(act, episode.name))
        read_s.append(opened_s[-1] + timer.until_read_s(lambda: None))
    return opened_s, read_s


@contextmanager
def peak_memory() -> Iterator[Callable[[], float]]:
    """By how many MiB this process grew at most from here to the block's end; ask after it."""
    process = psutil.Process()
    before = peak = process.memory_info().rss
    over = threading.Event()

    def watch() -> None:
        nonlocal peak
        while not over.wait(SAMPLE_S):
            peak = max(peak, process.memory_info().rss)

    thread = threading.Thread(target=watch, name="memory watch")
    thread.start()
    try:
        yield lambda: (peak - before) / MIB
    finally:
        over.set()
        thread.join()
