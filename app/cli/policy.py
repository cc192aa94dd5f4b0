"""`understudy policy`: look at policies' checkpoints, and pack them."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.cli import table
from app.cli.options import HelpFormatter, add_json, at_least_one
from app.cli.outcome import ExitCode, text_stream, write_json

if TYPE_CHECKING:
    from policy.checkpoints.infer_config import Known
    from policy.checkpoints.info import CheckpointInfo, VectorInfo

LAYOUTS = {
    "understudy": "understudy's folder",
    "openpi": "openpi's folder",
    "lerobot": "LeRobot's folder",
    "file": "weights alone, without a folder",
}
NOT_SAID = "not said"
GIVEN_BY = {
    "action_horizon": "--config NAME",
    "max_prompt_tokens": "--config NAME",
    "vision_heads": "--vision-heads N",
}
"""What a checkpoint may not say, to the option that does."""


def add_parser(commands: argparse._SubParsersAction[Any]) -> None:
    """Add the command and those under it."""
    parser = commands.add_parser(
        "policy",
        help="describe a policy's checkpoint, or pack it",
        description="Look at policies' checkpoints: openpi's, LeRobot's and understudy's own; make one half as large.",
        epilog="examples:\n  understudy policy info ~/checkpoints/pi05_droid --config pi05_droid\n",
        formatter_class=HelpFormatter,
    )
    under = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    info = under.add_parser(
        "info",
        help="what a checkpoint is, and whether it can be loaded",
        description="Describe a checkpoint: its kind, sizes, statistics, what it can do, and everything that is wrong"
        " with it. Reads headers only, so that it takes no longer for a large one.",
        epilog="exit code 1: it cannot be loaded\n\n"
        "examples:\n"
        "  understudy policy info ~/checkpoints/kitchen\n"
        "  understudy policy info ~/checkpoints/pi05_droid --config pi05_droid\n"
        "  understudy policy info model.safetensors --json -\n",
        formatter_class=HelpFormatter,
    )
    info.add_argument("path", metavar="PATH", type=Path, help="a checkpoint's folder, or a .safetensors file")
    info.add_argument(
        "--config", metavar="NAME", help="openpi's name of how it was trained, for what its files do not say"
    )
    info.add_argument(
        "--vision-heads",
        metavar="N",
        type=at_least_one,
        help="attention heads of the image encoder, for openpi's checkpoints of another than the real size",
    )
    add_json(info, what="the description")
    info.set_defaults(run=run_info)
    pack = under.add_parser(
        "pack",
        help="copy a checkpoint in half precision",
        description="Copy a checkpoint that was trained here, with its weights in half precision.",
        epilog="examples:\n  understudy policy pack runs/kitchen/checkpoints/9000 --into kitchen\n",
        formatter_class=HelpFormatter,
    )
    pack.add_argument("path", metavar="PATH", type=Path, help="a checkpoint's folder")
    pack.add_argument("--into", metavar="FOLDER", type=Path, required=True, help="the folder to be")
    pack.set_defaults(run=run_pack)


def run_info(args: argparse.Namespace) -> int:
    """Print the description; 1 when the checkpoint cannot be loaded."""
    import msgspec

    from policy.checkpoints.infer_config import Known
    from policy.checkpoints.info import describe

    known, kind = Known(vision_heads=args.vision_heads), None
    if args.config is not None:
        by_name, kind = known_by(args.config)
        known = known.or_else(by_name)
    info = describe(args.path.expanduser(), known=known, kind=kind)
    text = text_stream(args.json)
    facts = dict(facts_of(info))
    width = max(len(name) for name in facts)
    print("\n".join(f"{name:<{width}}  {value}" for name, value in facts.items()), file=text)
    for problem in info.problems:
        print(f"\nproblem: {problem}", file=text)
    if args.json is not None:
        plain = msgspec.to_builtins(info)
        write_json(args.json, {**plain, "parameter_count": info.parameter_count, "ok": not info.problems})
    return ExitCode.PROBLEMS if info.problems else ExitCode.OK


def run_pack(args: argparse.Namespace) -> int:
    """Copy it, and say how large it is."""
    from policy.checkpoints.pack import pack
    from policy.checkpoints.weights import WEIGHTS_FILE

    packed = pack(args.path.expanduser(), args.into.expanduser())
    print(f"{packed.path}: weights of {table.size((packed.path / WEIGHTS_FILE).stat().st_size)}")
    return ExitCode.OK


def known_by(name: str) -> tuple[Known, str]:
    """What a trained configuration says of its model's sizes, and its kind."""
    from policy.checkpoints.infer_config import Known
    from policy.transforms.configs import known_config

    config = known_config(name)
    return Known(
        action_horizon=config.action_horizon, max_prompt_tokens=config.max_prompt_tokens
    ), config.kind


