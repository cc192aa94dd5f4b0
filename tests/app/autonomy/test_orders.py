"""What is in force, who may change it, and which of the high level's answers count."""

from __future__ import annotations

from typing import Any

import pytest

from app.autonomy.choice import HighLevel
from app.autonomy.orders import ASK_EVERY_NS, ENTERING_NS, OVERRIDE_NS, Asking, Named, OrderRefused, Orders
from app.dataplane.layouts import SUBTASK_BYTES
from app.messages import Follow, Mode, Veto

CUP, PLATE, DRAWER = "pick up the cup", "pick up the plate", "open the drawer"
SECOND = 1_000_000_000


class Desk:
    """Orders with a clock that the test moves, and all that was said."""

    def __init__(self, variant: HighLevel = HighLevel.MODEL, known: tuple[str, ...] = ()) -> None:
        self.now_ns = 100 * SECOND
        self.said: list[tuple[str, str, dict[str, Any]]] = []
        self.orders = Orders(self._say, clock_ns=lambda: self.now_ns)
        self.orders.choose(variant, known)

    def _say(self, kind: str, message: str, **data: Any) -> None:
        self.said.append((kind, message, data))

    def alone(self, task: str = "tidy up") -> None:
        self.orders.go_alone(task)
        self.see(Mode.AUTONOMOUS)

    def see(self, mode: Mode, *, after_s: float = 0.02) -> None:
        self.now_ns += int(after_s * SECOND)
        self.orders.see(mode)

    def ask(self) -> Asking:
        asking = self.orders.ask()
        assert asking is not None
        return asking

    def states(self) -> list[tuple[str, str]]:
        return [(data["text"], data["state"]) for kind, _, data in self.said if kind == "subtask"]

    def verdicts(self) -> list[tuple[str, str]]:
        return [(data["text"], data["verdict"]) for kind, _, data in self.said if kind == "proposal"]

    @property
    def text(self) -> str:
        current = self.orders.current
        return "" if current is None else current.text


@pytest.fixture
def desk() -> Desk:
    return Desk()


def follow(text: str, **more: Any) -> Follow:
    return Follow(subtask=text, origin="voice", **more)


# -- told ----------------------------------------------------------------------------------------------------------


def test_a_command_is_in_force_at_once_and_replaces_the_one_before(desk: Desk) -> None:
    desk.see(Mode.VERBAL)
    first = desk.orders.follow(follow(f"  {CUP.replace(' ', '  ')} ", confidence=0.93, utterance=7))
    assert desk.text == CUP
    assert first.applied_ns == desk.now_ns
    second = desk.orders.follow(follow(DRAWER))
    assert second.applied_ns > first.applied_ns
    assert desk.states() == [(CUP, "applied"), (CUP, "ended"), (DRAWER, "applied")]
    assert desk.said[0][2]["utterance"] == 7
    assert desk.said[0][2]["confidence"] == 0.93
    assert desk.orders.ask() is None


def test_a_robot_that_is_not_the_policys_is_told_nothing(desk: Desk) -> None:
    desk.see(Mode.TELEOP)
    with pytest.raises(OrderRefused, match="in teleop, not the policy's; switch to verbal mode"):
        desk.orders.follow(follow(CUP))


def test_what_is_said_while_the_mode_is_being_entered_counts_and_is_forgotten_if_it_never_is(
    desk: Desk,
) -> None:
    desk.orders.rest()
    desk.orders.follow(follow(CUP))
    assert desk.text == ""
    desk.see(Mode.VERBAL)
    assert desk.text == CUP

    other = Desk()
    other.orders.rest()
    other.orders.follow(follow(CUP))
    other.see(Mode.HOLD, after_s=ENTERING_NS / 1e9 + 0.1)
    other.see(Mode.VERBAL)
    assert other.text == ""


