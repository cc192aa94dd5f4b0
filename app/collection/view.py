"""What is seen of a collection: frozen values for the window, the speech and the tests."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from app.collection.plan import CollectionPlan


class Phase(StrEnum):
    """Where between two episodes the operator is."""

    IDLE = "idle"
    COUNTDOWN = "countdown"
    ALIGNING = "aligning"
    STARTING = "starting"
    RECORDING = "recording"
    CLOSING = "closing"
    RESETTING = "resetting"


@dataclass(frozen=True, slots=True)
class Tally:
    """What this operator did of this task today; episodes in the trash do not count.

    Attributes:
        episodes: kept ones.
        target: how many are wanted; 0 for no number.
        successes, failures: of those judged.
        mean_s, spread_s: duration, and its standard deviation over the episodes; NaN while there are too few.
    """

    episodes: int = 0
    target: int = 0
    successes: int = 0
    failures: int = 0
    mean_s: float = float("nan")
    spread_s: float = float("nan")

    @property
    def success_rate(self) -> float:
        """Successes among those judged; NaN before the first."""
        judged = self.successes + self.failures
        return self.successes / judged if judged else float("nan")


@dataclass(frozen=True, slots=True)
class CollectionView:
    """The collection at one moment.

    Attributes:
        plan: what is collected.
        phase: where the operator is.
        left_s: of the countdown, the reset or the time limit; NaN where nothing runs out.
        total_s: its whole length; NaN likewise.
        aim: the episode that a judgement hits now: the running one once it has run for a moment, else the last one;
            empty when there is none. Hand it back with the judgement, so that it never hits another.
        last_id, last_outcome: the episode that was just made: `success`, `failure`, `unset` or `discarded`.
        tally: counts of today.
        scene_episodes: episodes in a row in this very scene.
        nudge: words that ask for another scene; empty when it is not time.
    """

    plan: CollectionPlan = field(default_factory=CollectionPlan)
    phase: Phase = Phase.IDLE
    left_s: float = float("nan")
    total_s: float = float("nan")
    aim: str = ""
    last_id: str = ""
    last_outcome: str = ""
    tally: Tally = Tally()
    scene_episodes: int = 0
    nudge: str = ""
