"""Questions about pictures in the format of VQA v2, each with the answers of ten people.

The prompt is PaliGemma's, `answer en` and the question. The format: https://visualqa.org/vqa_v2_teaser.html; a picture
is named by its number, as in COCO: `COCO_val2014_000000000042.jpg`, or `000000000042.jpg` since 2017.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from policy.training.data.documents import PicturesError, read_document
from policy.training.data.pictures import Pictures, View
from policy.training.samples import Group, TrainingSample

ANSWER: Final = "answer en"

AGREED: Final = 3
"""An answer that so many of ten people gave counts as wholly right in VQA's own measure."""

_NUMBERED = re.compile(r"(\d{12})\.(?:jpe?g|png)", re.IGNORECASE)


class _Question(msgspec.Struct, frozen=True):
    question_id: int
    image_id: int
    question: str


class _Questions(msgspec.Struct, frozen=True):
    questions: list[_Question]
    data_subtype: str = ""


class _Answer(msgspec.Struct, frozen=True):
    answer: str


class _Answers(msgspec.Struct, frozen=True):
    question_id: int
    multiple_choice_answer: str
    answers: list[_Answer] = []


class _Annotations(msgspec.Struct, frozen=True):
    annotations: list[_Answers]


class VqaQuestions:
    """Asks questions. A sample for each, answered by one of the answers that people agree on, as the seed says.

    Args:
        path: Questions in VQA's format.
        answers: Annotations that answer them; None for the file beside it that goes by the same name.
        images: Folder of their pictures.
        view: How they are shown.
        seed: Of which answer is taken where people agree on several.

    Attributes:
        left_out: How many were left out, by the reason.

    Raises:
        PicturesError: A file is not as it should be, or nothing is left of them.
    """

    def __init__(
        self, path: Path, images: Path, *, view: View, seed: int, answers: Path | None = None
    ) -> None:
        document = read_document(path, _Questions, expected="questions in VQA's format")
        answers = answers_beside(path) if answers is None else answers
        answered = _answers_by_question(answers)
        left_out: Counter[str] = Counter()
        self._pictures = Pictures(images, view, path)
        numbers = sorted({question.image_id for question in document.questions})
        names = _file_names(numbers, images, subtype=document.data_subtype)
        there = self._pictures.present(names, left_out=left_out)
        file_of = {
            number: name for number, name, is_there in zip(numbers, names, there, strict=True) if is_there
        }
        self._asked: list[tuple[str, str, str]] = []
        for question in document.questions:
            found = answered.get(question.question_id)
            words = " ".join(question.question.split())
            answer = _chosen(found, seed) if found is not None else ""
            if found is None:
                left_out["questions without an answer"] += 1
            elif not words or not answer:
                left_out["empty questions or answers"] += 1
            elif question.image_id in file_of:
                self._asked.append((file_of[question.image_id], words, answer))
        self.left_out: Mapping[str, int] = dict(left_out)
        if not self._asked:
            raise PicturesError(
                f"{path} has no question that {answers} answers about a picture in {images} ({dict(left_out)});"
                " see that the three belong together"
            )

    @property
    def groups(self) -> Sequence[Group]:
        """One: to answer."""
        return (Group(task="answer", robot="", count=len(self._asked)),)

    def sample(self, group: int, index: int) -> TrainingSample:
        """A picture, a question and its answer; raises `SampleUnreadable` where the picture is damaged."""
        del group
        name, question, answer = self._asked[index]
        return self._pictures.sample(name, f"{ANSWER} {question}", answer)

    def texts(self) -> set[str]:
        """Every question as it is put, and every answer."""
        return {f"{ANSWER} {question}" for _, question, _ in self._asked} | {
            answer for _, _, answer in self._asked
        }


def answers_beside(questions: Path) -> Path:
    """Where the answers of a file of questions lie, by the names that VQA gives its files.

    `v2_OpenEnded_mscoco_val2014_questions.json` goes with `v2_mscoco_val2014_annotations.json`, and `questions.json`
    with `annotations.json`.

    Raises:
        PicturesError: The file's name does not tell.
    """
    name = questions.name.replace("OpenEnded_", "").replace("questions", "annotations")
    if name == questions.name:
        raise PicturesError(f"which file answers {questions}? Its name does not tell; say it as `answers`")
    return questions.with_name(name)


def _answers_by_question(path: Path) -> dict[int, _Answers]:
    document = read_document(path, _Annotations, expected="annotations in VQA's format")
    return {answers.question_id: answers for answers in document.annotations}


def _chosen(answers: _Answers, seed: int) -> str:
    """One of the answers that enough people gave, as often as they did; the usual one where none has enough."""
    counts = Counter(" ".join(given.answer.split()) for given in answers.answers)
    agreed = sorted(answer for answer, count in counts.items() if answer and count >= AGREED)
    if not agreed:
        return " ".join(answers.multiple_choice_answer.split())
    weights = np.array([counts[answer] for answer in agreed], np.float64)
    rng = np.random.default_rng((seed, answers.question_id))
    return agreed[int(rng.choice(len(agreed), p=weights / weights.sum()))]


def _file_names(numbers: Sequence[int], images: Path, *, subtype: str) -> list[str]:
    """The file of each picture's number: as VQA names it, or else whichever ends in that number."""
    try:
        listed = sorted(path.name for path in images.iterdir())
    except OSError as error:
        raise PicturesError(
            f"cannot read the pictures' folder {images}: {error.strerror or error}"
        ) from error
    there = set(listed)
    ending = {int(found[1]): name for name in listed if (found := _NUMBERED.search(name))}
    names = []
    for number in numbers:
        usual = f"COCO_{subtype}_{number:012d}.jpg"
        names.append(usual if usual in there else ending.get(number, usual))
    return names
