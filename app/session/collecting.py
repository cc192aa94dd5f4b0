"""Joins the collection's state machine to the session: its orders to the processes, their answers back to it.

The session's thread alone calls it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from app.collection.collector import Collector, Situation
from app.collection.orders import End, Follow, Order, Rate, Refuse, Restore, Say, Start, Trash
from app.collection.plan import CollectionPlan
from app.collection.tally import nudge, scene_run, tally
from app.collection.view import CollectionView
from app.messages import DiscardEpisode, EndEpisode, Mode, Reply, SetMode, StartEpisode
from app.session.library import Library, Shelf
from app.session.pump import Pump
from app.session.view import Snapshot
from drivers.profile import RobotProfile


class Collecting:
    """See the module.

    Args:
        profile: the robot, whose place is the plan's where it names none.
        pump: carries commands.
        library: the dataset.
        operator: who drives, until a plan says otherwise.
    """

    def __init__(self, profile: RobotProfile, pump: Pump, library: Library, *, operator: str) -> None:
        self._profile = profile
        self._pump = pump
        self._library = library
        self._collector = Collector()
        self._collector.plan = CollectionPlan(operator=operator)
        self._counted = CollectionView()
        self._counted_of: tuple[Shelf, CollectionPlan, int] | None = None

    def set_plan(self, plan: CollectionPlan) -> None:
        """What is collected from the next episode on."""
        self._collector.plan = plan

    def begin(self, *, at_once: bool) -> None:
        """Go for the next episode."""
        self._carry_out(self._collector.begin(time.monotonic_ns(), self._situation(), at_once=at_once))

    def cancel(self) -> None:
        """Give up an episode that has not begun."""
        self._carry_out(self._collector.cancel())

    def judge(self, outcome: str, aim: str) -> None:
        """End or judge an episode."""
        self._carry_out(self._collector.judge(outcome, aim, time.monotonic_ns()))

    def take_back(self) -> None:
        """The last episode into the trash, or out of it again."""
        self._carry_out(self._collector.take_back())

    def step(self) -> None:
        """Let time pass."""
        self._carry_out(self._collector.step(time.monotonic_ns(), self._situation()))

    def view(self) -> CollectionView:
        """The collection now, counts included."""
        counted = self._counts()
        now = self._collector.view(time.monotonic_ns())
        return replace(now, tally=counted.tally, scene_episodes=counted.scene_episodes, nudge=counted.nudge)

    def _counts(self) -> CollectionView:
        """Tally and scene, counted anew only when the episodes, the plan or the day have changed."""
        shelf, plan, today = self._library.shelf, self._collector.plan, datetime.now().astimezone().date()
        basis = (shelf, plan, today.toordinal())
        before = self._counted_of
        if before is None or before[0] is not shelf or before[1:] != basis[1:]:
            self._counted_of = basis
            place = (plan.home or self._profile.scene_home, plan.room or self._profile.scene_room, plan.scene)
            run = scene_run(shelf.episodes, place)
            self._counted = CollectionView(
                tally=tally(shelf.episodes, plan, today=today),
                scene_episodes=run,
                nudge=nudge(run, plan),
            )
        return self._counted

    def _situation(self) -> Situation:
        now: Snapshot = self._pump.snapshot
        target = self._collector.plan.target
        return Situation(
            ready=now.ready,
            mode=now.mode,
            following=now.mode is Mode.TELEOP and now.gate is None and now.tick is not None,
            recording_id=now.recording.episode_id if now.recording is not None else "",
            target_reached=0 < target <= self._counts().tally.episodes,
        )

    def _carry_out(self, orders: list[Order]) -> None:
        for order in orders:
            match order:
                case Start(plan=plan):
                    self._start(plan)
                case End(episode_id=episode_id, outcome=outcome):
                    self._end(episode_id, outcome)
                case Follow():
                    self._pump.post(
                        "robot",
                        SetMode(mode=Mode.TELEOP),
                        self._answer(refused=self._collector.not_following),
                    )
                case Rate(episode_id=episode_id, outcome=outcome):
                    self._library.annotate(episode_id, outcome=outcome)
                case Trash(episode_id=episode_id):
                    self._library.trash(episode_id)
                case Restore(episode_id=episode_id):
                    self._library.restore(episode_id)
                case Say(words=words):
                    self._pump.speak(words)
                case Refuse(why=why):
                    self._pump.notices.refuse(why)

    def _start(self, plan: CollectionPlan) -> None:
        command = StartEpisode(
            task=plan.task, operator=plan.operator, home=plan.home, room=plan.room, scene=plan.scene
        )

        def started(reply: Reply) -> list[Order]:
            return self._collector.started(str(reply.data["episode_id"]), time.monotonic_ns())

        self._pump.post("recorder", command, self._answer(started, refused=self._collector.not_started))

    def _end(self, episode_id: str, outcome: str) -> None:
        command = (
            DiscardEpisode(episode_id=episode_id)
            if outcome == "discard"
            else EndEpisode(outcome=outcome, episode_id=episode_id)
        )
        self._pump.post(
            "recorder",
            command,
            self._answer(
                lambda _: self._collector.closed(outcome, time.monotonic_ns()),
                refused=lambda: self._collector.not_closed(self._situation()),
            ),
        )

    def _answer(
        self,
        done: Callable[[Reply], list[Order]] = lambda _: [],
        *,
        refused: Callable[[], list[Order]],
    ) -> Callable[[Reply], None]:
        return lambda reply: self._carry_out(refused() if reply.error else done(reply))
