"""From one episode to the next: countdown, gate, recording, judgement, reset, again.

A state machine of pure steps. It knows neither clock nor process nor Qt: who steps it says what time it is and what the
robot does, and carries out the orders it returns.

```
        begin            0 s left          follows             started
 IDLE ─────────▶ COUNTDOWN ─────▶ ALIGNING ─────▶ STARTING ─────────▶ RECORDING
   ▲  ▲              │ cancel, stop  │                                  │ judge, time limit
   │  └──────────────┴───────────────┘                                  ▼
   └──────────────────────────────── RESETTING ◀──────────────────── CLOSING
                    0 s left, or begin ─▶ COUNTDOWN                closed
```
"""

from __future__ import annotations

from dataclasses import dataclass

from app.collection.orders import End, Follow, Order, Rate, Refuse, Restore, Say, Start, Trash
from app.collection.plan import CollectionPlan
from app.collection.view import CollectionView, Phase
from app.messages import AUTOMATIC_MODES, Mode

SETTLED_S = 0.5
"""For so long a running episode is no aim yet: a key meant for the last one may still be on its way."""

DISCARD = "discard"
DISCARDED = "discarded"
TAKE_BACK = "take back"
JUDGEMENTS = ("success", "failure", "unset", DISCARD)

BEFORE = frozenset({Phase.COUNTDOWN, Phase.ALIGNING})
"""An episode is on its way and has not begun: it can be given up without a trace."""
BETWEEN = frozenset({Phase.IDLE, Phase.RESETTING})