def facts_of(info: CheckpointInfo) -> Iterator[tuple[str, str]]:
    """The description, one fact a line."""
    yield "checkpoint", f"{info.path} ({LAYOUTS[info.layout]})"
    yield "kind", info.kind or "unknown"
    if info.files:
        files = f", {info.files} files" if info.files > 1 else ""
        yield "parameters", f"{millions(info.parameter_count)} in {table.size(info.bytes)}{files}"
        for part, count in info.parameters.items():
            yield f"  {part}", millions(count)
        yield "dtypes", ", ".join(f"{millions(count)} {dtype}" for dtype, count in info.dtypes.items())
    yield from size_facts(info.sizes)
    if info.normalization is not None:
        yield "normalisation", info.normalization
    for asset_id, stats in info.stats.items():
        yield f"statistics of {asset_id}", "; ".join(vector_text(name, stats[name]) for name in stats)
    if info.kind is not None and not info.stats and info.layout != "file":
        yield "statistics", "none; it cannot be served without"
    if info.manifest is not None:
        yield from manifest_facts(info.manifest)
    if info.lerobot is not None:
        yield "cameras", ", ".join(info.lerobot["cameras"]) or "none"
        yield "steps run of a chunk", str(info.lerobot["n_action_steps"])
    if info.kind is not None:
        yield "tokenizer", info.tokenizer or "none in the checkpoint; it must be given"
        yield "can do", "; ".join(info.abilities)
    if not info.problems:
        yield "can be loaded", "once what is not in the files is given" if info.unknown else "yes"
    if info.unknown:
        yield "not in the files", "; ".join(map(with_option, info.unknown))


def with_option(line: str) -> str:
    """`the steps of a chunk: give action_horizon`, with the option that gives it."""
    what, give, name = line.rpartition("give ")
    return f"{what}{give}{GIVEN_BY.get(name, name)}"


def size_facts(sizes: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """A configuration: one line for each transformer, and one for the rest."""
    rest = []
    for name, value in sizes.items():
        if isinstance(value, dict):
            yield (
                name,
                ", ".join(f"{inner.replace('_', ' ')} {said(number)}" for inner, number in value.items()),
            )
        else:
            rest.append(f"{name.replace('_', ' ')} {said(value)}")
    if rest:
        yield "sizes", ", ".join(rest)


def manifest_facts(manifest: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What only understudy's own checkpoints say."""
    numbers = f" ({len(manifest['vector_names'])} named numbers)" if manifest["vector_names"] else ""
    yield "embodiment", manifest["embodiment"] + numbers
    yield "cameras", ", ".join(manifest["cameras_low"])
    if manifest["cameras_high"]:
        yield "cameras, high level", ", ".join(manifest["cameras_high"])
    yield "prompt", manifest["prompt_low"]
    if manifest["prompt_high"]:
        yield "prompt, high level", manifest["prompt_high"]
    yield "control mode", manifest["control_mode"] or "not marked"
    yield "relative actions", str(sum(manifest["delta_mask"]) or "none")
    yield "steps run of a chunk", f"{manifest['execute_steps']} at {manifest['rate_hz']:g} Hz"
    yield (
        "trained with",
        ", ".join(f"{name} {value}" for name, value in manifest["training"].items()) or NOT_SAID,
    )
    yield "created", manifest["created"] or NOT_SAID


def vector_text(name: str, vector: VectorInfo) -> str:
    """`state 14 (dimension 2 hardly moved)`."""
    notes = []
    if vector.degenerate:
        plural = "s" if len(vector.degenerate) > 1 else ""
        notes.append(f"dimension{plural} {', '.join(map(str, vector.degenerate))} hardly moved")
    if not vector.has_quantiles:
        notes.append("no quantiles")
    return f"{name} {vector.width}" + (f" ({'; '.join(notes)})" if notes else "")


def millions(count: int) -> str:
    """Numbers as people say them: `412.4 M`, `640`."""
    return f"{count / 1e6:.1f} M" if count >= 1e5 else str(count)


def said(value: int | None) -> str:
    """A size, or that nobody said it."""
    return NOT_SAID if value is None else str(value)
