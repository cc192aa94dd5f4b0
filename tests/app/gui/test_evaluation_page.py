"""The Evaluation page in a real window: a plan by hand, a run watched, a blind judge, and what was before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest

from app.autonomy.choice import PolicyChoice, PolicyKind
from app.evaluation.desk import Desk
from app.evaluation.plan import Judge, VariantName, trials_of
from app.evaluation.results import Outcome
from app.evaluation.store import Store, list_paths
from app.evaluation.view import State
from app.gui.frame import Frame
from app.gui.pages.evaluation import EvaluationPage
from app.gui.theme import Theme
from app.gui.window import Window
from app.messages import Mode
from tests.app.evaluation.plans import plan
from tests.app.evaluation.results_of import attempt_of
from tests.support.fake_rig import FakeRig, Turn, quick
from tests.support.qt_waiting import wait_until

Key = Qt.Key


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "dataset"


@pytest.fixture
def rig() -> FakeRig:
    return FakeRig()


@pytest.fixture
def page(frame: Frame, rig: FakeRig, data_dir: Path) -> Iterator[EvaluationPage]:
    """The window's page, with evaluations of a make-believe robot."""
    shown = frame.evaluation_page
    desk = Desk(rig, data_dir, world=lambda: rig)
    shown.earlier.chosen.disconnect()
    shown.desk = desk
    shown.earlier.chosen.connect(desk.open)
    frame.go_to("evaluation")
    with quick():
        yield shown
        desk.close()


