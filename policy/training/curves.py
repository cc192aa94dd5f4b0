"""What was measured on the way, a JSON object a line, for any tool; and for TensorBoard where that is installed."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, TextIO

FILE_NAME = "curves.jsonl"


class _Writer(Protocol):
    def add_scalar(self, tag: str, scalar_value: float, global_step: int) -> None: ...

    def close(self) -> None: ...


class Curves:
    """The curves of a run, as `open_curves` opens them; without a file, nothing is written."""

    def __init__(self, file: TextIO | None, board: _Writer | None) -> None:
        self._file = file
        self._board = board

    def add(self, step: int, values: Mapping[str, float | int | str]) -> None:
        """One line: `step`, of the whole run, and what was measured there."""
        if self._file is not None:
            self._file.write(json.dumps({"step": step, **values}) + "\n")
            self._file.flush()
        if self._board is not None:
            for name, value in values.items():
                if isinstance(value, int | float):
                    self._board.add_scalar(name, float(value), step)


@contextmanager
def open_curves(run: Path, *, step: int, writes: bool = True) -> Iterator[Curves]:
    """The curves of a run.

    Args:
        run: Its folder. Lines of steps after `step`, of a run that was killed, are taken away: they come again.
        step: Steps that are done.
        writes: False in all but one of the processes that train together.
    """
    if not writes:
        yield Curves(None, None)
        return
    path = run / FILE_NAME
    kept = [line for line in read_lines(path) if line["step"] <= step]
    draft = path.with_suffix(".draft")
    draft.write_text("".join(f"{json.dumps(line)}\n" for line in kept))
    draft.replace(path)
    board = _tensorboard(run / "tensorboard", step)
    try:
        with path.open("a") as file:
            yield Curves(file, board)
    finally:
        if board is not None:
            board.close()


def read_lines(path: Path) -> list[dict[str, Any]]:
    """Every whole line of a file of curves; none where there is no file. A line that a kill has cut is left out."""
    if not path.exists():
        return []
    lines = []
    for text in path.read_text().splitlines():
        try:
            lines.append(json.loads(text))
        except json.JSONDecodeError:
            continue
    return lines


def _tensorboard(folder: Path, step: int) -> _Writer | None:
    """Writes event files, where `tensorboard` is installed."""
    if importlib.util.find_spec("tensorboard") is None:
        return None
    from torch.utils.tensorboard import SummaryWriter

    writer: _Writer = SummaryWriter(str(folder), purge_step=step + 1)
    return writer