_RATED = {"success": "Success", "failure": "Failure", "unset": "Not judged"}
_NO_TIME = float("nan")


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What the collection must know of the session.

    Attributes:
        ready: the robot answers and every camera delivers.
        mode: who moves the robot.
        following: it follows its leaders, gate and ramp passed.
        recording_id: the episode that the recorder writes, by its own word; empty for none.
        target_reached: as many episodes as were wanted have been kept.
    """

    ready: bool = True
    mode: Mode = Mode.HOLD
    following: bool = False
    recording_id: str = ""
    target_reached: bool = False


class Collector:
    """The state between episodes; see the module.

    Attributes:
        plan: what is collected; a new one counts from the next episode on.
    """

    def __init__(self) -> None:
        self.plan = CollectionPlan()
        self._phase = Phase.IDLE
        self._ends_ns = 0
        self._length_s = 0.0
        self._counted = 0
        self._at_once = False
        self._asked_to_follow = False
        self._was_teleop = False
        self._running_id = ""
        self._started_ns = 0
        self._heard_of_it = False
        self._last_id = ""
        self._last_outcome = ""
        self._before_discard = "unset"
        self._next = ""
        """What was pressed while the episode closes: a judgement, or `TAKE_BACK`; empty for nothing."""

    def view(self, now_ns: int) -> CollectionView:
        """Where the operator is; tally and scene are for who knows the episodes to add."""
        timed = self._length_s > 0 and self._phase in (Phase.COUNTDOWN, Phase.RECORDING, Phase.RESETTING)
        return CollectionView(
            plan=self.plan,
            phase=self._phase,
            left_s=max(0.0, (self._ends_ns - now_ns) / 1e9) if timed else _NO_TIME,
            total_s=self._length_s if timed else _NO_TIME,
            aim=self._aim(now_ns),
            last_id=self._last_id,
            last_outcome=self._last_outcome,
        )

    # -- what the operator wants -------------------------------------------------------------------------------------

    def begin(self, now_ns: int, situation: Situation, *, at_once: bool = False) -> list[Order]:
        """Go for the next episode; during a reset, the rest of it is skipped.

        Args:
            now_ns: monotonic.
            situation: of the session.
            at_once: without countdown and gate, whatever the robot does.
        """
        if self._phase not in BETWEEN:
            return [Refuse(f"an episode is already {_DOING[self._phase]}; end or cancel it first")]
        if not situation.ready:
            return [Refuse("the robot and its cameras are not ready yet; see what is missing above")]
        if situation.mode is Mode.STOPPED and not at_once:
            return [Refuse("the robot is stopped; release the emergency stop first")]
        self._at_once = at_once
        if at_once or not self.plan.countdown_s:
            return self._align(situation)
        self._enter(Phase.COUNTDOWN, now_ns, self.plan.countdown_s)
        self._counted = 0
        return self._count(now_ns)

    def cancel(self) -> list[Order]:
        """Give up an episode that has not begun."""
        if self._phase not in BEFORE:
            return []
        self._phase = Phase.IDLE
        return [Say("Cancelled")]

    def judge(self, outcome: str, aim: str, now_ns: int) -> list[Order]:
        """End the running episode, or judge the last one again; see `CollectionView.aim`."""
        if outcome not in JUDGEMENTS:
            return [Refuse(f"{outcome!r} is no judgement; there are {', '.join(JUDGEMENTS)}")]
        if not aim:
            return [Refuse("there is no episode to judge yet; begin one first")]
        if aim == self._running_id and self._phase is Phase.RECORDING:
            if now_ns - self._started_ns < SETTLED_S * 1e9:
                return [Refuse("the episode has only just begun; press again")]
            return self._close(outcome)
        if aim == self._running_id and self._phase is Phase.CLOSING:
            self._next = outcome
            return []
        if aim == self._last_id:
            return self._judge_last(outcome)
        return [Refuse(f"episode {aim} is neither running nor the last one; nothing was changed")]

    def take_back(self) -> list[Order]:
        """Put the last episode into the trash, or take it out again when it was just put there."""
        if self._phase is Phase.CLOSING:
            # Who has just ended one means that one, and not the one before it.
            self._next = TAKE_BACK
            return []
        if not self._last_id:
            return [Refuse("no episode was made yet that could be taken back")]
        if self._last_outcome == DISCARDED:
            self._last_outcome = self._before_discard
            return [Restore(self._last_id), Say("Brought back")]
        return [*self._judge_last(DISCARD)[:1], Say("Taken back")]

    # -- what happens ------------------------------------------------------------------------------------------------

    def step(self, now_ns: int, situation: Situation) -> list[Order]:
        """Let time pass. Call it many times a second."""
        if self._phase in BEFORE and situation.mode is Mode.STOPPED:
            self._phase = Phase.IDLE
            return [Say("Cancelled")]
        match self._phase:
            case Phase.IDLE | Phase.RESETTING if situation.recording_id not in ("", self._last_id):
                self._adopt(situation.recording_id, now_ns)
            case Phase.COUNTDOWN:
                return self._align(situation) if now_ns >= self._ends_ns else self._count(now_ns)
            case Phase.ALIGNING:
                return self._await_following(situation)
            case Phase.RECORDING:
                return self._record(now_ns, situation)
            case Phase.RESETTING if self._length_s > 0 and now_ns >= self._ends_ns:
                return self._after_reset(now_ns, situation)
        return []

    def started(self, episode_id: str, now_ns: int) -> list[Order]:
        """The recorder has begun the episode."""
        self._running_id, self._started_ns, self._heard_of_it = episode_id, now_ns, False
        self._next = ""
        self._enter(Phase.RECORDING, now_ns, self.plan.limit_s)
        return []

    def not_started(self) -> list[Order]:
        """The recorder has refused; why is told elsewhere."""
        self._phase = Phase.IDLE
        return []

    def closed(self, outcome: str, now_ns: int) -> list[Order]:
        """The recorder has closed the running episode as it was told."""
        if not self._running_id:
            return []
        self._before_discard = "unset"
        self._last_id, self._running_id = self._running_id, ""
        self._last_outcome = DISCARDED if outcome == DISCARD else outcome
        self._enter(Phase.RESETTING if self.plan.reset_s else Phase.IDLE, now_ns, self.plan.reset_s)
        following, self._next = self._next, ""
        if following == TAKE_BACK:
            return self.take_back()
        return self._judge_last(following) if following not in ("", outcome) else []

    def not_closed(self, situation: Situation) -> list[Order]:
        """The recorder did not close the episode; why is told elsewhere.

        Its time limit ends with that: a recorder that refuses would be asked again in every step.
        """
        self._next = ""
        if situation.recording_id == self._running_id:
            self._phase, self._length_s = Phase.RECORDING, 0.0
        else:
            self._lose()
        return []

    # -- inside ------------------------------------------------------------------------------------------------------

    def _enter(self, phase: Phase, now_ns: int, length_s: float) -> None:
        self._phase, self._length_s = phase, length_s
        self._ends_ns = now_ns + int(length_s * 1e9)

    def _aim(self, now_ns: int) -> str:
        settled = now_ns - self._started_ns >= SETTLED_S * 1e9
        if self._phase is Phase.CLOSING or (self._phase is Phase.RECORDING and settled):
            return self._running_id
        return self._last_id

    def _count(self, now_ns: int) -> list[Order]:
        """Say the whole seconds as they come: three, two, one."""
        left = -(-(self._ends_ns - now_ns) // 1_000_000_000)
        if left == self._counted:
            return []
        self._counted = left
        return [Say(str(left))]

    def _align(self, situation: Situation) -> list[Order]:
        self._phase = Phase.ALIGNING
        self._asked_to_follow = self._was_teleop = False
        return self._await_following(situation)

    def _await_following(self, situation: Situation) -> list[Order]:
        anyhow = self._at_once or not self.plan.follow_first or situation.mode in AUTOMATIC_MODES
        if anyhow or situation.following:
            self._phase = Phase.STARTING
            return [Start(self.plan)]
        if situation.mode is Mode.TELEOP:
            self._was_teleop = True
        elif self._was_teleop:
            self._phase = Phase.IDLE
            return [Say("Cancelled")]
        elif not self._asked_to_follow:
            self._asked_to_follow = True
            return [Follow()]
        return []

    def not_following(self) -> list[Order]:
        """The robot has refused to follow; why is told elsewhere."""
        if self._phase is Phase.ALIGNING:
            self._phase = Phase.IDLE
        return []

    def _record(self, now_ns: int, situation: Situation) -> list[Order]:
        if situation.recording_id == self._running_id:
            self._heard_of_it = True
        elif self._heard_of_it:
            # Ended by somebody else: a full disk, a lost recorder, another command.
            self._lose()
            return []
        if self._length_s > 0 and now_ns >= self._ends_ns:
            return [Say("Time is up"), *self._close("unset")]
        return []

    def _close(self, outcome: str) -> list[Order]:
        self._phase = Phase.CLOSING
        return [End(self._running_id, outcome)]

    def _lose(self) -> None:
        self._last_id, self._last_outcome, self._running_id = self._running_id, "unset", ""
        self._phase = Phase.IDLE

    def _adopt(self, episode_id: str, now_ns: int) -> None:
        """An episode that was begun past this machine is judged like any other."""
        self._running_id, self._started_ns, self._heard_of_it = episode_id, now_ns, True
        self._enter(Phase.RECORDING, now_ns, 0.0)

    def _judge_last(self, outcome: str) -> list[Order]:
        was = self._last_outcome
        if outcome == DISCARD:
            if was == DISCARDED:
                return []
            self._before_discard, self._last_outcome = was, DISCARDED
            return [Trash(self._last_id), Say("Discarded")]
        self._last_outcome = outcome
        back: list[Order] = [Restore(self._last_id)] if was == DISCARDED else []
        return [*back, Rate(self._last_id, outcome), Say(_RATED[outcome])]

    def _after_reset(self, now_ns: int, situation: Situation) -> list[Order]:
        self._phase = Phase.IDLE
        if not self.plan.repeat:
            return [Say("Ready")]
        if situation.target_reached:
            return [Say("That was the last one")]
        if situation.ready and situation.mode is not Mode.STOPPED:
            return self.begin(now_ns, situation)
        return [Say("Paused")]  # nothing begins by itself out of a stop, nor once what was missing is back


_DOING = {
    Phase.COUNTDOWN: "counting down",
    Phase.ALIGNING: "waiting for the leaders",
    Phase.STARTING: "starting",
    Phase.RECORDING: "being recorded",
    Phase.CLOSING: "being closed",
}
