"""A camera that is stuck is named; what it said before is never told again as new."""

from __future__ import annotations

import time

import numpy as np
import pytest

from app.messages import Mode
from drivers.sim.faults import Faults
from drivers.sim.statefile import CameraFault, FaultKind
from tests.support.live_session import LiveSession, log_of

pytestmark = pytest.mark.timeout(180)


def test_a_frozen_camera_is_named_and_the_others_go_on(live: LiveSession) -> None:
    live.warm_up()
    episode_id = live.start_episode("freeze a camera")
    time.sleep(0.5)
    live.world.set_faults(Faults(cameras={"back": CameraFault(FaultKind.FROZEN)}))
    frozen_ns = time.monotonic_ns()
    notice = live.notice("camera:back")
    assert notice.what.startswith("The camera back has delivered nothing for")
    assert notice.remedy
    assert "The camera back" in log_of(live, "cameras")
    live.wait(lambda now: all(c.stale for c in now.cameras if c.name == "back"), "a stale view")
    time.sleep(2.0)
    assert live.now.mode is Mode.TELEOP
    healed_ns = time.monotonic_ns()
    live.heal()
    live.no_notice("camera:back")
    time.sleep(0.5)
    live.hold()
    episode = live.end_episode(episode_id)

    def during(name: str) -> np.ndarray:
        times = np.asarray(episode.camera(name).time_ns)
        return times[(times > frozen_ns + 500_000_000) & (times < healed_ns)]

    assert len(during("back")) == 0
    assert (np.asarray(episode.camera("back").time_ns) > healed_ns).any()
    for name in ("front", "left_wrist", "right_wrist"):
        assert len(during(name)) > 15, name
        assert (np.diff(episode.camera(name).time_ns) > 0).all()
    assert (np.diff(episode.camera("back").time_ns) > 0).all()
    assert (np.diff(episode.simulation.time_ns) > 0).all()
