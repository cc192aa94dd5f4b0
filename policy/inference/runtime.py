"""Where a policy runs, for those who may not know torch."""

from __future__ import annotations

import importlib
from contextlib import suppress
from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Runtime:
    """A device.

    Attributes:
        device: torch's name of it.
        gpu: What the GPU calls itself; None on a processor.
        threads: That torch computes with on the processor.
    """

    device: str
    gpu: str | None
    threads: int


def runtime(device: str = "auto", *, threads: int | None = None) -> Runtime:
    """Choose a device, and set how many threads torch uses in this process.

    Raises:
        ValueError: There is no such device, or fewer than one thread.
    """
    if threads is not None:
        if threads < 1:
            raise ValueError(f"threads must be 1 or more, not {threads}")
        torch.set_num_threads(threads)
    chosen = device
    if device == "auto":
        chosen = "cuda" if torch.cuda.is_available() else "cpu"
    if chosen != "cpu" and not (chosen.startswith("cuda") and torch.cuda.is_available()):
        raise ValueError(f"no device {device!r} on this machine; choose cpu or auto")
    gpu = torch.cuda.get_device_name(chosen) if chosen.startswith("cuda") else None
    return Runtime(chosen, gpu, torch.get_num_threads())


def load_compilers() -> None:
    """Load now what torch would load late. To be called before anything is drawn in a process that uses a policy.

    Triton 3 and Mesa's software renderer each bring an LLVM. Loaded in this order they get along; when torch comes to
    load triton after the first picture, the process ends in a segmentation fault.
    """
    with suppress(ImportError):  # torch for processors only comes without
        importlib.import_module("triton")


def dtype_named(name: str) -> torch.dtype:
    """`float32` or `bfloat16`.

    Raises:
        ValueError: Another name.
    """
    dtypes = {"float32": torch.float32, "bfloat16": torch.bfloat16}
    if name not in dtypes:
        raise ValueError(f"no dtype {name!r}; there are {', '.join(dtypes)}")
    return dtypes[name]


def device_named(device: torch.device | str) -> torch.device:
    """Torch's device; `auto` is the GPU where there is one.

    Raises:
        ValueError: There is no device of that name.
    """
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if isinstance(device, torch.device):
        return device
    try:
        return torch.device(device)
    except (RuntimeError, TypeError) as error:  # torch's message lists every accelerator that it knows
        raise ValueError(f"no device {device!r}; choose cpu, cuda or auto") from error


def default_dtype(device: torch.device) -> torch.dtype:
    """bfloat16 where there are units for it, float32 on a processor."""
    return torch.bfloat16 if device.type == "cuda" else torch.float32
