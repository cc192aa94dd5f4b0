"""The simulated world's process: physics, and the far end of the serial lines."""

from __future__ import annotations

import sys

from app.messages import Shutdown
from app.processes.context import ProcessContext
from app.processes.realtime import request_realtime
from drivers.sim.simulation import Simulation, SimStatus
from drivers.sim.world import KitchenWorld

REALTIME_PRIORITY = 50
"""Below the robot's: the world may be late, the robot must not be."""


def main(argv: list[str]) -> None:
    """Run the simulated world of the session in the directory `argv[-1]`."""
    context = ProcessContext("simworld", argv)
    context.beat("starting")
    seed = context.config.seed
    world = KitchenWorld(context.profile, seed=seed)
    simulation = Simulation(context.profile, runtime_dir=context.runtime_dir, seed=seed, world=world)
    request_realtime(REALTIME_PRIORITY)

    def ended() -> bool:
        for request in context.server.receive():
            if isinstance(request.command, Shutdown):
                request.done()
                context.ending = True
            else:
                request.refuse(f"the simulated world does not understand {type(request.command).__name__}")
        return context.ending or context.owner_ended()

    def heartbeat(status: SimStatus) -> None:
        if context.due():
            context.beat("running", real_time_factor=status.real_time_factor, slips=status.slips)

    try:
        simulation.run(ended, heartbeat)
    finally:
        context.close()


if __name__ == "__main__":
    main(sys.argv)
