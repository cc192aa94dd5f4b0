"""`understudy record --headless`: record one episode without a window."""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING, Any

from app.cli import options
from app.cli.episodes import open_dataset
from app.cli.outcome import CommandError, ExitCode, UsageError, text_stream, write_json
from app.cli.progress import Progress

if TYPE_CHECKING:
    from app.cli.headless import Headless
    from app.session.view import RecordingView, Snapshot

FOLLOWING_S = 60.0
RECORDER_S = 10.0
SCRIPT_START_S = 10.0
LONGEST_SCRIPT_S = 600.0


def add_parser(commands: argparse._SubParsersAction[Any]) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "record",
        help="record one episode without a window",
        description="Record one episode without a window: the robot follows the leaders, or a scripted operator moves"
        " them on the simulated robot. Recording starts when everything answers and the robot follows.",
        epilog="examples:\n"
        '  understudy record --headless --seconds 20 --task "wipe the counter"\n'
        '  understudy record --headless --task "tidy up" --script "put the plate in the sink" --outcome success\n',
        formatter_class=options.HelpFormatter,
    )
    parser.add_argument(
        "--headless", action="store_true", help="without a window; needed, for now there is no other way"
    )
    parser.add_argument(
        "--seconds", type=options.positive_seconds, metavar="N", help="how long; with a script: at most"
    )
    parser.add_argument("--task", required=True, metavar="TEXT", help="what is to be done, in your words")
    parser.add_argument(
        "--script", metavar="NAME", help="what the scripted operator does; simulated robot only"
    )
    parser.add_argument(
        "--seed", type=int, default=0, metavar="N", help="of the simulated kitchen (default: 0)"
    )
    parser.add_argument(
        "--outcome", choices=("unset", "success", "failure"), default="unset", help="default: unset"
    )
    parser.add_argument(
        "--tag", action="append", default=[], metavar="WORD", help="to find it by; may be repeated"
    )
    options.add_profile(parser)
    options.add_data(parser)
    options.add_json(parser, what="the figures, as one flat object,")
    options.add_session(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Record, print what came of it; 1 when frames were dropped or something failed meanwhile."""
    if not args.headless:
        raise UsageError("record needs --headless; to record with a window type: understudy")
    if args.seconds is None and args.script is None:
        raise UsageError("how long? Give --seconds N, or a --script that ends by itself")
    task = options.require(args.task, "--task", example="pick up the plate")
    from app.cli.headless import session_of

    with session_of(args, seed=args.seed) as headless:
        snapshot = headless.make_ready()
        if args.script is not None and args.script not in snapshot.scripts:
            known = ", ".join(f'"{name}"' for name in snapshot.scripts) or "none on this robot"
            raise CommandError(f'no script "{args.script}"; there are: {known}')
        figures = record(headless, args, task)
    for name, value in figures.items():
        print(f"{name}: {value}", file=text_stream(args.json))
    if args.json is not None:
        write_json(args.json, figures)
    whole = figures["complete"] and not figures["frames_dropped"] and not figures["faults"]
    return ExitCode.OK if whole else ExitCode.PROBLEMS


def record(headless: Headless, args: argparse.Namespace, task: str) -> dict[str, Any]:
    """Record the episode and return its figures; an interruption closes it before it goes on."""
    from app.messages import Mode

    session = headless.session
    if args.script is None:
        session.set_mode(Mode.TELEOP)
        headless.wait("aligning leaders and robot", follows, timeout_s=FOLLOWING_S)
    session.start_episode(task, tags=tuple(args.tag))
    headless.wait("starting the episode", lambda now: now.recording is not None, timeout_s=RECORDER_S)
    try:
        if args.script is not None:
            session.run_script(args.script, args.seed)
            headless.wait("starting the script", lambda now: now.script != "", timeout_s=SCRIPT_START_S)
        last = keep_recording(headless, args)
    finally:
        asked_s = time.monotonic()
        session.end_episode(args.outcome)
    headless.wait("closing the episode", lambda now: now.recording is None, timeout_s=RECORDER_S)
    close_s = time.monotonic() - asked_s
    session.set_mode(Mode.HOLD)
    info = open_dataset(options.data_dir(args)).episode(last.episode_id).info
    return {
        "episode": info.id,
        "complete": info.complete,
        "duration_s": round(info.duration_s, 3),
        "rows": info.counts.ticks,
        "frames": sum(info.counts.frames.values()),
        "frames_dropped": last.dropped,
        "late_ticks": session.snapshot().loop.late_ticks,
        "episode_close_s": round(close_s, 3),
        "faults": headless.faults,
    }


def keep_recording(headless: Headless, args: argparse.Namespace) -> RecordingView:
    """Keep the session going for as long as was asked; returns the last that was seen of the episode.

    Raises:
        CommandError: when the recorder stopped by itself.
    """
    from app.cli.headless import POLL_S

    limit_s = args.seconds or LONGEST_SCRIPT_S
    with Progress(
        "recording", total=limit_s if args.seconds else None, unit="s", always=args.progress
    ) as progress:
        while True:
            snapshot = headless.watch(progress)
            recording = snapshot.recording
            if recording is None:
                raise CommandError(
                    "the recorder stopped; the episode holds what came before: understudy data verify last"
                )
            if recording.duration_s >= limit_s or (args.script is not None and snapshot.script == ""):
                return recording
            progress.update(recording.duration_s, f"{recording.frames} frames, {recording.dropped} dropped")
            time.sleep(POLL_S)


def follows(snapshot: Snapshot) -> bool:
    """Whether the robot follows the leaders: the gate is passed."""
    from app.messages import Mode

    return snapshot.mode is Mode.TELEOP and snapshot.gate is None
