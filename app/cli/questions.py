"""`understudy questions`: pictures of the simulated kitchen with boxes, captions and questions, to learn from."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.cli.options import add_json, add_profile, at_least_one, profile
from app.cli.outcome import CommandError, ExitCode, UsageError, text_stream, write_json
from app.cli.progress import Progress

if TYPE_CHECKING:
    from app.demonstrations.picture_set import Making

DESCRIPTION = """\
Draw scenes of the simulated kitchen (things on the counter, in the sink or in the hand, the drawer, the robot about
them) and take each camera's picture, with boxes and captions in COCO's format and questions in VQA's.

FOLDER/front/ then has images/, instances.json, captions.json, questions.json and annotations.json, as has every camera;
a recipe names them under [[data]]. Interrupted, it goes on where it was; asked for more scenes, it adds them.

examples:
  understudy questions --scenes 2000 --into web
  understudy questions --scenes 2000 --into web --recipe kitchen.toml    only what the recipe's crops leave in view
"""


def add_parser(commands: argparse._SubParsersAction[Any]) -> None:
    """Add the command."""
    from app.cli.options import HelpFormatter

    parser = commands.add_parser(
        "questions",
        help="make pictures of the simulated kitchen with questions about them",
        description=DESCRIPTION,
        formatter_class=HelpFormatter,
    )
    add_profile(parser)
    parser.add_argument("--scenes", type=at_least_one, required=True, metavar="N", help="how many in all")
    parser.add_argument("--into", type=Path, required=True, metavar="FOLDER", help="where they go")
    parser.add_argument("--seed", type=int, default=0, help="what is drawn from (default 0)")
    parser.add_argument(
        "--camera",
        action="append",
        metavar="NAME",
        help="take this one's pictures; may be repeated (default: front and right_wrist)",
    )
    parser.add_argument(
        "--recipe", type=Path, metavar="FILE", help="say only what the crops of this recipe leave in view"
    )
    parser.add_argument(
        "--jobs", type=at_least_one, default=None, metavar="N", help="processes (default: one a core)"
    )
    parser.add_argument("--progress", action="store_true", help="show progress without a terminal too")
    add_json(parser, what="the counts")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Make the pictures, or the rest of them, and print how many there are."""
    from app.demonstrations.picturing import make_set

    making = _making(args)
    jobs = args.jobs or os.cpu_count() or 1
    with Progress("scenes", total=args.scenes, always=args.progress) as progress:
        made = make_set(
            args.into.expanduser(),
            making,
            scenes=args.scenes,
            jobs=jobs,
            tell=lambda done: progress.update(done),
        )
    out = text_stream(args.json)
    pictures = ", ".join(f"{count} of {camera}" for camera, count in made.pictures.items())
    print(f"pictures   {pictures}", file=out)
    print(f"boxes      {made.boxes}\ncaptions   {made.captions}\nquestions  {made.questions}", file=out)
    if made.scenes_left_out:
        print(f"left out   {made.scenes_left_out} scenes that could not be drawn", file=out)
    if args.json:
        counts = {name: getattr(made, name) for name in ("boxes", "captions", "questions", "scenes_left_out")}
        write_json(args.json, {"pictures": dict(made.pictures), **counts})
    return ExitCode.OK


def _making(args: argparse.Namespace) -> Making:
    from app.demonstrations.picture_set import Making
    from app.demonstrations.picturing import CAMERAS
    from drivers.profile import load_profile

    if args.seed < 0:
        raise UsageError(f"--seed is {args.seed}; it is an integer from 0 on")
    name = profile(args)
    there = load_profile(name).cameras
    cameras = tuple(dict.fromkeys(args.camera or CAMERAS))
    if unknown := [camera for camera in cameras if camera not in there]:
        raise CommandError(f"no camera {unknown[0]!r} on {name}; it has {', '.join(there)}")
    within = {}
    if args.recipe is not None:
        from policy.training.recipe_file import load_recipe

        crops = load_recipe(args.recipe).robot.crops
        within = {camera: crops[camera] for camera in cameras if camera in crops}
    return Making(seed=args.seed, profile=name, cameras=cameras, within=within)
