"""A kitchen in a process of its own that writes its state, for cameras to see; it turns its waist all the while."""

from __future__ import annotations

import math
import multiprocessing
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.synchronize import Event
from pathlib import Path

from drivers.profile import load_profile
from drivers.sim.interface import Drive, DriveKind
from drivers.sim.statefile import STATE_FILE, CameraFault, StateWriter
from drivers.sim.world import KitchenWorld

WRITE_EVERY_STEPS = 5


def run_world(runtime_dir: Path, faults: dict[str, CameraFault], started: Event, ending: Event) -> None:
    world = KitchenWorld(load_profile("sim-kitchen"), seed=0)
    writer = StateWriter(runtime_dir / STATE_FILE, world.state_size)
    for name, fault in faults.items():
        writer.set_fault(name, fault)
    waist = world.joint("left_follower", "waist")
    period_s = WRITE_EVERY_STEPS * world.step_s
    deadline = time.monotonic()
    while not ending.is_set():
        waist.drive(Drive(DriveKind.POSITION, 0.5 * math.sin(2 * world.data.time)))
        for _ in range(WRITE_EVERY_STEPS):
            world.step()
        writer.write(world.integration_state(), time_ns=world.time_ns, sim_time_s=world.data.time)
        started.set()
        deadline = max(deadline + period_s, time.monotonic() - 0.1)
        time.sleep(max(0.0, deadline - time.monotonic()))


@contextmanager
def running_world(runtime_dir: Path, faults: dict[str, CameraFault] | None = None) -> Iterator[None]:
    """The world of a runtime directory, from its first snapshot on; killed at the end."""
    context = multiprocessing.get_context("spawn")
    started, ending = context.Event(), context.Event()
    process = context.Process(
        target=run_world, args=(runtime_dir, faults or {}, started, ending), daemon=True
    )
    process.start()
    try:
        assert started.wait(30), "the world did not start"
        yield
    finally:
        process.kill()
        process.join()
