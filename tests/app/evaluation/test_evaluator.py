"""Whole evaluations in make-believe: what counts, what is repeated, and what a judge may see."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.autonomy.choice import HighLevel, PolicyChoice, PolicyKind
from app.evaluation.evaluator import Evaluator
from app.evaluation.plan import Judge, Plan, VariantName
from app.evaluation.results import Attempt, Outcome
from app.evaluation.store import Store
from app.evaluation.view import EvaluationView, State
from app.messages import Mode
from tests.app.evaluation.plans import HIERARCHICAL, IMPLICIT, plan
from tests.support.fake_rig import FakeRig, Turn, quick

PATIENCE_S = 30.0


@pytest.fixture(autouse=True)
def _quick() -> Iterator[None]:
    with quick():
        yield


@pytest.fixture
def evaluating(tmp_path: Path) -> Iterator[Callable[..., Evaluator]]:
    made: list[Evaluator] = []

    def begin(rig: FakeRig, wanted: Plan | None = None, *, store: Store | None = None) -> Evaluator:
        kept = store or Store.begin(tmp_path, wanted or plan())
        evaluator = Evaluator(rig, kept, world=(lambda: rig) if rig.simulated else None)
        made.append(evaluator)
        evaluator.start()
        return evaluator

    yield begin
    for evaluator in made:
        evaluator.close()


def wait(evaluator: Evaluator, until: Callable[[EvaluationView], bool]) -> EvaluationView:
    end_s = time.monotonic() + PATIENCE_S
    while time.monotonic() < end_s:
        view = evaluator.view
        if until(view):
            return view
        time.sleep(0.002)
    raise TimeoutError(f"{evaluator.view}")


def ended(view: EvaluationView) -> bool:
    return view.state in (State.ENDED, State.FAILED)


def results_in(tmp_path: Path) -> list[Attempt]:
    (path,) = (tmp_path / "evaluations").iterdir()
    return list(Store.read(path).attempts)


def one(turn: Turn) -> FakeRig:
    return FakeRig(turns=lambda task, level, seed, again: turn)


ONE_TRIAL = plan(tasks=("raise the lift",), variants=(IMPLICIT,), seeds=(4,))


RANDOM = PolicyChoice(kind=PolicyKind.RANDOM, source="pi05-tiny")
SERVER = PolicyChoice(kind=PolicyKind.SERVER, source="ws://host:8000")


@pytest.mark.parametrize(("choice", "outcome"), [(RANDOM, Outcome.FAILURE), (SERVER, Outcome.SPOILED)])
def test_a_policy_that_fails_has_failed_but_for_one_whose_server_is_away(
    evaluating: Callable[..., Evaluator], tmp_path: Path, choice: PolicyChoice, outcome: Outcome
) -> None:
    rig = FakeRig(turns=lambda task, level, seed, again: Turn("fail" if again == 0 else "succeed"))
    wanted = plan(tasks=("raise the lift",), variants=(IMPLICIT,), seeds=(4,), choice=choice)
    wait(evaluating(rig, wanted), ended)
    first = results_in(tmp_path)[0]
    assert (first.outcome, first.reason) == (outcome, "the policy failed: NaN in its chunk")


def test_a_server_that_comes_within_half_a_minute_is_waited_for(evaluating: Callable[..., Evaluator]) -> None:
    asked: list[float] = []

    def loads(choice: PolicyChoice) -> str:
        asked.append(time.monotonic())
        return "failed" if asked[-1] - asked[0] < 0.05 else "ready"

    rig = FakeRig(loads=loads)
    wanted = plan(tasks=("raise the lift",), variants=(IMPLICIT,), seeds=(4,), choice=SERVER)
    assert wait(evaluating(rig, wanted), ended).done == 1


def test_every_trial_is_done_once_judged_by_the_world_and_recorded_with_its_outcome(
    evaluating: Callable[..., Evaluator], tmp_path: Path
) -> None:
    rig = FakeRig(
        turns=lambda task, level, seed, again: Turn("succeed" if level == HighLevel.MODEL else "nothing")
    )
    view = wait(evaluating(rig), ended)
    assert (view.state, view.error, view.done) == (State.ENDED, "", 12)
    results = results_in(tmp_path)
    assert {r.outcome for r in results if r.variant is HIERARCHICAL} == {Outcome.SUCCESS}
    assert {(r.outcome, r.reason) for r in results if r.variant is IMPLICIT} == {
        (Outcome.FAILURE, "the time is up")
    }
    assert [episode.outcome for episode in rig.episodes] == [r.outcome.value for r in results]
    assert [r.episode_id for r in results] == [episode.episode_id for episode in rig.episodes]
    assert rig.tags[results[0].episode_id] == (
        f"evaluation:{view.evaluation_id}",
        "trial:1",
        f"variant:{results[0].variant}",
    )
    assert [call[1] for call in rig.calls if call[0] == "reset_world"] == [r.seed for r in results]
    assert rig.mode is Mode.HOLD
    assert view.summary is not None
    assert view.summary.rows[0].success[-1].trials == 6


def test_a_policy_is_loaded_only_when_another_is_wanted(evaluating: Callable[..., Evaluator]) -> None:
    rig = FakeRig()
    wait(evaluating(rig, plan(variants=(IMPLICIT,))), ended)
    assert [call for call in rig.calls if call[0] == "load"] == [("load", "implicit"), ("load", None)]


def test_the_policy_that_was_loaded_before_is_loaded_again(evaluating: Callable[..., Evaluator]) -> None:
    rig = FakeRig()
    rig.choice = RANDOM
    wait(evaluating(rig, plan(seeds=(0,))), ended)
    assert rig.choice == RANDOM


@pytest.mark.parametrize(
    ("turn", "reason"),
    [
        (Turn("nothing"), "the time is up"),
        (Turn("touch"), "the time is up"),
        (Turn("strain"), "the robot holds: overload on left elbow"),
        (Turn("hold"), "a person let the robot hold"),
        (Turn("stop"), "the robot was stopped"),
        (Turn("take over"), "a person took over"),
        (Turn("say done"), "the policy says that it is done, and the world does not"),
    ],
)
def test_what_the_policy_or_a_person_ends_is_a_failure_and_counts(
    evaluating: Callable[..., Evaluator], tmp_path: Path, turn: Turn, reason: str
) -> None:
    wait(evaluating(one(turn), ONE_TRIAL), lambda view: view.done == 1)
    (result,) = results_in(tmp_path)
    assert (result.outcome, result.reason) == (Outcome.FAILURE, reason)


@pytest.mark.parametrize(
    ("turn", "reason"),
    [
        (Turn("lose the robot"), "the robot process was lost and started again"),
        (Turn("lose the policy"), "the policy process was lost"),
        (Turn("go dark"), "no picture from front"),
        (Turn("no answer"), "the robot holds: no answer from body"),
        (Turn("hold, then a line is lost"), "the line left_follower is lost: cable?"),
        (Turn("world silent"), "the simulated world did not answer"),
    ],
)
def test_what_the_rig_spoils_is_repeated_and_told_apart(
    evaluating: Callable[..., Evaluator], tmp_path: Path, turn: Turn, reason: str
) -> None:
    rig = FakeRig(turns=lambda task, level, seed, again: turn if again == 0 else Turn("succeed"))
    wait(evaluating(rig, ONE_TRIAL), ended)
    spoiled, result = results_in(tmp_path)
    assert (spoiled.outcome, spoiled.reason, spoiled.attempt) == (Outcome.SPOILED, reason, 1)
    assert (result.outcome, result.attempt) == (Outcome.SUCCESS, 2)


def test_a_rig_that_spoils_three_times_is_left_and_the_rest_is_done(
    evaluating: Callable[..., Evaluator], tmp_path: Path
) -> None:
    rig = FakeRig(turns=lambda task, level, seed, again: Turn("go dark" if seed == 0 else "succeed"))
    view = wait(evaluating(rig, plan(tasks=("raise the lift",), variants=(IMPLICIT,), seeds=(0, 1))), ended)
    assert [r.outcome for r in results_in(tmp_path)] == [Outcome.SPOILED] * 3 + [Outcome.SUCCESS]
    assert view.done == 2
    assert view.summary is not None
    assert (view.summary.rows[0].spoiled, view.summary.rows[0].success[-1].trials) == (1, 1)


def test_a_policy_that_cannot_be_loaded_ends_it_with_its_words(evaluating: Callable[..., Evaluator]) -> None:
    view = wait(evaluating(FakeRig(loads=lambda choice: "failed")), ended)
    assert view.state is State.FAILED
    assert view.error == "the policy cannot be loaded: no such file"
    assert view.done == 0


def test_stopping_keeps_nothing_of_the_trial_under_way_and_resuming_does_it_again(
    evaluating: Callable[..., Evaluator], tmp_path: Path
) -> None:
    rig = one(Turn("nothing"))
    evaluator = evaluating(rig, plan(time_limit_s=PATIENCE_S))
    wait(evaluator, lambda view: view.trial is not None and view.trial.elapsed_s > 0.05)
    evaluator.close()
    assert ("discard_episode",) in rig.calls
    assert rig.mode is Mode.HOLD
    assert results_in(tmp_path) == []
    view = wait(evaluating(FakeRig(), store=Store.resume(tmp_path, "last")), ended)
    assert view.done == 12


def test_a_pause_lets_the_trial_end_and_begins_no_other(evaluating: Callable[..., Evaluator]) -> None:
    evaluator = evaluating(FakeRig())
    wait(evaluator, lambda view: view.trial is not None)
    evaluator.pause()
    done = wait(evaluator, lambda view: view.state is State.PAUSED).done
    time.sleep(0.1)
    assert (evaluator.view.done, evaluator.view.trial) == (done, None)
    evaluator.go_on()
    assert wait(evaluator, ended).done == 12


def test_after_a_stop_it_waits_for_a_person_to_go_on(evaluating: Callable[..., Evaluator]) -> None:
    rig = FakeRig(turns=lambda task, level, seed, again: Turn("stop" if not rig.episodes else "succeed"))
    evaluator = evaluating(rig)
    view = wait(evaluator, lambda view: view.state is State.PAUSED)
    assert view.paused_because == "the robot was stopped; release it, then go on"
    assert rig.mode is Mode.STOPPED
    rig.mode = Mode.HOLD
    evaluator.go_on()
    assert wait(evaluator, ended).done == 12


def test_whoever_took_over_keeps_the_robot(evaluating: Callable[..., Evaluator]) -> None:
    rig = one(Turn("take over"))
    view = wait(evaluating(rig), lambda view: view.state is State.PAUSED)
    assert view.paused_because == "a person has the robot; go on when it is free"
    assert rig.mode is Mode.TELEOP


def test_after_a_person_let_it_hold_nothing_moves_by_itself(evaluating: Callable[..., Evaluator]) -> None:
    rig = one(Turn("hold"))
    evaluator = evaluating(rig)
    view = wait(evaluator, lambda view: view.state is State.PAUSED)
    assert view.paused_because == "a person let the robot hold; go on when it may move"
    begun = len(rig.tags)
    time.sleep(0.2)
    assert (len(rig.tags), rig.mode) == (begun, Mode.HOLD)


def test_the_human_variant_is_told_and_not_alone(evaluating: Callable[..., Evaluator]) -> None:
    rig = FakeRig()
    wait(evaluating(rig, plan(variants=(VariantName.HUMAN,), seeds=(0,))), ended)
    assert ("listen",) in rig.calls
    assert not any(call[0] == "go_alone" for call in rig.calls)


BLIND = plan(tasks=("raise the lift",), seeds=(0, 1), judge=Judge.PERSON)


def test_a_judge_is_shown_no_variant_until_every_trial_is_judged(
    evaluating: Callable[..., Evaluator], tmp_path: Path
) -> None:
    rig = one(Turn("nothing"))
    evaluator = evaluating(rig, BLIND)
    for number, outcome in enumerate((Outcome.SUCCESS, Outcome.FAILURE, Outcome.SKIPPED), 1):
        wait(
            evaluator,
            lambda view, number=number: (
                view.trial is not None and view.trial.number == number and view.trial.judgeable
            ),
        )
        view = evaluator.view
        assert view.hidden
        assert view.summary is None
        assert view.trial is not None
        assert view.trial.variant == ""
        assert {(result.variant, result.reason) for result in view.results} <= {("", "")}
        evaluator.judge(outcome, number=number)
    view = wait(evaluator, lambda view: view.state is State.JUDGING and view.done == 3)  # its time is up
    assert view.trial is not None
    assert view.trial.step == "judge it"  # and not why: that may tell the variant
    evaluator.judge(Outcome.FAILURE, number=3)  # too late for that one
    evaluator.judge(Outcome.SUCCESS, number=4)
    view = wait(evaluator, ended)
    assert not view.hidden
    assert view.summary is not None
    assert [result.outcome for result in view.results] == ["success", "failure", "skipped", "success"]
    assert {result.variant for result in view.results} == {"hierarchical", "implicit"}
    assert not any("variant" in tag for tags in rig.tags.values() for tag in tags)


def test_on_a_real_robot_a_person_puts_the_scene_in_order_first(
    evaluating: Callable[..., Evaluator],
) -> None:
    rig = one(Turn("nothing"))
    rig.simulated = False
    evaluator = evaluating(rig, plan(tasks=("wash the pan",), seeds=(0,), judge=Judge.PERSON))
    for number in (1, 2):
        wait(
            evaluator,
            lambda view, number=number: (
                view.state is State.SCENE and view.trial is not None and view.trial.number == number
            ),
        )
        assert rig.mode is Mode.HOLD
        assert rig.recording is None
        evaluator.scene_ready()
        wait(evaluator, lambda view: view.trial is not None and view.trial.judgeable)
        evaluator.judge(Outcome.SUCCESS, number=number)
    assert wait(evaluator, ended).done == 2
    assert not any(call[0] == "reset_world" for call in rig.calls)


def test_a_disk_that_is_full_ends_it_with_what_to_do(
    evaluating: Callable[..., Evaluator], tmp_path: Path
) -> None:
    rig = one(Turn("succeed"))
    store = Store.begin(tmp_path, plan())
    full = tmp_path / "full"
    full.symlink_to("/dev/full")
    store.close()
    store._file = full.open("ab", buffering=0)  # as if the disk had filled up since it was opened
    view = wait(evaluating(rig, store=store), ended)
    assert (view.state, view.done) == (State.FAILED, 0)
    assert "make room on the disk, then resume" in view.error
