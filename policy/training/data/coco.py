"""Boxes and captions in COCO's format: where things are in pictures, and what the pictures show.

Prompts and answers are PaliGemma's: `detect cup ; plate` is answered by boxes as `policy.text.boxes` writes them, and
`caption en` by a caption. The format: https://cocodataset.org/#format-data.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from policy.text.boxes import format_answer
from policy.training.data.documents import PicturesError, read_document
from policy.training.data.pictures import WHOLE, Pictures, View
from policy.training.samples import Group, TrainingSample
from policy.types import Box

CAPTION_PROMPT: Final = "caption en"
DETECT: Final = "detect"

MOST_NAMES: Final = 3
"""Names asked for at once, by the seed one to so many."""
MOST_BOXES: Final = 8
"""Boxes in an answer: eight are 40 location tokens. A name with more of them in a picture is not asked for."""

LEAST_PX: Final = 1.0
"""A box narrower or flatter than this inside its picture is degenerate."""
LEAST_SEEN: Final = 0.25
"""A thing of whose box less than this is left by the crop is not to be recognised."""


class _Picture(msgspec.Struct, frozen=True):
    id: int
    file_name: str
    width: int | None = None
    height: int | None = None


class _Category(msgspec.Struct, frozen=True):
    id: int
    name: str


class _Instance(msgspec.Struct, frozen=True):
    image_id: int
    category_id: int
    bbox: tuple[float, float, float, float]
    iscrowd: int = 0


class _Instances(msgspec.Struct, frozen=True):
    images: list[_Picture]
    annotations: list[_Instance]
    categories: list[_Category]


class _Caption(msgspec.Struct, frozen=True):
    image_id: int
    caption: str


class _Captions(msgspec.Struct, frozen=True):
    images: list[_Picture]
    annotations: list[_Caption]


class CocoBoxes:
    """Asks where things are. A sample for each name in each picture: that name, and by the seed some of the others.

    Crowds, degenerate boxes and names of which there are too many boxes are left out, and counted.

    Args:
        path: Instances in COCO's format.
        images: Folder of their pictures.
        view: How they are shown. Boxes are shares of the whole picture, as a policy's answers are, and end where the
            crop does.
        seed: Of which other names are asked for, and in which order.

    Attributes:
        left_out: How many were left out, by the reason.

    Raises:
        PicturesError: The file is not as it should be, or nothing is left of it.
    """

    def __init__(self, path: Path, images: Path, *, view: View, seed: int) -> None:
        document = read_document(path, _Instances, expected="instances in COCO's format")
        left_out: Counter[str] = Counter()
        self._pictures = Pictures(images, view, path)
        self._seed = seed
        listed = _by_id(document.images, path)
        self._names = _names_of(document.categories, path)
        there = self._pictures.present([picture.file_name for picture in document.images], left_out=left_out)
        self._files = [picture.file_name for picture in document.images]
        self._sizes = np.array([_size_of(picture, path) for picture in document.images], np.int32).reshape(
            -1, 2
        )
        shares = WHOLE if view.shares is None else view.shares
        rows: list[tuple[int, int]] = []
        edges: list[tuple[float, float, float, float]] = []
        numbers = {category.id: number for number, category in enumerate(document.categories)}
        for at, instance in enumerate(document.annotations):
            picture, name = listed.get(instance.image_id), numbers.get(instance.category_id)
            if name is None:
                raise PicturesError(
                    f"{path}: annotations[{at}].category_id is {instance.category_id}, which is none of `categories`;"
                    " add it there, or take the annotation away"
                )
            if picture is None:
                left_out["boxes of pictures that are not listed"] += 1
            elif there[picture]:
                found = _edges(instance, self._sizes[picture], shares)
                if isinstance(found, str):
                    left_out[found] += 1
                else:
                    rows.append((picture, name))
                    edges.append(found)
        order = sorted(range(len(rows)), key=lambda row: (*rows[row], edges[row][1], edges[row][0]))
        self._rows = np.array(rows, np.int64).reshape(-1, 2)[order]
        self._edges = np.array(edges, np.float64).reshape(-1, 4)[order]
        self._asked = self._what_to_ask(left_out)
        self._asked_of = self._rows[self._asked, 0]
        self.left_out: Mapping[str, int] = dict(left_out)
        if not len(self._asked):
            raise PicturesError(f"{path} has no box that can be asked for ({dict(left_out)}); leave it out")

    @property
    def groups(self) -> Sequence[Group]:
        """One: to detect."""
        return (Group(task=DETECT, robot="", count=len(self._asked)),)

    def sample(self, group: int, index: int) -> TrainingSample:
        """A picture, names to find and their boxes.

        Args:
            group: 0.
            index: Of the name and picture.

        Raises:
            SampleUnreadable: The picture is damaged, or has another size than the file says.
        """
        del group
        picture = int(self._asked_of[index])
        names = self._names_asked(index)
        width, height = self._sizes[picture].tolist()
        boxes = [box for name in names for box in self._boxes(picture, name)]
        return self._pictures.sample(
            self._files[picture],
            _detect(self._labels(names)),
            format_answer(boxes, "").rstrip(),
            size_px=(width, height),
        )

    def texts(self) -> set[str]:
        """Each name as it is asked for and answered; location tokens have pieces of their own in a vocabulary."""
        labels = self._labels(np.unique(self._rows[self._asked, 1]).tolist())
        return {_detect([label]) for label in labels} | {f"{label} ; {label} ;" for label in labels}

    def _what_to_ask(self, left_out: Counter[str]) -> NDArray[np.int64]:
        """[N] the first row of each name in each picture, of which there are few enough."""
        if not len(self._rows):
            return np.zeros(0, np.int64)
        first = np.flatnonzero(np.any(np.diff(self._rows, axis=0, prepend=-1) != 0, axis=1))
        count = np.diff(first, append=len(self._rows))
        left_out[f"names with more than {MOST_BOXES} boxes in a picture"] += int((count > MOST_BOXES).sum())
        return first[count <= MOST_BOXES]

    def _names_asked(self, index: int) -> list[int]:
        """Which names a sample asks for: its own and some of the others in the picture, in an order of chance."""
        picture, own = self._rows[self._asked[index]].tolist()
        rng = np.random.default_rng((self._seed, index))
        first, last = np.searchsorted(self._asked_of, [picture, picture + 1])
        others = [int(self._rows[row, 1]) for row in self._asked[first:last] if self._rows[row, 1] != own]
        chosen, boxes = [own], len(self._boxes(picture, own))
        for name in rng.permutation(others)[: int(rng.integers(MOST_NAMES))].tolist():
            more = len(self._boxes(picture, name))
            if boxes + more <= MOST_BOXES:
                chosen.append(name)
                boxes += more
        return [int(name) for name in rng.permutation(chosen)]

    def _boxes(self, picture: int, name: int) -> list[Box]:
        """Of a name in a picture, from left to right."""
        first, last = np.searchsorted(self._rows[:, 0], [picture, picture + 1])
        rows = first + np.flatnonzero(self._rows[first:last, 1] == name)
        return [Box(self._names[name], *edges) for edges in self._edges[rows].tolist()]

    def _labels(self, names: Sequence[int]) -> list[str]:
        return [self._names[name] for name in names]


class CocoCaptions:
    """Asks what a picture shows. A sample for each caption, so that all of a picture's are heard.

    Args:
        path: Captions in COCO's format.
        images: Folder of their pictures.
        view: How they are shown.

    Attributes:
        left_out: How many were left out, by the reason.

    Raises:
        PicturesError: The file is not as it should be, or nothing is left of it.
    """

    def __init__(self, path: Path, images: Path, *, view: View) -> None:
        document = read_document(path, _Captions, expected="captions in COCO's format")
        left_out: Counter[str] = Counter()
        self._pictures = Pictures(images, view, path)
        listed = _by_id(document.images, path)
        self._files = [picture.file_name for picture in document.images]
        there = self._pictures.present(self._files, left_out=left_out)
        self._said: list[tuple[int, str]] = []
        for caption in document.annotations:
            picture, words = listed.get(caption.image_id), " ".join(caption.caption.split())
            if picture is None:
                left_out["captions of pictures that are not listed"] += 1
            elif not words:
                left_out["empty captions"] += 1
            elif there[picture]:
                self._said.append((picture, words))
        self.left_out: Mapping[str, int] = dict(left_out)
        if not self._said:
            raise PicturesError(
                f"{path} has no caption of a picture that is there ({dict(left_out)}); leave it out"
            )

    @property
    def groups(self) -> Sequence[Group]:
        """One: to caption."""
        return (Group(task="caption", robot="", count=len(self._said)),)

    def sample(self, group: int, index: int) -> TrainingSample:
        """A picture and one of its captions; raises as `CocoBoxes.sample`."""
        del group
        picture, words = self._said[index]
        return self._pictures.sample(self._files[picture], CAPTION_PROMPT, words)

    def texts(self) -> set[str]:
        """The prompt, and every caption."""
        return {CAPTION_PROMPT, *(words for _, words in self._said)}


def _detect(labels: Sequence[str]) -> str:
    return f"{DETECT} {' ; '.join(labels)}"


def _by_id(pictures: Sequence[_Picture], path: Path) -> dict[int, int]:
    """Where in the list each picture is."""
    listed = {picture.id: at for at, picture in enumerate(pictures)}
    if len(listed) < len(pictures):
        twice = next(id_ for id_, count in Counter(picture.id for picture in pictures).items() if count > 1)
        raise PicturesError(
            f"{path}: images[].id is {twice} more than once; every picture needs a number of its own"
        )
    return listed


def _names_of(categories: Sequence[_Category], path: Path) -> list[str]:
    """The categories' names, fit for prompts and answers."""
    for at, category in enumerate(categories):
        if not category.name.strip() or ";" in category.name or "<" in category.name:
            raise PicturesError(
                f"{path}: categories[{at}].name is {category.name!r}; a name has letters, and neither ';' nor '<':"
                " they end it in an answer"
            )
    return [" ".join(category.name.split()) for category in categories]


