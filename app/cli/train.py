"""`understudy train`: a policy from recordings, by a recipe."""

from __future__ import annotations

import argparse
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.cli.options import HelpFormatter, at_least_none, at_least_one
from app.cli.outcome import ExitCode
from app.cli.progress import Progress

if TYPE_CHECKING:
    from types import FrameType

    from policy.training.loop import Done
    from policy.training.recipe import Recipe

DEFAULT_SAVE_EVERY, DEFAULT_TRIALS = 500, 3


def add_parser(commands: argparse._SubParsersAction[Any]) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "train",
        help="train a policy from recordings",
        description="Train a policy by a recipe. The run has a folder of its own; the same command goes on in it where"
        " it was, whatever ended it, to the same result.",
        epilog="the run's folder holds checkpoints/STEP (policies), curves.jsonl, and what it needs to go on\n\n"
        "examples:\n"
        "  understudy train kitchen.toml\n"
        "  understudy train kitchen.toml --run ~/runs/kitchen --threads 2\n"
        "  understudy serve ~/runs/kitchen/checkpoints/012000\n",
        formatter_class=HelpFormatter,
    )
    parser.add_argument("recipe", metavar="RECIPE", type=Path, help="a TOML file, see docs/training.md")
    parser.add_argument(
        "--run",
        dest="folder",
        metavar="DIR",
        type=Path,
        help="folder of the run (default: runs/NAME beside the recipe)",
    )
    parser.add_argument(
        "--threads", metavar="N", type=at_least_one, help="threads that compute (default: one a core)"
    )
    parser.add_argument(
        "--workers",
        metavar="N",
        type=at_least_none,
        default=1,
        help="processes that read data; 0: this one (default: 1)",
    )
    parser.add_argument(
        "--steps",
        metavar="N",
        type=at_least_one,
        help="stop after so many steps of the run; it can be gone on with",
    )
    parser.add_argument(
        "--save-every",
        metavar="N",
        type=at_least_one,
        default=DEFAULT_SAVE_EVERY,
        help=f"steps between checkpoints (default: {DEFAULT_SAVE_EVERY})",
    )
    parser.add_argument(
        "--evaluate-every",
        metavar="N",
        type=at_least_one,
        help="try the policy in the simulated kitchen every so many steps; the figures go into curves.jsonl",
    )
    parser.add_argument(
        "--trials",
        metavar="N",
        type=at_least_one,
        default=DEFAULT_TRIALS,
        help=f"trials of each subtask in an evaluation (default: {DEFAULT_TRIALS})",
    )
    parser.add_argument("--device", default="auto", help="cpu, cuda, or auto (default)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Train; 130 where a signal stopped it before the end."""
    from policy.training.loop import Rhythm
    from policy.training.material import recipe_data
    from policy.training.memory import keep_freed_memory
    from policy.training.parallel import joined_group, use_threads
    from policy.training.recipe_file import load_recipe
    from policy.training.run import Options, train

    keep_freed_memory()
    recipe = load_recipe(args.recipe)
    folder = run_folder(args.recipe, recipe, args.folder)
    use_threads(args.threads)
    steps = sum(stage.steps for stage in recipe.stages)
    with (
        joined_group(device=args.device) as group,
        stopping() as should_stop,
        Progress("training", total=steps, unit="steps", always=True) as progress,
    ):
        reached = train(
            recipe,
            args.recipe.read_text(encoding="utf-8"),
            folder,
            data=recipe_data(recipe, workers=args.workers, rank=group.rank, world=group.world),
            options=Options(
                rhythm=Rhythm(
                    save_every=args.save_every, evaluate_every=args.evaluate_every, stop_at=args.steps
                ),
                device=args.device,
                group=group,
                should_stop=should_stop,
                observe=lambda done: progress.update(done.position.total, note_of(done)),
                evaluate=tried_in_the_kitchen(args.trials),
            ),
        )
    print(
        f"{reached.total} of {steps} steps; the policy is {folder / 'checkpoints' / f'{reached.total:06d}'}"
    )
    if reached.total < steps:
        print("the same command goes on from here")
    return ExitCode.INTERRUPTED if should_stop() and reached.total < steps else ExitCode.OK


def tried_in_the_kitchen(trials: int) -> Callable[[Path], dict[str, float]]:
    """What tries a checkpoint at each subtask, as often as said, always from the same starts."""

    def figures(checkpoint: Path) -> dict[str, float]:
        from app.kitchen_trials.evaluation import FIRST_SEED, evaluate_checkpoint  # physics and rendering

        return evaluate_checkpoint(checkpoint, seeds=range(FIRST_SEED, FIRST_SEED + trials))

    return figures


def run_folder(path: Path, recipe: Recipe, given: Path | None) -> Path:
    """Where a run of a recipe lies: as asked, or beside the recipe."""
    return path.parent / "runs" / recipe.name if given is None else given.expanduser()


def note_of(done: Done) -> str:
    """A step in a few words: stage, losses, speed, time left."""
    from policy.training.progress import duration_text

    losses = "  ".join(
        f"{name} {done.losses[name]:.3f}"
        for name, weight in (("text", done.stage.text), ("fast", done.stage.fast), ("flow", done.stage.flow))
        if weight
    )
    return (
        f"{done.stage.name}  {losses}  {done.samples_per_s:.1f} samples/s  {duration_text(done.left_s)} left"
    )


@contextmanager
def stopping() -> Iterator[Callable[[], bool]]:
    """Whether the process was told to stop: the first signal ends training after its step, the second at once."""
    told: list[int] = []

    def tell(number: int, frame: FrameType | None) -> None:
        told.append(number)
        signal.signal(number, before[signal.Signals(number)])

    before = {number: signal.signal(number, tell) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: bool(told)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