@pytest.mark.parametrize("words", ["", "   ", "é" * (SUBTASK_BYTES // 2 + 1)])
def test_words_that_cannot_be_a_subtask_are_refused(desk: Desk, words: str) -> None:
    desk.see(Mode.VERBAL)
    with pytest.raises(OrderRefused):
        desk.orders.follow(follow(words))
    assert desk.orders.current is None


def test_nothing_is_in_force_after_the_robot_was_held(desk: Desk) -> None:
    desk.see(Mode.VERBAL)
    desk.orders.follow(follow(CUP))
    desk.see(Mode.HOLD)
    desk.see(Mode.VERBAL)
    assert desk.text == ""
    assert desk.states()[-1] == (CUP, "ended")


def test_a_subtask_that_is_done_makes_no_more_chunks_and_is_said_once(desk: Desk) -> None:
    desk.see(Mode.VERBAL)
    number = desk.orders.follow(follow(CUP)).applied_ns
    desk.orders.finished(number - 1)
    assert desk.text == CUP
    desk.orders.finished(number, gave_up="it slipped away")
    desk.orders.finished(number)
    assert desk.text == ""
    kind, message, data = desk.said[-1]
    assert (kind, message) == ("subtask", f"{CUP}: given up, it slipped away")
    assert (data["state"], data["level"], data["gave_up"]) == ("done", "warning", "it slipped away")
    assert [state for _, state in desk.states()] == ["applied", "done"]


# -- alone ---------------------------------------------------------------------------------------------------------


def test_the_high_level_is_asked_every_second_and_its_word_is_in_force(desk: Desk) -> None:
    desk.alone()
    asking = desk.ask()
    assert (asking.task, asking.allowed) == ("tidy up", ())
    assert desk.orders.ask() is None
    assert desk.orders.answer(asking, Named(CUP, 0.8, 120.0)) == "applied"
    assert desk.text == CUP
    assert desk.said[-1][2]["origin"] == "model"
    desk.see(Mode.AUTONOMOUS, after_s=ASK_EVERY_NS / 1e9 - 0.1)
    assert desk.orders.ask() is None
    desk.see(Mode.AUTONOMOUS, after_s=0.1)
    again = desk.ask()
    assert again.recent == (CUP,)
    assert desk.orders.answer(again, Named(CUP, 0.8)) == "same"
    assert desk.states() == [(CUP, "applied")]
    desk.orders.go_alone("lay the table")
    assert desk.ask().recent == ()


@pytest.mark.parametrize("what", ["interjection", "veto", "unpin", "another task", "held", "another choice"])
def test_an_answer_to_an_older_question_is_stale_and_it_is_asked_at_once(desk: Desk, what: str) -> None:
    desk.alone()
    desk.orders.answer(desk.ask(), Named(PLATE, 0.9))
    desk.see(Mode.AUTONOMOUS, after_s=1.0)
    asking = desk.ask()
    match what:
        case "interjection":
            desk.orders.follow(follow(DRAWER))
        case "veto":
            desk.orders.veto(Veto(subtask=DRAWER))
        case "unpin":
            desk.orders.unpin()
        case "another task":
            desk.orders.go_alone("open the drawer")
        case "held":
            desk.see(Mode.HOLD)
            desk.alone()
        case "another choice":
            desk.orders.choose(HighLevel.REMOTE, ())
    before = desk.text
    assert desk.orders.answer(asking, Named(CUP, 1.0)) == "stale"
    assert desk.text == before
    assert desk.ask().asked_ns == desk.now_ns


def test_a_persons_word_stands_against_the_models_for_a_while(desk: Desk) -> None:
    desk.alone()
    desk.orders.answer(desk.ask(), Named(PLATE, 0.9))
    desk.orders.follow(follow(CUP))
    assert desk.orders.answer(desk.ask(), Named(PLATE, 0.9)) == "overridden"
    desk.see(Mode.AUTONOMOUS, after_s=1.0)
    assert desk.orders.answer(desk.ask(), Named(CUP, 0.9)) == "same"
    assert desk.text == CUP
    desk.see(Mode.AUTONOMOUS, after_s=OVERRIDE_NS / 1e9)
    assert desk.orders.answer(desk.ask(), Named(PLATE, 0.9)) == "applied"
    assert desk.text == PLATE


def test_an_interjection_that_is_done_gives_the_word_back_at_once(desk: Desk) -> None:
    desk.alone()
    number = desk.orders.follow(follow(CUP)).applied_ns
    desk.orders.finished(number)
    assert desk.orders.answer(desk.ask(), Named(PLATE, 0.9)) == "applied"


def test_a_pin_stands_until_it_is_taken_out(desk: Desk) -> None:
    desk.alone()
    desk.orders.follow(follow(CUP, pinned=True))
    assert desk.orders.pinned == CUP
    desk.see(Mode.AUTONOMOUS, after_s=10 * OVERRIDE_NS / 1e9)
    assert desk.orders.answer(desk.ask(), Named(PLATE, 0.9)) == "overridden"
    desk.orders.unpin()
    assert desk.orders.pinned == ""
    assert desk.orders.answer(desk.ask(), Named(PLATE, 0.9)) == "applied"


def test_a_vetoed_subtask_ends_is_not_named_again_and_comes_back_after_its_time() -> None:
    desk = Desk(known=(CUP, PLATE))
    desk.alone()
    desk.orders.answer(desk.ask(), Named(CUP, 0.9))
    desk.orders.veto(Veto(subtask=CUP, for_s=5.0))
    assert desk.text == ""
    assert desk.orders.vetoed == (CUP,)
    asking = desk.ask()
    assert asking.allowed == (PLATE,)
    assert desk.orders.answer(asking, Named(CUP, 0.9)) == "vetoed"
    assert desk.orders.answer(desk.ask(), Named(PLATE, 0.4)) == "applied"
    desk.see(Mode.AUTONOMOUS, after_s=5.0)
    assert desk.orders.vetoed == ()
    assert desk.ask().allowed == (CUP, PLATE)


def test_after_the_only_next_subtask_is_vetoed_a_person_names_one_and_it_goes_on(desk: Desk) -> None:
    desk.alone()
    desk.orders.answer(desk.ask(), Named(CUP, 0.9))
    desk.orders.veto(Veto(subtask=CUP))
    assert desk.orders.answer(desk.ask(), Named(error="nothing else is possible")) == "failed"
    _, _, data = desk.said[-1]
    assert (data["level"], data["vetoed"]) == ("warning", (CUP,))
    assert "name a subtask yourself" in data["remedy"]
    assert f"lift the veto on {CUP}" in data["remedy"]
    number = desk.orders.follow(follow(PLATE)).applied_ns
    assert desk.text == PLATE
    assert desk.orders.answer(desk.ask(), Named(error="nothing else is possible")) == "failed"
    assert desk.said[-1][2]["level"] == "info"  # nobody waits for it now, and the line goes
    desk.orders.finished(number)
    assert desk.orders.answer(desk.ask(), Named(DRAWER, 0.8)) == "applied"


def test_a_person_who_names_a_vetoed_subtask_lifts_its_veto(desk: Desk) -> None:
    desk.alone()
    desk.orders.veto(Veto(subtask=CUP))
    desk.orders.veto(Veto(subtask=PLATE))
    desk.orders.follow(follow(CUP))
    assert desk.text == CUP
    assert desk.orders.vetoed == (PLATE,)


def test_when_everything_is_vetoed_nobody_is_asked_until_it_is_lifted() -> None:
    desk = Desk(known=(CUP,))
    desk.alone()
    desk.orders.veto(Veto(subtask=CUP))
    assert desk.orders.ask() is None
    desk.orders.veto(Veto(subtask=""))
    assert desk.ask().allowed == (CUP,)


@pytest.mark.parametrize("for_s", [0.0, -1.0, float("nan"), 1e9])
def test_a_veto_for_a_time_that_makes_no_sense(desk: Desk, for_s: float) -> None:
    with pytest.raises(OrderRefused, match="a veto for"):
        desk.orders.veto(Veto(subtask=CUP, for_s=for_s))


@pytest.mark.parametrize(
    ("named", "why"),
    [
        (Named(error="no answer in 15 s"), "no answer"),
        (Named(""), "no words"),
        (Named("a" * 161), "161 bytes"),
    ],
)
def test_an_answer_that_is_none_leaves_all_as_it_is(desk: Desk, named: Named, why: str) -> None:
    desk.alone()
    desk.orders.answer(desk.ask(), Named(CUP, 0.9))
    desk.see(Mode.AUTONOMOUS, after_s=1.0)
    assert desk.orders.answer(desk.ask(), named) == "failed"
    assert desk.text == CUP
    assert why in desk.said[-1][1]
    assert desk.said[-1][2]["level"] == "warning"


def test_a_task_that_is_done_is_said_once_and_goes_on_when_there_is_more(desk: Desk) -> None:
    desk.alone()
    desk.orders.answer(desk.ask(), Named(CUP, 0.9))
    for verdict in ("applied", "same"):
        desk.see(Mode.AUTONOMOUS, after_s=1.0)
        assert desk.orders.answer(desk.ask(), Named("Done", 0.9)) == verdict
        assert desk.text == ""
    assert [message for kind, message, _ in desk.said if kind == "task"] == ["Task done: tidy up"]
    desk.see(Mode.AUTONOMOUS, after_s=1.0)
    assert desk.orders.answer(desk.ask(), Named(PLATE, 0.9)) == "applied"
    assert desk.text == PLATE


def test_a_subtask_that_is_done_and_named_again_is_begun_again(desk: Desk) -> None:
    desk.alone()
    desk.orders.answer(desk.ask(), Named(CUP, 0.9))
    first = desk.orders.current
    assert first is not None
    desk.orders.finished(first.applied_ns)
    assert desk.orders.answer(desk.ask(), Named(CUP, 0.9)) == "applied"
    second = desk.orders.current
    assert second is not None
    assert second.applied_ns > first.applied_ns


def test_implicit_is_the_task_itself_and_nobody_is_asked() -> None:
    desk = Desk(HighLevel.IMPLICIT)
    desk.alone("put the cup in the sink")
    assert desk.text == "put the cup in the sink"
    assert desk.said[-1][2]["origin"] == "task"
    assert desk.orders.ask() is None


def test_a_human_high_level_waits_for_a_word() -> None:
    desk = Desk(HighLevel.HUMAN)
    desk.alone()
    assert desk.orders.ask() is None
    desk.orders.follow(follow(CUP))
    assert desk.text == CUP


def test_a_remote_high_level_is_named_as_the_origin() -> None:
    desk = Desk(HighLevel.REMOTE)
    desk.alone()
    desk.orders.answer(desk.ask(), Named(CUP, 1.0))
    assert desk.said[-1][2]["origin"] == "remote"


def test_from_told_to_alone_keeps_the_task_and_drops_what_was_said(desk: Desk) -> None:
    desk.see(Mode.VERBAL)
    desk.orders.follow(follow(CUP))
    desk.alone()
    assert (desk.text, desk.orders.task) == ("", "tidy up")
    desk.see(Mode.HOLD)
    assert desk.orders.task == ""


def test_no_task_is_refused(desk: Desk) -> None:
    with pytest.raises(OrderRefused):
        desk.orders.go_alone("  ")
