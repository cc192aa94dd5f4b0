"""Pictures in a folder as the model sees them, and what a source of questions about pictures has in common."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from policy.training.data.documents import PicturesError
from policy.training.samples import SampleUnreadable, Source, TrainingSample
from policy.transforms.images import fit

_log = logging.getLogger(__name__)
_NAMED = 3

WHOLE = (0.0, 0.0, 1.0, 1.0)


@dataclass(frozen=True)
class View:
    """How pictures reach the model.

    Attributes:
        slot: The model's camera in whose place they stand.
        image_size: Side of the model's square images, in pixels.
        shares: Top, left, bottom and right of what is looked at, as of the robot's camera that took them; None for
            pictures that are shown whole.
    """

    slot: str
    image_size: int
    shares: tuple[float, float, float, float] | None = None


@dataclass(frozen=True)
class Pictures:
    """A folder of pictures seen in one way; pickles, and reads nothing before it is asked.

    Attributes:
        folder: Where they lie.
        view: How they are shown.
        of: The file that speaks of them, for what is told of a sample.
    """

    folder: Path
    view: View
    of: Path

    def present(self, names: Sequence[str], *, left_out: Counter[str]) -> NDArray[np.bool_]:
        """Which of these files there are; the others are counted as missing, and the first of them logged.

        Returns:
            [N] True for what there is.

        Raises:
            PicturesError: There is no such folder, or none of the pictures is in it.
        """
        if not self.folder.is_dir():
            raise PicturesError(
                f"{self.folder} is no folder; `images` is where the pictures of {self.of} lie"
            )
        there = np.array([(self.folder / name).is_file() for name in names], dtype=bool)
        missing = [name for name, is_there in zip(names, there, strict=True) if not is_there]
        if missing:
            some = ", ".join(missing[:_NAMED]) + (", …" if len(missing) > _NAMED else "")
            if len(missing) == len(names):
                raise PicturesError(
                    f"{self.folder} has none of the {len(names)} pictures of {self.of}, such as {some};"
                    " `images` is the folder that they lie in"
                )
            _log.warning(
                "%s lacks %d of the %d pictures of %s: %s",
                self.folder,
                len(missing),
                len(names),
                self.of,
                some,
            )
            left_out["missing pictures"] += len(missing)
        return there

    def read(self, name: str, *, size_px: tuple[int, int] | None = None) -> NDArray[np.uint8]:
        """A picture as the model sees it.

        Args:
            name: Of its file.
            size_px: Width and height that it must have; None where nobody knows.

        Returns:
            [image_size, image_size, 3] uint8.

        Raises:
            SampleUnreadable: It cannot be decoded, or has another size.
        """
        path = self.folder / name
        try:
            with Image.open(path) as image:
                pixels = np.asarray(image.convert("RGB"))
        except (
            OSError,
            SyntaxError,
            ValueError,
            Image.DecompressionBombError,
        ) as error:  # Pillow raises all of these
            raise SampleUnreadable(where=str(path), reason=f"no picture: {error}") from error
        height, width = pixels.shape[:2]
        if size_px is not None and size_px != (width, height):
            raise SampleUnreadable(
                where=str(path),
                reason=f"is {width} × {height} pixels, and {self.of} speaks of one of {size_px[0]} × {size_px[1]}",
            )
        side = self.view.image_size
        return fit(pixels, height=side, width=side, shares=self.view.shares)

    def sample(
        self, name: str, prompt: str, answer: str, *, size_px: tuple[int, int] | None = None
    ) -> TrainingSample:
        """A question about a picture with its answer; raises as `read`."""
        return TrainingSample(
            source=Source.WD,
            images={self.view.slot: self.read(name, size_px=size_px)},
            level="question",
            prompt=prompt,
            answer=answer,
            dataset=str(self.of),
            episode_id=name,
        )


def told(left_out: Mapping[str, int]) -> str:
    """What was left out, as words: `3 crowds, 1 missing pictures`; empty for nothing."""
    return ", ".join(f"{count} {reason}" for reason, count in sorted(left_out.items()) if count)
