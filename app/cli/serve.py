"""`understudy serve CHECKPOINT`: let programs, here and elsewhere, ask a policy over openpi's websocket protocol."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.cli import options
from app.cli.outcome import ExitCode, UsageError

if TYPE_CHECKING:
    from policy.serving.server import PolicyServer

MIB = 1024 * 1024
HIGHEST_PORT = 65_535


def add_parser(commands: argparse._SubParsersAction[Any]) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "serve",
        help="let programs ask a policy over the network",
        description="Serve a policy over openpi's websocket protocol: its clients, and ours, send observations and get"
        " actions. Runs until Ctrl-C, and then finishes the request that is being answered.",
        epilog="The API key is read from a file or from $UNDERSTUDY_API_KEY, never from the command line, where every"
        " user\nof the machine could see it. Clients send it as `Authorization: Api-Key <key>`.\n\n"
        "examples:\n"
        "  understudy serve ~/checkpoints/kitchen\n"
        "  understudy serve ~/checkpoints/pi05_droid --config pi05_droid --tokenizer paligemma_tokenizer.model\n"
        "  understudy serve ~/checkpoints/kitchen --host 0.0.0.0 --api-key-file ~/.understudy-key\n"
        "  understudy serve --preset pi05-small --random-weights     try the wire, without a checkpoint\n",
        formatter_class=options.HelpFormatter,
    )
    _add_policy(parser)
    _add_server(parser)
    parser.set_defaults(run=run)


def _add_policy(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("what is served")
    group.add_argument(
        "checkpoint", metavar="CHECKPOINT", type=Path, nargs="?", help="folder of openpi, LeRobot or ours"
    )
    group.add_argument(
        "--config",
        metavar="NAME",
        help="how it was trained, for openpi's checkpoints: pi05_droid, pi05_libero, …",
    )
    group.add_argument(
        "--tokenizer", metavar="FILE", type=Path, help="sentencepiece model, where the checkpoint has none"
    )
    group.add_argument(
        "--vision-heads",
        metavar="N",
        type=options.at_least_one,
        help="attention heads of the image encoder, for openpi's checkpoints of another than the real size",
    )
    group.add_argument("--default-prompt", metavar="TEXT", help="for requests without a prompt")
    group.add_argument(
        "--device", choices=("auto", "cpu", "cuda"), default="auto", help="where it runs (default: auto)"
    )
    group.add_argument("--preset", metavar="NAME", help="with --random-weights: pi05-small, pi05-medium, …")
    group.add_argument(
        "--random-weights",
        action="store_true",
        help="no checkpoint: a policy that knows nothing, to try the wire with; never for a robot",
    )


def _add_server(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("how it is served")
    group.add_argument(
        "--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1, this machine only)"
    )
    group.add_argument(
        "--port", type=_port, default=8000, help="TCP port; 0 for any free one (default: 8000)"
    )
    group.add_argument(
        "--api-key-file", metavar="FILE", type=Path, help="file with the key that clients must send"
    )
    group.add_argument(
        "--no-api-key",
        action="store_true",
        help="serve the network without a key: anybody in it may use the policy",
    )
    group.add_argument(
        "--max-message-mib",
        metavar="N",
        type=options.at_least_one,
        default=64,
        help="longest message in MiB; a longer one ends its connection (default: 64)",
    )
    group.add_argument(
        "--max-clients", metavar="N", type=options.at_least_one, default=32, help="at once (default: 32)"
    )
    group.add_argument(
        "--quiet", action="store_true", help="no line for each client that comes, goes or fails"
    )


def run(args: argparse.Namespace) -> int:
    """Serve until told to end."""
    if (args.checkpoint is None) == (not args.random_weights):
        raise UsageError("give either a CHECKPOINT, or --preset NAME --random-weights to try without one")
    if args.random_weights != (args.preset is not None):
        raise UsageError("--preset and --random-weights go together; a checkpoint knows its own sizes")
    given = (
        ("--config", args.config),
        ("--tokenizer", args.tokenizer),
        ("--vision-heads", args.vision_heads),
    )
    unused = [option for option, value in given if value is not None]
    if args.random_weights and unused:
        raise UsageError(f"{unused[0]} tells what a checkpoint does not say; --random-weights has none")
    if args.no_api_key and args.api_key_file is not None:
        raise UsageError("--no-api-key and --api-key-file exclude each other; choose one")

    from policy.serving.access import read_api_key
    from policy.serving.run import require_free, run_server
    from policy.serving.server import ServerConfig
    from policy.serving.structure import Limits

    config = ServerConfig(
        host=args.host,
        port=args.port,
        api_key=None if args.no_api_key else read_api_key(args.api_key_file),
        without_key=args.no_api_key,
        limits=Limits(bytes=args.max_message_mib * MIB),
        max_clients=args.max_clients,
    )
    require_free(config)  # said now, not after minutes of loading

    from app.cli.servable import load_servable

    _say(f"loading {args.checkpoint or args.preset}")
    served = load_servable(args)
    if args.random_weights:
        _say("the weights are random: use this to try the wire, never to move a robot")

    def ready(server: PolicyServer) -> None:
        key = "with an API key" if config.api_key is not None else "without an API key"
        addresses = ", ".join(_url(host, port) for host, port in server.addresses)
        print(f"serving {served.what} at {addresses} {key}; Ctrl-C ends it", flush=True)

    run_server(served.policy, config, ready=ready, report=None if args.quiet else _say)
    _say("stopped")
    return ExitCode.OK


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _url(host: str, port: int) -> str:
    return f"ws://[{host}]:{port}" if ":" in host else f"ws://{host}:{port}"


def _port(text: str) -> int:
    """Parse a TCP port for argparse."""
    if not text.isdecimal() or int(text) > HIGHEST_PORT:
        raise argparse.ArgumentTypeError(f"{text!r} is no port; ports are 0 to {HIGHEST_PORT}")
    return int(text)
