"""The simulated world's process: physics, and the far end of the serial lines."""

from __future__ import annotations

import sys
import time

from app.messages import Shutdown
from app.processes.context import ProcessContext
from app.processes.realtime import request_realtime
from drivers.profile import true_profile
from drivers.sim.simulation import SimStatus, Simulation
from drivers.sim.world import KitchenWorld

REALTIME_PRIORITY = 50
"""Below the robot's: the world may be late, the robot must not be."""

OUTLIVES_OWNER_S = 6.0
"""Longer than the robot process goes on holding after its owner has ended: a world does not vanish under a robot."""


def main(argv: list[str]) -> None:
    """Run the simulated world of the session in the directory `argv[-1]`."""
    context = ProcessContext("simworld", argv)
    context.beat("starting")
    seed = context.config.seed
    # The near end's profile may be miscalibrated, or just calibrated; the world goes by the numbers that are true.
    robot = true_profile(context.profile)
    world = KitchenWorld(robot, seed=seed)
    simulation = Simulation(robot, runtime_dir=context.runtime_dir, seed=seed, world=world)
    request_realtime(REALTIME_PRIORITY)

    orphaned_ns = 0

    def ended() -> bool:
        nonlocal orphaned_ns
        for request in context.server.receive():
            if isinstance(request.command, Shutdown):
                request.done()
                context.ending = True
            else:
                request.refuse(f"the simulated world does not understand {type(request.command).__name__}")
        if context.owner_ended():
            orphaned_ns = orphaned_ns or time.monotonic_ns()
        return context.ending or bool(
            orphaned_ns and time.monotonic_ns() - orphaned_ns > OUTLIVES_OWNER_S * 1e9
        )

    def heartbeat(status: SimStatus) -> None:
        context.beat("running", real_time_factor=status.real_time_factor, slips=status.slips)

    try:
        simulation.run(ended, heartbeat)
    finally:
        simulation.close()
        context.close()


if __name__ == "__main__":
    main(sys.argv)
