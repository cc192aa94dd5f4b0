"""From where a trial is watched, judged and ended, and how it ends before its time."""

from __future__ import annotations

from typing import Protocol

from app.evaluation.results import Milestone, Outcome


class Stopped(Exception):
    """The evaluation is to end now; the trial under way is not kept."""


class PolicyUnusable(Exception):
    """The policy cannot be loaded, so no trial can be done; the message is the policy's."""


class Spoiled(Exception):
    """The rig failed."""


class Console(Protocol):
    """Where the trial is watched from, and by whom it may be judged. Called on the evaluation's thread."""

    def show(
        self,
        step: str,
        *,
        elapsed_s: float = 0.0,
        milestones: tuple[Milestone, ...] = (),
        judging: bool = False,
    ) -> None:
        """What is being done now."""

    def stop_wanted(self) -> bool:
        """Whether everything is to end at once."""

    def verdict(self) -> Outcome | None:
        """What a person has said of this trial; None before."""

    def ask_for_scene(self) -> None:
        """Ask a person to put the scene in order for this trial."""

    def scene_ready(self) -> bool:
        """Whether it is."""
