"""What the Drive page waits for before anything can be done, and what the operator can do about it. Free of Qt."""

from __future__ import annotations

from app.gui.wording import plain_name
from app.session.view import Snapshot

NO_CAMERAS = ("No cameras", "List them in the robot's profile under [cameras]; then start again")


def missing(snapshot: Snapshot, *, without_picture: tuple[str, ...]) -> tuple[str, str]:
    """What is missing, and what to do, keys as ids of actions in braces; both empty once the robot is ready.

    Args:
        snapshot: what is so.
        without_picture: the cameras that have not delivered a picture yet.
    """
    if snapshot.ready:
        return "", ""
    silent = [bus.name for bus in snapshot.buses if not bus.connected]
    if silent and len(silent) == len(snapshot.buses):
        return "No robot answers", "Check its power and its USB cables; {page.robot} shows each line"
    if silent:
        return (
            f"No answer from {_listed(silent, 'lines')}",
            "Check that cable and its power; {page.robot} shows more",
        )
    if snapshot.buses and without_picture:
        return (
            f"No picture from {_listed(without_picture, 'cameras')}",
            "Check the cable; {page.robot} shows it and opens it again",
        )
    return "Waking", "The robot and its cameras take a few seconds"


def _listed(names: list[str] | tuple[str, ...], kind: str) -> str:
    """Names as they are said: "front", "front and back", "4 cameras"."""
    if len(names) > 2:
        return f"{len(names)} {kind}"
    return " and ".join(plain_name(name) for name in names)
