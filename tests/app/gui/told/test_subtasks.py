"""The subtask in force and those before, thumbs, pin and veto, proposals and chunks."""

from __future__ import annotations

import time
from dataclasses import replace

from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest

from app.autonomy.choice import HighLevel, PolicyChoice, PolicyKind
from app.gui.frame import Frame
from app.messages import Mode
from tests.app.gui.told.keys import press
from tests.support.fake_policy import KNOWN
from tests.support.fake_session import FakeSession
from tests.support.fake_voice import CLEAR

Key = Qt.Key


def test_what_was_said_is_shown_from_speaking_to_acting(verbal: Frame, session: FakeSession) -> None:
    side = verbal.drive_page.told_side
    verbal.refresh()
    assert side.card.words[2] == "Say, type or choose what to do"
    assert side.spoken.words == ("Hold Space and speak", "Nothing was said yet")
    session.voice.reading_s = 60.0
    QTest.keyPress(verbal, Key.Key_Space)
    verbal.refresh()
    assert side.spoken.words[0] == "Listening to you"
    QTest.keyRelease(verbal, Key.Key_Space)
    verbal.refresh()
    assert side.spoken.words[0] == "Reading"
    session.voice.reading_s = 0.0
    verbal.refresh()
    assert side.spoken.words == ("“pick up the plate”", "96 % sure, read in 212 ms")
    assert side.card.words[:3] == ("Subtask", "by voice  96 %", "pick up the plate")
    assert session.autonomy.current is not None
    assert session.autonomy.current.origin == "voice"


def test_thumbs_by_key_are_given_changed_and_taken_back(verbal: Frame, session: FakeSession) -> None:
    session.autonomy.apply("open the drawer", "key")
    verbal.refresh()
    current = session.autonomy.current
    assert current is not None
    for key, up in ((Key.Key_U, 1), (Key.Key_J, -1), (Key.Key_J, 0), (Key.Key_U, 1)):
        press(key)
        assert session.calls[-1] == ("thumb", current.applied_ns, up)
        verbal.refresh()
    card = verbal.drive_page.told_side.card
    assert card._good.lit
    assert not card._bad.lit


def test_a_subtask_before_is_judged_by_a_click(verbal: Frame, session: FakeSession) -> None:
    session.autonomy.apply("open the drawer", "key", ago_s=9.0)
    session.autonomy.apply("pick up the cup", "voice", 0.9)
    verbal.refresh()
    QTest.qWait(20)
    past = verbal.drive_page.told_side.past
    assert [one.text for one in past.shown] == ["open the drawer"]
    at = past.thumb_place(0, -1).center().toPoint()
    QTest.mouseClick(past, Qt.MouseButton.LeftButton, pos=at)
    assert session.calls == [("thumb", session.autonomy.subtasks[0].applied_ns, -1)]
    assert session.autonomy.subtasks[0].thumb == -1


def test_pin_holds_to_the_subtask_and_lets_go(alone: Frame, session: FakeSession) -> None:
    press(Key.Key_Y)
    assert session.calls == [("tell", "pick up the cup", "key", True)]
    alone.refresh()
    card = alone.drive_page.told_side.card
    assert card._pin.title == "Unpin"
    assert card.words[3].startswith("pinned")
    press(Key.Key_Y)
    assert session.calls[-1] == ("unpin",)


def test_a_palette_key_moves_the_pin(alone: Frame, session: FakeSession) -> None:
    press(Key.Key_Y)
    alone.refresh()
    press(Key.Key_1)
    assert session.calls[-1] == ("tell", KNOWN[0], "key", True)


def test_veto_refuses_what_it_does_and_is_shown_in_the_palette(alone: Frame, session: FakeSession) -> None:
    press(Key.Key_D)
    assert session.calls == [("veto", "pick up the cup")]
    alone.refresh()
    cells = {cell.text: cell for cell in alone.drive_page.told_tray.board._cells}
    assert cells["pick up the cup"].struck
    assert alone.drive_page.told_side.card.words[2] == KNOWN[0]
    assert alone.actions_registry.trigger("subtask.allow")
    assert session.calls[-1] == ("veto", "")
    alone.refresh()
    assert not any(cell.struck for cell in alone.drive_page.told_tray.board._cells)


def test_a_veto_that_leaves_nothing_says_to_name_another_and_is_lifted_from_its_line(
    alone: Frame, session: FakeSession
) -> None:
    session.autonomy.subtasks[-1] = replace(session.autonomy.subtasks[-1], ended_ns=time.monotonic_ns())
    session.autonomy.vetoed = ("pick up the cup",)
    alone.refresh()
    assert alone.drive_page.told_side.card.words[3] == "Name another subtask: what it would do is vetoed"
    press(Key.Key_1)
    assert session.calls[-1] == ("tell", KNOWN[0], "key", False)
    alone._do("lift_vetoes")
    assert session.calls[-1] == ("veto", "")


