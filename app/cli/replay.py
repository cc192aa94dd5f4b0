"""`understudy replay EPISODE`: let the robot do again what it did in an episode, without a window."""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING, Any

from app.cli import options, table
from app.cli.episodes import find, open_dataset
from app.cli.outcome import CommandError, ExitCode
from app.cli.progress import Progress

if TYPE_CHECKING:
    from app.cli.headless import Headless

START_S = 30.0


def add_parser(commands: argparse._SubParsersAction[Any]) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "replay",
        help="repeat an episode on the robot",
        description="Let the robot do again what it did in an episode: it goes to the first pose slowly, then repeats"
        " every action at the recorded pace. Ctrl-C holds it where it is.",
        epilog="examples:\n"
        "  understudy replay last\n"
        "  understudy replay 0007 --profile my-robot.toml --data /mnt/robot\n",
        formatter_class=options.HelpFormatter,
    )
    options.add_episode(parser)
    parser.add_argument(
        "--seed", type=int, default=0, metavar="N", help="of the simulated kitchen (default: 0)"
    )
    options.add_profile(parser)
    options.add_data(parser)
    options.add_session(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Replay; 1 when the robot stopped before the end."""
    dataset = open_dataset(options.data_dir(args))
    episode_id = find(args.episode, [info.id for info in dataset.episodes()], where=str(dataset.path))
    refuse_another_robot(dataset.episode(episode_id).attributes.vector_names, options.profile(args))
    from app.cli.headless import session_of

    with session_of(args, seed=args.seed) as headless:
        headless.make_ready()
        replayed_s = replay(headless, args, episode_id)
    print(f"replayed {episode_id} in {table.duration(replayed_s)}")
    return ExitCode.PROBLEMS if headless.faults else ExitCode.OK


def refuse_another_robot(recorded: tuple[str, ...], profile_name: str) -> None:
    """Refuse actions that were recorded from a robot of other joints.

    Raises:
        CommandError: when the numbers of the episode are not those of the profile.
    """
    from drivers.profile import load_profile

    names = load_profile(profile_name).vector_names
    if tuple(recorded) != tuple(names):
        raise CommandError(
            f"the episode has {len(recorded)} numbers ({', '.join(recorded[:3])}, …), the robot {profile_name} has"
            f" {len(names)} ({', '.join(names[:3])}, …); name the robot it was recorded from with --profile"
        )


def replay(headless: Headless, args: argparse.Namespace, episode_id: str) -> float:
    """Start the replay and watch it to its end; returns how many seconds it took.

    Raises:
        CommandError: when something else than the end stopped it.
    """
    from app.cli.headless import POLL_S
    from app.messages import Mode

    session = headless.session
    session.replay(episode_id)
    headless.wait("starting", lambda now: now.mode is Mode.REPLAY, timeout_s=START_S)
    started_s = time.monotonic()
    done = 0.0
    with Progress("replaying", total=100, unit="%", always=args.progress) as progress:
        while (snapshot := headless.watch(progress)).mode is Mode.REPLAY:
            done = max(done, snapshot.replay_progress)
            progress.update(100 * done)
            time.sleep(POLL_S)
    if snapshot.mode is not Mode.HOLD:
        raise CommandError(f"stopped after {100 * done:.0f} %: the robot is in {snapshot.mode.name.lower()}")
    return time.monotonic() - started_s
