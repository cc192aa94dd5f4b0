"""What a run is trained on, in a few values: for its checkpoints to tell, and to know again when it is gone on with."""

from __future__ import annotations

import hashlib

import msgspec

from policy.training.data.index import DatasetIndex
from policy.training.data.reader import SampleReader
from policy.training.data.select import judged
from policy.training.recipe import Data
from policy.training.samples import SampleSource, Source


class DataFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Of one `[[data]]` of a recipe.

    Attributes:
        name: Of its file or folder.
        source: Kind of data.
        episodes: That samples are of; 0 of pictures.
        samples: How many, before stages narrow them.
        tasks: Of one robot each; of pictures, kinds of question.
        sha256: Of which samples they are, what is said of them, and what stages choose by.
    """

    name: str
    source: Source
    episodes: int
    samples: int
    tasks: int
    sha256: str

    def told(self) -> str:
        """In a few words, such as `demos (480 episodes, 9000 samples)`."""
        episodes = f"{self.episodes} episodes, " if self.episodes else ""
        return f"{self.name} ({episodes}{self.samples} samples)"


def facts_of(data: Data, source: SampleSource) -> DataFacts:
    """What an opened `[[data]]` holds; no picture and no row is read for it."""
    if isinstance(source, SampleReader):
        episodes, sha256 = len(source.index.moments), _digest_of_recordings(source.index)
    else:
        episodes, sha256 = 0, _digest_of_words(source)
    return DataFacts(
        name=data.path.name,
        source=data.source,
        episodes=episodes,
        samples=sum(group.count for group in source.groups),
        tasks=len(source.groups),
        sha256=sha256,
    )


def _digest_of_recordings(index: DatasetIndex) -> str:
    digest = hashlib.sha256()
    for chosen, moments in zip(index.selection.chosen, index.moments, strict=True):
        boxes = [(box.camera, box.text, box.keys) for box in moments.boxes]
        stages_choose_by = (judged(chosen.info, chosen.labels), chosen.info.duration_s, chosen.info.tags)
        said = (moments.episode_id, moments.task, moments.robot, moments.texts, boxes, stages_choose_by)
        digest.update(msgspec.json.encode(said))
        for numbers in (moments.row, moments.end, moments.text, moments.low):
            digest.update(numbers.tobytes())
    return digest.hexdigest()


def _digest_of_words(source: SampleSource) -> str:
    return hashlib.sha256(msgspec.json.encode((list(source.groups), sorted(source.texts())))).hexdigest()