def test_the_end_of_a_task_is_said_large_until_the_next_begins(alone: Frame, session: FakeSession) -> None:
    session.autonomy.propose("open the drawer", 0.9, "applied")
    session.autonomy.finish(92.4)
    session.record("open the drawer")
    alone.refresh()
    stage, card = alone.drive_page.stage, alone.drive_page.told_side.card
    assert (stage.shown.words, stage.shown.more) == ("Done: open the drawer", "2 subtasks in 1:32")
    assert stage.shown.recording
    assert card.words[:3] == ("Task", "2 subtasks in 1:32", "Done: open the drawer")
    assert card.words[3] == "The robot stands. O begins again, or name a subtask"
    session.mode = Mode.HOLD
    alone.refresh()
    assert stage.shown.words == "Done: open the drawer"
    session.autonomy.finished = None
    alone.refresh()
    assert stage.shown.words == ""


def test_a_subtask_that_was_given_up_says_why(verbal: Frame, session: FakeSession) -> None:
    session.autonomy.apply("pick up the cup", "key")
    session.autonomy.subtasks[-1] = replace(
        session.autonomy.subtasks[-1], done=True, gave_up="the cup slipped away"
    )
    verbal.refresh()
    assert verbal.drive_page.told_side.card.words[3] == "given up: the cup slipped away"


def test_in_verbal_mode_there_is_nothing_to_pin_or_veto(verbal: Frame, session: FakeSession) -> None:
    session.autonomy.apply("open the drawer", "key")
    verbal.refresh()
    for key in (Key.Key_Y, Key.Key_D):
        press(key)
    assert session.calls == []
    assert not verbal.drive_page.told_side.card._pin.isVisible()


def test_proposals_tell_what_became_of_them(alone: Frame, session: FakeSession) -> None:
    session.autonomy.propose("pick up the cup", 0.7, "same", ago_s=2.0)
    session.autonomy.propose("open the drawer", 0.4, "vetoed", ago_s=1.0)
    session.autonomy.propose("pick up the spoon", 0.5, "overridden")
    session.autonomy.thinking = True
    alone.refresh()
    card = alone.drive_page.told_side.alone
    assert card.head == ("It thinks for itself", "thinking …")
    assert [(line[1], line[2], line[3]) for line in card.lines] == [
        ("pick up the spoon", "50 %", "you said otherwise"),
        ("open the drawer", "40 %", "vetoed"),
        ("pick up the cup", "70 %", "as before"),
    ]
    assert alone.drive_page.told_side.card.words[1] == "its own  80 %"


def test_each_variant_says_who_names_the_subtasks(alone: Frame, session: FakeSession) -> None:
    card = alone.drive_page.told_side.alone
    for level, head in (
        (HighLevel.IMPLICIT, "The whole task at once"),
        (HighLevel.HUMAN, "You name the subtasks"),
        (HighLevel.REMOTE, "A remote model thinks"),
    ):
        session.autonomy.choice = PolicyChoice(kind=PolicyKind.SCRIPTED, high_level=level)
        alone.refresh()
        assert card.head[0] == head


def test_chunks_tell_progress_times_and_trouble(alone: Frame, session: FakeSession) -> None:
    alone.refresh()
    line = alone.drive_page.told_side.chunks
    progress, times, trouble = line.words
    assert progress.startswith("chunk ")
    assert progress.endswith("of 50")
    assert times == "a chunk takes 84 ms (p95 121), a thought 310 ms"
    assert trouble == ""
    session.autonomy.late_chunks, session.autonomy.refused_chunks = 2, 1
    session.autonomy.refusal = "not finite"
    alone.refresh()
    assert line.words[2] == "2 late, 1 refused: not finite"


def test_a_voice_interjects_while_it_goes_alone(alone: Frame, session: FakeSession) -> None:
    alone.told.voicing.toggle()
    alone.refresh()
    assert not alone.drive_page.told_side.spoken.isVisible()
    session.voice.say(CLEAR)
    alone.refresh()
    side = alone.drive_page.told_side
    assert side.spoken.isVisible()
    assert side.card.words[1:3] == ("by voice  96 %", "pick up the plate")


def test_while_sound_is_recorded_a_microphone_stands_by_the_record_line(
    verbal: Frame, session: FakeSession
) -> None:
    session.record("x")
    verbal.refresh()
    line = verbal.drive_page.record._line
    assert line.accessibleName().endswith("with sound")
    verbal.told.voicing.toggle()
    verbal.refresh()
    assert "sound" not in line.accessibleName()


def test_without_the_mode_the_page_is_as_it_was(alone: Frame, session: FakeSession) -> None:
    assert alone.drive_page.told_tray.isVisible()
    assert not alone.drive_page.scripts.isVisible()
    session.mode = Mode.HOLD
    alone.refresh()
    QTest.qWait(20)
    assert not alone.drive_page.told_tray.isVisible()
    assert not alone.drive_page.told_side.isVisible()
    assert alone.drive_page.scripts.isVisible()
