"""The desk: wishes carried out beside the window, and what came of each."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.evaluation.desk import Desk, DeskView
from app.evaluation.plan import Judge, trials_of
from app.evaluation.store import Store
from tests.app.evaluation.plans import plan
from tests.app.evaluation.results_of import attempt_of
from tests.support.fake_rig import FakeRig, Turn, quick

PATIENCE_S = 30.0
SHORT = plan(tasks=("raise the lift",), seeds=(0, 1))


@pytest.fixture
def rig() -> FakeRig:
    return FakeRig()


@pytest.fixture
def desk(rig: FakeRig, tmp_path: Path) -> Iterator[Desk]:
    with quick():
        made = Desk(rig, tmp_path, world=lambda: rig)
        yield made
        made.close()


def wait(desk: Desk, until: Callable[[DeskView], bool]) -> DeskView:
    end_s = time.monotonic() + PATIENCE_S
    while time.monotonic() < end_s:
        view = desk.view
        if until(view):
            return view
        time.sleep(0.002)
    raise TimeoutError(f"{desk.view}")


def half_done(folder: Path) -> str:
    with Store.begin(folder, SHORT) as store:
        for trial in trials_of(store.plan)[:2]:
            store.append(attempt_of(trial))
    return store.evaluation_id


def test_what_is_begun_runs_to_its_end_and_is_listed(desk: Desk) -> None:
    desk.begin(SHORT)
    wait(desk, lambda view: view.running)
    view = wait(desk, lambda view: not view.running and bool(view.listed) and view.listed[0].done == 4)
    assert view.shown is not None
    assert view.shown.done == 4
    assert view.listed[0].evaluation_id == view.shown.evaluation_id


def test_one_that_was_cut_off_is_opened_and_resumed(desk: Desk, tmp_path: Path) -> None:
    kept = half_done(tmp_path)
    desk.open(kept)
    view = wait(desk, lambda view: view.shown is not None)
    assert view.shown is not None
    assert (view.shown.done, view.running) == (2, False)
    desk.resume(kept)
    wait(desk, lambda view: view.running)
    assert wait(desk, lambda view: not view.running).shown is not None
    assert len(Store.read(tmp_path / "evaluations" / kept).attempts) == 4


@pytest.mark.parametrize(
    ("wish", "refusal"),
    [
        (lambda desk: desk.begin(plan(tasks=("wash the car",))), "cannot judge 'wash the car'"),
        (lambda desk: desk.open("nonesuch"), "no evaluation 'nonesuch'"),
        (lambda desk: desk.resume("nonesuch"), "no evaluation 'nonesuch'"),
    ],
)
def test_what_cannot_be_is_refused_in_words(desk: Desk, wish: Callable[[Desk], None], refusal: str) -> None:
    wish(desk)
    assert refusal in wait(desk, lambda view: bool(view.refusal)).refusal
    assert not desk.view.running


def test_one_of_another_robot_is_not_resumed(desk: Desk, rig: FakeRig, tmp_path: Path) -> None:
    kept = half_done(tmp_path)
    rig.profile_source = "my-robot.toml"
    desk.resume(kept)
    said = wait(desk, lambda view: bool(view.refusal)).refusal
    assert "was begun on sim-kitchen, and this is my-robot.toml" in said
    Store.resume(tmp_path, kept).close()  # it was let go of


def test_while_one_runs_no_other_is_begun(desk: Desk, rig: FakeRig) -> None:
    rig.turns = lambda *_: Turn("nothing")
    desk.begin(plan(time_limit_s=PATIENCE_S))
    wait(desk, lambda view: view.running)
    desk.begin(SHORT)
    assert "an evaluation runs" in wait(desk, lambda view: bool(view.refusal)).refusal


def test_figures_are_written_beside_the_trials(desk: Desk, tmp_path: Path) -> None:
    kept = half_done(tmp_path)
    desk.open(kept)
    wait(desk, lambda view: view.shown is not None)
    folder = tmp_path / "evaluations" / kept
    desk.export("csv")
    wait(desk, lambda view: view.told == f"written: {folder / 'trials.csv'}")
    desk.export("json")
    wait(desk, lambda view: view.told == f"written: {folder / 'figures.json'}")
    assert len((folder / "trials.csv").read_text().splitlines()) == 3
    assert json.loads((folder / "figures.json").read_text())["done"] == 2


def test_what_is_blind_is_not_exported_before_its_end(desk: Desk, tmp_path: Path) -> None:
    with Store.begin(tmp_path, plan(judge=Judge.PERSON)) as store:
        store.append(attempt_of(trials_of(store.plan)[0]))
    desk.open(store.evaluation_id)
    wait(desk, lambda view: view.shown is not None)
    desk.export("csv")
    assert "hidden until" in wait(desk, lambda view: bool(view.refusal)).refusal
    assert not (store.path / "trials.csv").exists()


def test_closing_ends_what_runs_and_nothing_begins_after(desk: Desk, rig: FakeRig) -> None:
    rig.turns = lambda *_: Turn("nothing")
    desk.begin(plan(time_limit_s=PATIENCE_S))
    wait(desk, lambda view: view.shown is not None and view.shown.trial is not None)
    desk.close()
    assert not desk.view.running
    desk.begin(SHORT)
    desk.refresh()
    assert not desk.view.busy
