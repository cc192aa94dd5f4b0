"""The way of a newcomer from opening the window to an episode recorded and replayed, ticked off by what happens."""

from __future__ import annotations

from dataclasses import dataclass

from app.messages import POLICY_MODES, Mode
from app.session.view import Snapshot


@dataclass(frozen=True, slots=True)
class Step:
    """One of the steps: what it is called in the row, and whether it was done."""

    name: str
    done: bool


class FirstSteps:
    """Follows snapshots and pages; knows no Qt. A step counts when it has happened, in whatever order.

    It starts with everything to do, whatever the dataset holds already: who opens it wants to be shown.
    """

    def __init__(self) -> None:
        self._moved = self._recorded = self._judged = self._looked = self._replayed = False
        self._episode_id = ""
        self._page = "drive"
        self._snapshot: Snapshot | None = None

    @property
    def steps(self) -> tuple[Step, ...]:
        """All of them, in the order in which they are told."""
        script = self._snapshot is not None and self._snapshot.simulated
        return (
            Step("Move the robot" if script else "Take the leaders", self._moved),
            Step("Record", self._recorded),
            Step("Judge", self._judged),
            Step("Open Episodes", self._looked),
            Step("Replay", self._replayed),
        )

    @property
    def done(self) -> bool:
        """Whether nothing is left."""
        return all(step.done for step in self.steps)

    @property
    def present(self) -> int:
        """Which step comes now; their number when all are done."""
        return next((i for i, step in enumerate(self.steps) if not step.done), len(self.steps))

    def apply(self, snapshot: Snapshot, *, page: str) -> None:
        """Tick off what has happened."""
        self._snapshot, self._page = snapshot, page
        collection = snapshot.collection
        self._moved = self._moved or _is_driven(snapshot)
        if snapshot.recording is not None:
            self._recorded = True
            self._episode_id = snapshot.recording.episode_id
        elif self._recorded and not self._judged:
            made = {episode.episode_id: episode.outcome for episode in snapshot.episodes}
            outcome = made.get(self._episode_id, "")
            if collection.last_id == self._episode_id:
                outcome = collection.last_outcome
            self._judged = outcome in ("success", "failure")
        self._looked = self._looked or (self._judged and page == "episodes")
        self._replayed = self._replayed or (self._looked and snapshot.mode is Mode.REPLAY)

    @property
    def words(self) -> str:
        """What to do now, with the keys that do it as ids of actions in braces; see `app.gui.told_keys`."""
        now = self._snapshot
        if now is None or not now.ready:
            return "The robot and its cameras are waking; this takes a few seconds."
        if now.mode is Mode.STOPPED:
            return "The robot is stopped. Hold Enter to release it, then go on."
        if self._page != "drive" and self.present < _ELSEWHERE:
            return "Press {page.drive}: the next step is on the Drive page."
        tell = (self._move, self._record, self._judge, self._look, self._replay)
        return tell[self.present](now) if self.present < len(tell) else _FINISHED

    def _move(self, now: Snapshot) -> str:
        if now.script and now.mode is Mode.HOLD:
            return "The script moves the leaders, and the robot holds. Press {mode.teleop}: it follows."
        if now.gate is not None or now.script:
            return "The leaders are brought to the robot's pose; then it follows."
        if now.simulated:
            return (
                "Press {script.run}: a scripted operator takes the arms and does a task. Or {mode.teleop}, then "
                "{drive.keys}, to drive yourself."
            )
        return (
            "Take the leaders and press {mode.teleop}. Bring them to the robot's pose as the drawing shows; "
            "then it follows."
        )

    def _record(self, now: Snapshot) -> str:
        if now.mode in POLICY_MODES:
            return (
                "The robot moves. Press {record.start} to record: it counts down, then every motion and "
                "picture is kept."
            )
        if now.simulated and not now.script:
            return (
                "The robot follows. Press {record.start} to record, and {script.run} to let the script do its "
                "task once more."
            )
        return (
            "The robot follows. Press {record.start} to record: it counts down, then every motion and "
            "picture is kept."
        )

    def _judge(self, now: Snapshot) -> str:
        if now.recording is None:
            return (
                "How was it? Press {record.success} for success or {record.failure} for failure; this still "
                "changes the last one."
            )
        return "It records. When the task is done, press {record.success} for success or {record.failure} for failure."

    def _look(self, now: Snapshot) -> str:
        return "It is kept. Press {page.episodes} to see it among the episodes."

    def _replay(self, now: Snapshot) -> str:
        if now.mode is not Mode.HOLD:
            return "Press {mode.hold}, so that the robot holds; only then can it replay."
        if self._page != "episodes":
            return (
                "Press {page.episodes}, choose the episode, and {episode.replay} lets the robot do it again."
            )
        if now.simulated:
            return (
                "{page.drive}, then {world.reset} puts the kitchen back. Then choose the episode here and press "
                "{episode.replay} to replay it."
            )
        return (
            "Put the scene back, keep clear of the robot, choose the episode and press {episode.replay}: "
            "the robot does it again."
        )


def _is_driven(now: Snapshot) -> bool:
    """Whether anybody moves the robot: leaders, keys, a script, or a policy that is told or goes alone."""
    if now.mode in POLICY_MODES:
        subtask = now.policy.subtask if now.policy is not None else None
        return subtask is not None and subtask.first_action_ns > 0
    return now.mode is Mode.TELEOP and now.gate is None


_ELSEWHERE = 3
"""The steps from this one on lead to other pages."""

_FINISHED = "You have led, recorded, judged and replayed. That is all there is to a day of collecting."
