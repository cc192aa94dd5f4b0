"""`understudy bench policy`: how fast a policy answers, against the plain path in the same run.

The model has random weights, which take as long as trained ones. The plain path is the model as openpi's PyTorch code
computes it: nothing prepared for the steps, the prompt padded to its full length, cameras one by one, the last layer
of the prefix whole, attention in the open.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from app.bench.figures import Figures, add_json_argument
from app.cli.outcome import UsageError

if TYPE_CHECKING:
    from policy.inference.timing import Timings

FLOAT32_TOLERANCE = 1e-4
BFLOAT16_TOLERANCE = 0.05
"""Of the largest action: bfloat16 keeps 8 bits, and the two paths round in different places."""
LEAST_SPEEDUP = 1.5
MOST_ON_H200_MS = 25.0
"""Full size, three cameras, ten steps, bfloat16."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this bench's options."""
    parser.add_argument("--preset", default="pi05-medium", help="sizes of the model (pi05-medium)")
    parser.add_argument("--dtype", choices=("float32", "bfloat16", "both"), help="(both; on a GPU bfloat16)")
    parser.add_argument("--device", default="auto", help="cpu, cuda or auto (auto)")
    parser.add_argument("--repeats", type=int, default=9, metavar="N", help="of each measurement (9)")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="of weights and inputs (0)")
    parser.add_argument("--threads", type=int, metavar="N", help="of the processor (as many as cores)")
    parser.add_argument("--brief", action="store_true", help="do not leave out one technique at a time")
    add_json_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Measure and report; 1 when a bound was missed."""
    from policy.inference.runtime import dtype_named, runtime
    from policy.inference.timing import measure

    check(args)
    try:
        where = runtime(args.device, threads=args.threads)
    except ValueError as error:
        raise UsageError(f"--device: {error}") from error
    chosen = args.dtype or ("bfloat16" if where.gpu is not None else "both")
    dtypes = ("float32", "bfloat16") if chosen == "both" else (chosen,)
    figures = Figures()
    figures.add("preset", args.preset)
    figures.add("device", where.gpu or "cpu")
    figures.add("threads", where.threads)
    for index, name in enumerate(dtypes):
        # A processor without bfloat16 units takes several times as long with it.
        slow = name == "bfloat16" and where.gpu is None
        timings = measure(
            args.preset,
            dtype=dtype_named(name),
            device=where.device,
            repeats=min(args.repeats, 3) if slow else args.repeats,
            seed=args.seed,
            each=not (args.brief or slow),
        )
        add_figures(figures, timings, dtype=name, prefix="" if index == 0 else f"{name}.", gpu=where.gpu)
    return figures.report(args.json, shape=nested)


def check(args: argparse.Namespace) -> None:
    """Refuse what cannot be measured.

    Raises:
        UsageError: An unknown preset, or a count below its least.
    """
    from policy.presets import PRESETS

    if args.preset not in PRESETS:
        raise UsageError(
            f"--preset: this bench cannot time {args.preset!r}; choose one of {', '.join(PRESETS)}"
        )
    for option, value, least in (
        ("--repeats", args.repeats, 1),
        ("--threads", args.threads, 1),
        ("--seed", args.seed, 0),
    ):
        if value is not None and value < least:
            raise UsageError(f"{option} is {value}; it must be at least {least}")


def add_figures(figures: Figures, timings: Timings, *, dtype: str, prefix: str, gpu: str | None) -> None:
    """Every figure of one dtype."""
    relative = timings.max_abs_deviation / timings.largest_action
    exact = dtype == "float32"
    on_h200 = gpu is not None and "H200" in gpu and figures.values["preset"] == "pi05" and not exact
    add = figures.add
    add(f"{prefix}dtype", dtype)
    add(f"{prefix}speedup_vs_plain", timings.speedup, at_least=LEAST_SPEEDUP)
    if gpu is None:
        add(f"{prefix}speedup_cpu_time", timings.speedup_cpu)
    add(
        f"{prefix}max_abs_deviation",
        timings.max_abs_deviation,
        at_most=FLOAT32_TOLERANCE if exact else None,
    )
    add(f"{prefix}max_relative_deviation", relative, at_most=None if exact else BFLOAT16_TOLERANCE)
    add(f"{prefix}prefix_ms", timings.prefix_ms)
    add(f"{prefix}denoise_step_ms", timings.denoise_step_ms)
    add(f"{prefix}subtask_tokens_per_s", timings.subtask_tokens_per_s)
    add(f"{prefix}actions_ms", timings.actions_ms, at_most=MOST_ON_H200_MS if on_h200 else None)
    add(f"{prefix}actions_p99_ms", timings.actions_p99_ms)
    add(f"{prefix}plain_actions_ms", timings.plain_ms)
    add(f"{prefix}subtask_ms", timings.subtask_ms)
    add(f"{prefix}phrases_ms", timings.phrases_ms)
    add(f"{prefix}prompt_tokens", timings.prompt_tokens)
    for name, elapsed in timings.without_ms.items():
        add(f"{prefix}chunk_without_ms.{name}", elapsed)
    for name, times in timings.slower_without.items():
        add(f"{prefix}slower_without.{name}", times)


def nested(flat: dict[str, Any]) -> dict[str, Any]:
    """Names with dots in them as maps in maps."""
    tree: dict[str, Any] = {}
    for name, value in flat.items():
        *parents, leaf = name.split(".")
        node = tree
        for parent in parents:
            node = node.setdefault(parent, {})
        node[leaf] = value
    return tree
