"""The weights of a checkpoint as files on disk: one safetensors file, or several that an index joins.

Nothing here reads a tensor's data, so that it takes milliseconds however large the files are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from policy.checkpoints.errors import CorruptWeights, NotACheckpoint, WrongDtype
from policy.checkpoints.header import DTYPES, TensorEntry, read_header
from policy.checkpoints.keys import Shape

WEIGHTS_FILE = "model.safetensors"
INDEX_FILE = "model.safetensors.index.json"

LEROBOT_PREFIX = "model."
"""LeRobot wraps openpi's model in one of its own, which puts this before every name."""


@dataclass(frozen=True)
class Weights:
    """Every tensor of a checkpoint, by openpi's name.

    Attributes:
        path: The file, or the index of several.
        entries: Name to the tensor's place; without LeRobot's prefix.
        metadata: Free text of the files' headers.
        prefixed: LeRobot's prefix was there.
    """

    path: Path
    entries: Mapping[str, TensorEntry]
    metadata: Mapping[str, str]
    prefixed: bool = False

    @property
    def shapes(self) -> dict[str, Shape]:
        """Name to shape."""
        return {name: entry.shape for name, entry in self.entries.items()}

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that hold the tensors."""
        return tuple(dict.fromkeys(entry.file for entry in self.entries.values()))

    @property
    def bytes(self) -> int:
        """Of all tensors."""
        return sum(entry.bytes for entry in self.entries.values())

    def check_dtypes(self) -> None:
        """Refuse tensors that are not floating-point numbers of 16 or 32 bits.

        Raises:
            WrongDtype: The message lists every one.
        """
        wrong = [
            f"{name}: {entry.dtype}" for name, entry in self.entries.items() if entry.dtype not in DTYPES
        ]
        if wrong:
            raise WrongDtype(
                f"{self.path}: {len(wrong)} tensors are of a dtype that weights do not come in"
                f" (expected one of {', '.join(DTYPES)}); export the model again:\n"
                + "\n".join(sorted(wrong))
            )


def open_weights(path: Path) -> Weights:
    """Find out what a file, an index, or a folder with either of them holds.

    Raises:
        NotACheckpoint: There are no weights here.
        CorruptWeights: A file is cut short, or an index does not fit its files.
    """
    if path.is_dir():
        path = _in_folder(path)
    if path.name.endswith(".json"):
        entries, metadata = _read_index(path)
    else:
        header = read_header(path)
        entries, metadata = header.entries, header.metadata
    if not entries:
        raise CorruptWeights(path, "there are no tensors in it")
    if not all(name.startswith(LEROBOT_PREFIX) for name in entries):
        return Weights(path=path, entries=entries, metadata=metadata)
    return Weights(
        path=path,
        entries={name.removeprefix(LEROBOT_PREFIX): entry for name, entry in entries.items()},
        metadata=metadata,
        prefixed=True,
    )


def _in_folder(folder: Path) -> Path:
    for name in (WEIGHTS_FILE, INDEX_FILE):
        if (folder / name).exists():
            return folder / name
    raise NotACheckpoint(f"{folder} holds no weights: neither {WEIGHTS_FILE} nor {INDEX_FILE}{_hint(folder)}")


def _hint(folder: Path) -> str:
    """What this folder may be instead."""
    if (folder / "params").is_dir():
        return "; `params` holds openpi's JAX weights: convert them with openpi's convert_jax_model_to_pytorch.py"
    if (folder / "adapter_model.safetensors").exists():
        return "; it is an adapter (LoRA): merge it into its base model and save that"
    below = sorted(
        file.parent.relative_to(folder)
        for pattern in (f"*/{WEIGHTS_FILE}", f"*/*/{WEIGHTS_FILE}")
        for file in folder.glob(pattern)
    )
    return (
        f"; did you mean {folder / below[-1]}?" if below else "; give the folder of a checkpoint, or its file"
    )


class _Index(msgspec.Struct, frozen=True):
    weight_map: dict[str, str]


def _read_index(path: Path) -> tuple[dict[str, TensorEntry], dict[str, str]]:
    try:
        places = msgspec.json.decode(path.read_bytes(), type=_Index).weight_map
    except OSError as error:
        raise NotACheckpoint(f"cannot read {path}: {error.strerror or error}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise CorruptWeights(path, f"not an index of safetensors files ({error})") from error
    strange = sorted({name for name in places.values() if Path(name).name != name})
    if strange:
        raise CorruptWeights(path, f"{strange[0]!r} is not the name of a file beside it")
    entries: dict[str, TensorEntry] = {}
    metadata: dict[str, str] = {}
    problems: list[str] = []
    for file in sorted(set(places.values())):
        if not (path.parent / file).exists():
            problems.append(f"{file} is missing")
            continue
        header = read_header(path.parent / file)
        metadata.update(header.metadata)
        for name in header.entries.keys() - {name for name, place in places.items() if place == file}:
            problems.append(f"{file} holds {name}, which the index places in {places.get(name, 'no file')}")
        entries |= {name: entry for name, entry in header.entries.items() if places.get(name) == file}
        problems += [
            f"{name} is not in {file}"
            for name, place in places.items()
            if place == file and name not in header.entries
        ]
    if problems:
        raise CorruptWeights(path, "the index does not fit its files:\n" + "\n".join(sorted(problems)) + "\n")
    return entries, metadata
