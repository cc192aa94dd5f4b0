"""The operator shows how to go on from where a policy got to (DAgger), above all where it went wrong.

A policy is told a subtask and left alone; some of the states that it visits are kept. From each of them the operator
demonstrates the subtask to its end, recorded as any demonstration is: so every chunk that is learned from is one that
somebody really carried out from a state which the policy really reaches.

Source: S. Ross, G. Gordon and D. Bagnell, A reduction of imitation learning and structured prediction to no-regret
online learning, AISTATS (2011); here the teacher takes over for good instead of labelling state by state.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from app.demonstrations.making import Made, make
from app.demonstrations.pictures import Pictures
from app.demonstrations.plan import FIRST_TRIAL_SEED, PACE, PLAIN_LOOK_SHARE, Demonstration
from app.demonstrations.starts import Kind, Start, draw_start
from app.kitchen_trials.cameras import Cameras
from app.kitchen_trials.judging import HELD_S, Lasting, Lifted, check_of
from app.kitchen_trials.rollout import LIVE, Pace, Rollout
from app.kitchen_trials.subject import Subject
from app.kitchen_trials.told import limit_s
from app.messages import Mode
from drivers.profile import RobotProfile
from drivers.sim.world import WorldError
from recordings import Dataset

TAG: Final = "dagger"
KEPT: Final = 3
"""States of a run from which the operator shows how to go on."""
EVERY_TICKS: Final = 10
"""How often a state is noted that may be kept."""
RECOVERY_SHARE: Final = 0.3
"""How often a run begins off the path already."""


def visited(
    profile: RobotProfile,
    subject: Subject,
    cameras: Cameras | None,
    subtask: str,
    *,
    seed: int,
    kept: int = KEPT,
    pace: Pace = LIVE,
) -> list[Start]:
    """Tell a policy a subtask, and keep states that it visits before it is done.

    Where it fails, the last one is kept, and the others are of the second half of its time; where the wrong object is
    lifted, it is stopped there.

    Args:
        profile: a simulated robot.
        subject: the policy.
        cameras: of the robot.
        subtask: one that can be judged.
        seed: of the start and of which states are kept.
        kept: how many at most.
        pace: how long things take.

    Raises:
        CannotBeJudged: when nothing tells whether the subtask is done.
        NoStart: no kitchen was found in which it can begin.
    """
    rng = np.random.default_rng([seed, 23])
    kind = Kind.RECOVERY if rng.random() < RECOVERY_SHARE else Kind.PLAIN
    is_done = check_of(subtask)
    done = Lasting(is_done, ticks=round(HELD_S * profile.control_rate_hz))
    robot = draw_start(profile, subtask, seed=seed, kind=kind).robot(profile)
    rollout = Rollout(robot, subject, cameras, mode=Mode.VERBAL, seed=seed, pace=pace)
    rollout.tell(subtask)
    lifted, states = Lifted(rollout.truth), []
    succeeded = False
    for tick in range(round(limit_s(subtask) * profile.control_rate_hz)):
        if tick % EVERY_TICKS == 0 and tick and not is_done(rollout.truth):
            states.append(
                Start(
                    subtask=subtask,
                    seed=seed,
                    kind=Kind.RECOVERY,
                    state=robot.world.integration_state(),
                    sent=robot.sent.copy(),
                )
            )
        try:
            truth = rollout.tick()
        except WorldError:
            break
        lifted.see(truth)
        succeeded = done.see(truth)
        if succeeded or rollout.trouble or _is_wrong(subtask, lifted.first):
            break
    return _chosen(states, rng, kept=kept, succeeded=succeeded)


def show_from(
    profile: RobotProfile, dataset: Dataset, pictures: Pictures, start: Start, *, number: int
) -> Made:
    """Let the operator go on from a state, and record it.

    Args:
        profile: a simulated robot.
        dataset: where it is written.
        pictures: the cameras.
        start: from where.
        number: of the state among those of its run; another eye, pace and light for each.

    Raises:
        DiskFull: there is no room for it.
    """
    rng = np.random.default_rng([start.seed, 29, number])
    shown = Demonstration(
        seed=int(rng.integers(FIRST_TRIAL_SEED)),
        task=start.subtask,
        subtask=start.subtask,
        kind=Kind.RECOVERY,
        dart=False,
        pace=float(rng.uniform(*PACE)),
        plain_look=bool(rng.random() < PLAIN_LOOK_SHARE),
    )
    return make(profile, dataset, pictures, shown, start=start, tags=(TAG, f"from:{start.seed}", "subtask"))


def demonstrate(
    profile: RobotProfile, dataset: Dataset, pictures: Pictures, starts: list[Start]
) -> Iterator[Made]:
    """Show from every state how to go on; raises as `show_from` does."""
    for number, start in enumerate(starts):
        yield show_from(profile, dataset, pictures, start, number=number)


def _is_wrong(subtask: str, lifted: str) -> bool:
    return subtask.startswith("pick up ") and lifted != "" and subtask != f"pick up the {lifted}"


def _chosen(states: list[Start], rng: np.random.Generator, *, kept: int, succeeded: bool) -> list[Start]:
    """The states to go on from, in the order in which they were visited."""
    if not states:
        return []
    if succeeded:
        indices = set(rng.permutation(len(states))[: max(1, kept - 1)].tolist())
    else:
        late = np.arange(len(states) // 2, len(states))
        indices = {len(states) - 1, *rng.permutation(late)[: kept - 1].tolist()}
    return [states[index] for index in sorted(indices)]