def press(window: Window, key: Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    QTest.keyClick(window, key, modifiers)


def soon(condition: Callable[[], bool]) -> None:
    """It comes about; a busy machine may take its time."""
    assert wait_until(condition, timeout_ms=30_000)


def half_done(folder: Path, **fields: object) -> str:
    with Store.begin(folder, plan(**fields)) as store:  # type: ignore[arg-type]
        for trial in trials_of(store.plan)[:3]:
            store.append(attempt_of(trial))
    return store.evaluation_id


def test_the_page_has_its_key_and_a_button_in_the_bar(window: Window, frame: Frame) -> None:
    press(window, Key.Key_5, Qt.KeyboardModifier.ControlModifier)
    assert frame.page_id == "evaluation"


def test_a_plan_is_ticked_together_and_says_how_much_it_is(page: EvaluationPage) -> None:
    assert page.setup.plan is None
    assert page.setup.total.text() == "No task; give at least one"
    assert page.no_begin
    page.setup.tasks["raise the lift"].click()
    page.setup.tasks["open the drawer"].click()
    page.setup.kitchens.setValue(5)
    page.setup.first_seed.setValue(7)
    page.setup.time_limit.setValue(30.0)
    made = page.setup.plan
    assert made is not None
    assert made.tasks == ("open the drawer", "raise the lift")
    assert made.seeds == (7, 8, 9, 10, 11)
    assert [variant.name for variant in made.variants] == [VariantName.HIERARCHICAL, VariantName.IMPLICIT]
    assert page.setup.total.text() == (
        "2 tasks × 2 variants × 5 kitchens: 20 trials, at most 10 min 0 s of acting, at 75% speed"
    )
    assert made.speed == 0.75  # as the window has it
    assert not page.no_begin


def test_the_policy_is_the_one_that_is_chosen_in_the_window(
    theme: Theme, session: object, rig: FakeRig, data_dir: Path
) -> None:
    chosen = PolicyChoice(kind=PolicyKind.SERVER, source="ws://host:8000", execute_steps=10)
    made = EvaluationPage(
        session,  # type: ignore[arg-type]
        theme,
        choice=lambda: chosen,
        desk=Desk(rig, data_dir, world=None),
    )
    made.setup.apply(rig.snapshot(), chosen)
    made.setup.tasks["raise the lift"].click()
    assert made.setup.plan is not None
    assert {(v.choice.source, v.choice.execute_steps) for v in made.setup.plan.variants} == {
        ("ws://host:8000", 10)
    }
    made.deleteLater()


def test_a_task_that_no_world_knows_is_for_a_person_to_judge(page: EvaluationPage) -> None:
    page.setup.other_task.setText("wipe the counter")
    assert "judge by hand" in page.setup.problem
    page.setup.judge.show_value(Judge.PERSON.value)
    page.setup.judge.picked.emit(Judge.PERSON.value)
    assert page.setup.plan is not None
    assert page.setup.plan.blind


def test_what_is_begun_by_key_runs_and_its_table_grows(
    window: Window, page: EvaluationPage, rig: FakeRig, data_dir: Path
) -> None:
    rig.turns = lambda task, level, seed, again: Turn("succeed" if level == "model" else "strain")
    page.setup.tasks["raise the lift"].click()
    page.setup.kitchens.setValue(2)
    press(window, Key.Key_B)
    soon(lambda: page.running)
    soon(lambda: not page.running)
    assert "hierarchical: raise the lift 100 % (34-100) n=2" in page.bars.words
    assert "implicit: raise the lift 0 % (0-66) n=2" in page.bars.words
    assert page.table.trials.rowCount() == 4
    assert not page.bars.grab().isNull()
    soon(lambda: page.earlier.count() == 1)
    press(window, Key.Key_X)
    soon(lambda: (list_paths(data_dir)[0] / "trials.csv").exists())


def test_pause_go_on_and_end_by_key(
    window: Window, page: EvaluationPage, rig: FakeRig, data_dir: Path
) -> None:
    page.setup.tasks["raise the lift"].click()
    press(window, Key.Key_B)
    soon(lambda: page.running)
    press(window, Key.Key_P)
    soon(lambda: page.state is State.PAUSED)
    press(window, Key.Key_P)
    soon(lambda: page.state is State.RUNNING)
    rig.turns = lambda *_: Turn("nothing")
    press(window, Key.Key_E)
    soon(lambda: not page.running)
    assert rig.mode is Mode.HOLD
    assert not Store.read(list_paths(data_dir)[0]).complete


def test_a_judge_sees_the_robot_and_not_the_variant_and_judges_by_key(
    window: Window, page: EvaluationPage, rig: FakeRig
) -> None:
    rig.turns = lambda *_: Turn("nothing")
    page.setup.tasks["raise the lift"].click()
    page.setup.kitchens.setValue(1)
    page.setup.time_limit.setValue(60.0)
    page.setup.judge.show_value(Judge.PERSON.value)
    page.setup.judge.picked.emit(Judge.PERSON.value)
    assert not page.judgeable
    press(window, Key.Key_B)
    for number, key in enumerate((Key.Key_S, Key.Key_F), 1):
        soon(lambda number=number: page.judgeable and f"{number} of 2" in page.card.words)
        assert "hidden until all are judged" in page.card.words
        for name in VariantName:
            assert name.value not in page.card.words
            assert name.value not in page.bars.words
        assert page.no_export == "The variants are hidden until every trial is judged." or number == 1
        press(window, key)
    soon(lambda: not page.running)
    assert "hierarchical" in page.bars.words
    assert {result.outcome for result in page.table.trials.results} == {"success", "failure"}


def test_a_press_for_one_trial_never_judges_the_next(page: EvaluationPage, rig: FakeRig) -> None:
    rig.turns = lambda *_: Turn("nothing")
    page.desk.begin(plan(tasks=("raise the lift",), seeds=(0, 1), judge=Judge.PERSON, time_limit_s=60.0))
    soon(lambda: page.judgeable)
    page.judge(Outcome.SUCCESS)
    page.judge(Outcome.SUCCESS)
    soon(lambda: "2 of 4" in page.card.words and page.judgeable)
    QTest.qWait(150)
    assert "2 of 4" in page.card.words


def test_an_earlier_one_is_opened_by_choosing_it_and_resumed_by_key(
    window: Window, page: EvaluationPage, data_dir: Path
) -> None:
    kept = half_done(data_dir, tasks=("raise the lift",))
    page.entered()
    soon(lambda: page.earlier.count() == 1)
    assert page.no_resume == "Choose an earlier evaluation first."
    page.earlier.choose(kept)
    soon(lambda: page.table.trials.rowCount() == 3)
    press(window, Key.Key_U)
    soon(lambda: page.table.trials.rowCount() == 6 and not page.running)
    assert Store.read(data_dir / "evaluations" / kept).complete
    soon(lambda: page.no_resume == "It is complete.")


def test_what_is_refused_stands_in_place(page: EvaluationPage, frame: Frame) -> None:
    page.desk.open("nonesuch")
    soon(lambda: "No evaluation 'nonesuch'" in page._told.text())
    assert page._told.isVisible()


def test_leaving_the_page_lets_it_run_and_closing_the_window_ends_it(
    window: Window, frame: Frame, page: EvaluationPage, rig: FakeRig
) -> None:
    rig.turns = lambda *_: Turn("nothing")
    page.desk.begin(plan(time_limit_s=60.0))
    soon(lambda: page.running)
    frame.go_to("drive")
    QTest.qWait(100)
    assert page.desk.view.running
    window.close()
    assert not page.desk.view.running
    assert rig.mode is Mode.HOLD


def test_what_was_typed_is_no_key(window: Window, page: EvaluationPage) -> None:
    page.setup.tasks["raise the lift"].click()
    page.setup.other_task.setFocus()
    QTest.keyClicks(page.setup.other_task, "be")
    assert page.setup.other_task.text() == "be"
    assert not page.running
