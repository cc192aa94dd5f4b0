"""Whether the tensors of a file are those of a model, name for name and shape for shape."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from policy.checkpoints.errors import WrongKeys
from policy.checkpoints.keys import EMBED_TOKENS, LM_HEAD, Shape

TIED = (LM_HEAD, EMBED_TOKENS)
"""Names of one tensor. A file needs one of them; where it has both, they must hold the same numbers."""


@dataclass(frozen=True)
class Mismatch:
    """How the tensors of a file differ from those of a model.

    Attributes:
        missing: Name to the shape that the model has.
        unexpected: Name to the shape that the file has.
        misshapen: Name to the shapes of file and model.
    """

    missing: Mapping[str, Shape]
    unexpected: Mapping[str, Shape]
    misshapen: Mapping[str, tuple[Shape, Shape]]

    def __bool__(self) -> bool:
        return bool(self.missing or self.unexpected or self.misshapen)

    def lines(self) -> Iterator[str]:
        """One line a tensor."""
        for name, shape in self.missing.items():
            yield f"missing: {name} {list(shape)}"
        for name, shape in self.unexpected.items():
            yield f"unexpected: {name} {list(shape)}"
        for name, (found, expected) in self.misshapen.items():
            yield f"wrong shape: {name} is {list(found)}, expected {list(expected)}"

    def check(self, path: Path, *, model: str) -> None:
        """Refuse a file that differs at all.

        Args:
            path: The file.
            model: What it was compared with, for the message.

        Raises:
            WrongKeys: The message lists every tensor.
        """
        if self:
            raise WrongKeys(
                f"{path} does not fit {model}: {len(self.missing)} tensors missing, {len(self.unexpected)} unexpected,"
                f" {len(self.misshapen)} of another shape. Nothing was loaded; give the file's own kind and sizes, or"
                " another file:\n" + "\n".join(self.lines())
            )


def compare(*, found: Mapping[str, Shape], expected: Mapping[str, Shape]) -> Mismatch:
    """Compare a file's tensors with a model's; one name of the tied tensor stands for both."""
    missing = {name: shape for name, shape in expected.items() if name not in found}
    if any(name in found for name in TIED):
        missing = {name: shape for name, shape in missing.items() if name not in TIED}
    return Mismatch(
        missing=missing,
        unexpected={name: shape for name, shape in found.items() if name not in expected},
        misshapen={
            name: (found[name], shape)
            for name, shape in expected.items()
            if name in found and found[name] != shape
        },
    )