def _size_of(picture: _Picture, path: Path) -> tuple[int, int]:
    if picture.width is None or picture.height is None or picture.width < 1 or picture.height < 1:
        raise PicturesError(
            f"{path}: the picture {picture.file_name} is {picture.width} × {picture.height} pixels; boxes need the"
            " `width` and `height` that they were drawn at"
        )
    return picture.width, picture.height


def _edges(
    instance: _Instance, size_px: NDArray[np.int32], shares: tuple[float, float, float, float]
) -> tuple[float, float, float, float] | str:
    """y_min, x_min, y_max and x_max of what the crop leaves, as shares of the whole picture, or why it is left out."""
    if instance.iscrowd:
        return "crowds"
    left_px, top_px, wide_px, high_px = instance.bbox
    width, height = size_px.tolist()
    if not all(map(math.isfinite, instance.bbox)):
        return "degenerate boxes"
    right_px, bottom_px = min(left_px + wide_px, width), min(top_px + high_px, height)
    left_px, top_px = max(left_px, 0.0), max(top_px, 0.0)
    if right_px - left_px < LEAST_PX or bottom_px - top_px < LEAST_PX:
        return "degenerate boxes"
    whole = (top_px / height, left_px / width, bottom_px / height, right_px / width)
    y_min, x_min = max(whole[0], shares[0]), max(whole[1], shares[1])
    y_max, x_max = min(whole[2], shares[2]), min(whole[3], shares[3])
    seen = max(y_max - y_min, 0.0) * max(x_max - x_min, 0.0)
    if seen < LEAST_SEEN * (whole[2] - whole[0]) * (whole[3] - whole[1]):
        return "boxes cut off by the crop"
    return y_min, x_min, y_max, x_max
