"""`understudy bench training`: how fast recordings become batches, against what a training step takes.

Recordings: synthetic ones of the simulated kitchen's sizes, or a recipe's own. Reading is measured alone, with
processes that read ahead and nothing that trains beside; a step with a batch that is there already. Both together are
what `understudy train` tells while it trains.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from app.bench.figures import Figures, add_json_argument
from app.bench.training_episodes import CAMERAS, multiply, write_episodes

if TYPE_CHECKING:
    from policy.training.recipe import Recipe
    from policy.training.samples import TrainingSample

LEROBOT_PYTHON = "UNDERSTUDY_LEROBOT_PYTHON"
RECIPE = """
name = "bench"
[model]
preset = "{preset}"
[robot]
cameras_low = ["base_0_rgb", "left_wrist_0_rgb", "right_wrist_0_rgb"]
cameras_high = ["base_0_rgb", "back_0_rgb", "left_wrist_0_rgb", "right_wrist_0_rgb"]
[[data]]
dataset = "recordings"
source = "MM"
[[stage]]
name = "bench"
steps = 1000
"""
SECONDS = 8.0
DISTINCT = 20
"""Episodes that the many for statistics are copies of."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this bench's options."""
    parser.add_argument(
        "--recipe", type=Path, metavar="FILE", help="measure its first stage (default: synthetic)"
    )
    parser.add_argument("--preset", default="pi05-kitchen", help="of the synthetic recipe (pi05-kitchen)")
    parser.add_argument("--episodes", type=int, default=40, metavar="N", help="synthetic recordings (40)")
    parser.add_argument("--batches", type=int, default=30, metavar="N", help="to read (30)")
    parser.add_argument("--steps", type=int, default=8, metavar="N", help="to train, 0 for none (8)")
    parser.add_argument("--threads", type=int, metavar="N", help="that train (as many as there are cores)")
    parser.add_argument("--workers", type=int, default=2, metavar="N", help="processes that read (2)")
    parser.add_argument(
        "--stats-episodes",
        type=int,
        default=1000,
        metavar="N",
        help="to count statistics of, 0 for none (1000)",
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of the recordings (0)")
    add_json_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Measure and report; 1 when a bound was missed."""
    if min(args.episodes, args.batches, args.workers) < 1:
        print("--episodes, --batches and --workers must be at least 1", file=sys.stderr)
        return 2
    figures = Figures()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        path = args.recipe or synthetic_recipe(folder, args, figures)
        measure(path, folder, args, figures)
        if args.stats_episodes:
            measure_statistics(folder / "many", args, figures)
        if (python := os.environ.get(LEROBOT_PYTHON)) and args.recipe is None:
            measure_lerobot(python, folder, figures)
    return figures.report(args.json)


def synthetic_recipe(folder: Path, args: argparse.Namespace, figures: Figures) -> Path:
    """Record, and write a recipe that learns from it."""
    write_episodes(
        folder / "recordings", args.episodes, seconds=SECONDS, seed=args.seed, cameras=tuple(CAMERAS)
    )
    figures.add("episodes", args.episodes)
    path = folder / "recipe.toml"
    path.write_text(RECIPE.format(preset=args.preset))
    return path


def measure(path: Path, folder: Path, args: argparse.Namespace, figures: Figures) -> None:
    """Reading, and the model's own step."""
    from policy.training.data.loader import Loader, read
    from policy.training.data.mixture import Mixture
    from policy.training.data.sources import open_sources
    from policy.training.memory import keep_freed_memory
    from policy.training.parallel import use_threads
    from policy.training.recipe_file import load_recipe
    from policy.training.sizes import form_of

    keep_freed_memory()  # as a run does
    recipe = load_recipe(path)
    form = form_of(recipe)
    began = time.perf_counter()
    sources = open_sources(recipe, form, stage=0)
    figures.add("open_s", time.perf_counter() - began)
    figures.add("samples", sum(group.count for source in sources for group in source.groups))
    batch = recipe.stages[0].batch
    mixture = Mixture.of(recipe, 0, sources)
    refs = [ref for _, its in zip(range(args.batches), mixture.steps(0), strict=False) for ref in its]
    began, began_cpu = time.perf_counter(), time.process_time()
    samples = read(sources, refs).samples
    figures.add("read_ms", (time.perf_counter() - began) * 1e3 / len(refs))
    figures.add("read_cpu_ms", (time.process_time() - began_cpu) * 1e3 / len(refs))
    figures.add("workers", args.workers)
    with Loader.of(recipe, 0, sources=sources, workers=args.workers) as loader:
        for _ in range(args.workers + 1):
            next(loader)
        began = time.perf_counter()
        for _ in range(args.batches):
            next(loader)
        samples_per_s = args.batches * batch / (time.perf_counter() - began)
    figures.add("samples_per_s", samples_per_s)
    if args.steps:
        use_threads(args.threads)
        step_ms, step_cpu_ms = measure_step(
            recipe, path.read_text(), samples[:batch], folder / "run", args.steps
        )
        figures.add("batch", batch)
        figures.add("step_ms", step_ms)
        figures.add("step_cpu_ms", step_cpu_ms)
        figures.add("needed_samples_per_s", batch / step_ms * 1e3)
        figures.add("reads_vs_needed", samples_per_s * step_ms / 1e3 / batch, at_least=2)


def measure_step(
    recipe: Recipe, text: str, samples: list[TrainingSample], run_folder: Path, steps: int
) -> tuple[float, float]:
    """Medians of a training step, in milliseconds of time and of processors, with a batch that is there already.

    The first two steps do not count.
    """
    from policy.training.loop import Rhythm
    from policy.training.material import RecipeData
    from policy.training.run import Options, train

    class Ready(RecipeData):
        @contextmanager
        def open(self, stage: int, *, start_step: int) -> Iterator[Iterator[Sequence[TrainingSample]]]:
            yield repeat(samples)

    times: list[tuple[float, float]] = []
    options = Options(
        rhythm=Rhythm(stop_at=steps + 2),
        device="cpu",
        observe=lambda _: times.append((time.perf_counter(), time.process_time())),
    )
    train(recipe, text, run_folder, data=lambda form: Ready(recipe, form), options=options)
    took_ms, cpu_ms = np.median(np.diff(times[1:], axis=0), axis=0) * 1e3
    return float(took_ms), float(cpu_ms)


def measure_statistics(folder: Path, args: argparse.Namespace, figures: Figures) -> None:
    """Statistics of many recordings, looking through them included."""
    from policy.training.data.index import index_dataset
    from policy.training.data.reader import SampleReader
    from policy.training.recipe import Data
    from policy.training.samples import SampleForm, Source
    from policy.training.statistics import statistics_of

    write_episodes(
        folder, min(DISTINCT, args.stats_episodes), seconds=SECONDS, seed=args.seed, cameras=("back",)
    )
    multiply(folder, args.stats_episodes)
    slots = ("back_0_rgb",)
    form = SampleForm(image_size=96, horizon=50, cameras_low=slots, cameras_high=slots, crops={})
    began, began_cpu = time.perf_counter(), time.process_time()
    index = index_dataset(Data(source=Source.MM, dataset=folder), form)
    (counted,) = statistics_of([SampleReader(index, form)], horizon=form.horizon).values()
    counted.statistics()
    figures.add("norm_stats_s", time.perf_counter() - began)
    figures.add("norm_stats_cpu_s", time.process_time() - began_cpu, at_most=120)
    figures.add("norm_stats_episodes", counted.episodes)
    figures.add("norm_stats_vectors", counted.state.count + counted.actions.count)


def measure_lerobot(python: str, folder: Path, figures: Figures) -> None:
    """The same recordings, exported, read by the stock package: every camera and a second of actions at random rows."""
    from policy.training.data.loader import read
    from policy.training.data.mixture import Mixture
    from policy.training.data.sources import open_sources
    from policy.training.recipe_file import load_recipe
    from policy.training.sizes import form_of
    from recordings import Dataset
    from recordings.lerobot import export

    export(Dataset.open(folder / "recordings"), folder / "exported")
    rows = 200
    stock = stock_reads(python, folder, rows)
    recipe = load_recipe(folder / "recipe.toml")
    every = recipe.robot.cameras_high
    form = replace(form_of(recipe), cameras_low=every)
    sources = open_sources(recipe, form, stage=0)
    mixture = Mixture([source.groups for source in sources], [1.0], batch=rows, seed=1, stage=0)
    began, began_cpu = time.perf_counter(), time.process_time()
    read(sources, next(mixture.steps(0)))
    ours, ours_cpu = rows / (time.perf_counter() - began), rows / (time.process_time() - began_cpu)
    figures.add("lerobot", str(stock["lerobot"]))
    figures.add("lerobot_samples_per_s", float(stock["samples_per_s"]))
    figures.add("lerobot_samples_per_cpu_s", float(stock["samples_per_cpu_s"]))
    figures.add("one_process_samples_per_s", ours)
    figures.add("one_process_samples_per_cpu_s", ours_cpu)
    figures.add("reads_vs_lerobot", ours / float(stock["samples_per_s"]), at_least=5)


def stock_reads(python: str, folder: Path, rows: int) -> dict[str, Any]:
    """What `lerobot_reads.py` says, run by a Python that has the package."""
    cache = folder / "cache"
    cache.mkdir()
    program = Path(__file__).with_name("lerobot_reads.py")
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(cache),
        "HF_HOME": str(cache),
        "HF_HUB_OFFLINE": "1",
        "LD_LIBRARY_PATH": os.environ.get("LD_LIBRARY_PATH", ""),  # where torchcodec finds FFmpeg
    }
    command = [python, str(program), str(folder / "exported"), str(rows), "10"]
    done = subprocess.run(command, env=environment, cwd=cache, capture_output=True, text=True, check=True)
    said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return said
