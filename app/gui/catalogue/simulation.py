"""The scripted operator and the simulated kitchen."""

from __future__ import annotations

from collections.abc import Callable

from app.gui.actions import Action, Actions
from app.gui.catalogue.groups import SIMULATION
from app.gui.session_protocol import SessionLike
from app.gui.widgets.script_panel import ScriptPanel
from app.messages import Mode
from app.session.view import Snapshot


def add_simulation(
    actions: Actions,
    session: SessionLike,
    now: Callable[[], Snapshot],
    panel: ScriptPanel,
    *,
    shows: Callable[[str], None],
) -> None:
    """The scripted operator and the kitchen.

    Args:
        actions: where they are registered.
        session: does them.
        now: the snapshot that the operator sees.
        panel: which script, with which seed.
        shows: told what a script shows, before it runs.
    """

    def run() -> None:
        shows(panel.script)
        session.run_script(panel.script, panel.seed)

    def simulated() -> bool:
        return now().simulated

    actions.add(
        Action(
            id="script.run",
            title="Run the script",
            group=SIMULATION,
            key="G",
            steady_key="Ctrl+G",
            page="drive",
            run=run,
            enabled=lambda: (
                simulated() and not now().script and bool(panel.script) and now().mode is not Mode.STOPPED
            ),
        ),
        Action(
            id="script.stop",
            title="Take the script's hands off",
            group=SIMULATION,
            key="X",
            steady_key="Ctrl+X",
            page="drive",
            run=session.stop_script,
            enabled=lambda: bool(now().script),
        ),
        Action(
            id="world.reset",
            title="Reset the kitchen",
            group=SIMULATION,
            key="Ctrl+0",
            page="drive",
            run=lambda: session.reset_world(panel.seed),
            enabled=lambda: simulated() and now().recording is None,
        ),
    )
