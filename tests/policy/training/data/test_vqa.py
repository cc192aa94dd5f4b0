"""Questions in VQA's format, and the answers of ten people to each."""

from __future__ import annotations

import pickle
from collections import Counter
from pathlib import Path

import pytest

from policy.training.data.documents import PicturesError
from policy.training.data.pictures import View
from policy.training.data.vqa import VqaQuestions, answers_beside
from policy.training.samples import SampleUnreadable, Source
from tests.policy.training.data.picture_files import answers, question, write_picture, write_questions

VIEW = View("base_0_rgb", 32)


def opened(path: Path, *, seed: int = 0) -> VqaQuestions:
    return VqaQuestions(path, path.parent / "images", view=VIEW, seed=seed)


def pairs(source: VqaQuestions) -> list[tuple[str, str | None]]:
    samples = [source.sample(0, index) for index in range(source.groups[0].count)]
    return [(sample.prompt, sample.answer) for sample in samples]


def test_a_question_is_put_about_its_picture_and_answered_by_what_people_agree_on(tmp_path: Path) -> None:
    write_picture(tmp_path / "images" / f"COCO_val2014_{42:012d}.jpg")
    given = ["yes"] * 8 + ["maybe", "no"]
    path = write_questions(
        tmp_path, [question(420, 42, "Is the cup\n in the sink?")], [answers(420, 42, given, "yes")]
    )
    source = opened(path)
    assert pairs(source) == [("answer en Is the cup in the sink?", "yes")]
    sample = source.sample(0, 0)
    assert (sample.source, sample.level) == (Source.WD, "question")
    assert sample.images["base_0_rgb"].shape == (32, 32, 3)
    assert sample.episode_id == "COCO_val2014_000000000042.jpg"
    assert source.texts() == {"answer en Is the cup in the sink?", "yes"}


def test_where_people_agree_on_several_each_is_taken_as_often_as_it_was_given(tmp_path: Path) -> None:
    write_picture(tmp_path / "images" / f"{42:012d}.jpg")  # named as since 2017
    given = ["mug"] * 6 + ["cup"] * 3 + ["vase"]
    asked = [question(number, 42, "What is red?") for number in range(300)]
    path = write_questions(tmp_path, asked, [answers(number, 42, given, "mug") for number in range(300)])
    found = Counter(answer for _, answer in pairs(opened(path)))
    assert set(found) == {"mug", "cup"}
    assert 160 < found["mug"] < 240
    assert pairs(opened(path)) == pairs(pickle.loads(pickle.dumps(opened(path))))
    assert pairs(opened(path, seed=1)) != pairs(opened(path))


def test_the_usual_answer_stands_where_nobody_agrees(tmp_path: Path) -> None:
    write_picture(tmp_path / "images" / f"{42:012d}.jpg")
    path = write_questions(tmp_path, [question(1, 42, "Why?")], [answers(1, 42, ["a", "b", "c"], "because")])
    assert pairs(opened(path)) == [("answer en Why?", "because")]


@pytest.mark.expects_log("lacks 1 of the 2 pictures")
def test_questions_without_answer_or_picture_are_left_out_and_counted(tmp_path: Path) -> None:
    write_picture(tmp_path / "images" / f"{42:012d}.jpg")
    asked = [
        question(1, 42, "Is it?"),
        question(2, 42, "And this?"),
        question(3, 43, "There?"),
        question(4, 42, " "),
    ]
    answered = [answers(number, 42, ["yes"] * 10, "yes") for number in (1, 3, 4)]
    source = opened(write_questions(tmp_path, asked, answered))
    assert pairs(source) == [("answer en Is it?", "yes")]
    assert source.left_out == {
        "missing pictures": 1,
        "questions without an answer": 1,
        "empty questions or answers": 1,
    }


def test_a_picture_that_breaks_later_is_unreadable_by_name(tmp_path: Path) -> None:
    file = tmp_path / "images" / f"{42:012d}.jpg"
    write_picture(file)
    source = opened(write_questions(tmp_path, [question(1, 42, "Is it?")], [answers(1, 42, ["yes"], "yes")]))
    file.write_bytes(b"GIF89a, or so it says")
    with pytest.raises(SampleUnreadable, match=r"000000000042\.jpg: no picture"):
        source.sample(0, 0)


def test_the_file_of_answers_goes_by_the_name_of_the_questions(tmp_path: Path) -> None:
    beside = answers_beside(Path("v2_OpenEnded_mscoco_val2014_questions.json"))
    assert beside.name == "v2_mscoco_val2014_annotations.json"
    assert answers_beside(Path("web/questions.json")) == Path("web/annotations.json")
    with pytest.raises(PicturesError, match=r"which file answers web/asked\.json\?"):
        answers_beside(Path("web/asked.json"))
    path = write_questions(tmp_path, [question(1, 42, "Is it?")], [])
    write_picture(tmp_path / "images" / f"{42:012d}.jpg")
    with pytest.raises(PicturesError, match=r"no question that .*annotations\.json answers"):
        opened(path)
    path.with_name("v2_mscoco_val2014_annotations.json").unlink()
    with pytest.raises(PicturesError, match=r"cannot read .*v2_mscoco_val2014_annotations\.json"):
        opened(path)


def test_a_question_without_words_names_file_key_and_value(tmp_path: Path) -> None:
    path = write_questions(tmp_path, [{"image_id": 42, "question": 7, "question_id": 1}], [])
    with pytest.raises(
        PicturesError, match=r"questions\.json: questions\[0\]\.question is 7: Expected `str`"
    ):
        opened(path)
