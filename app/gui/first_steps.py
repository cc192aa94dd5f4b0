"""What to do next, for who has not recorded anything yet: one calm line that changes as they go."""

from __future__ import annotations

from app.messages import Mode
from app.session.view import Snapshot


def next_step(snapshot: Snapshot) -> str:
    """The line, or nothing once there is an episode, or while something else has to be done first."""
    recording = snapshot.recording is not None
    finished = [episode for episode in snapshot.episodes if not recording or episode.complete]
    if finished or not snapshot.ready or snapshot.gate is not None:
        return ""
    if recording:
        return "Recording. When the task is done, press S for success or F for failure."
    if snapshot.mode is Mode.TELEOP:
        return "The robot follows. Press R to record your first episode."
    if snapshot.mode is not Mode.HOLD:
        return ""
    if snapshot.simulated:
        return "New here? Press G and watch a task being done, or T to take the robot's arms yourself."
    return "New here? Take the leaders and press T: the robot follows once they are at its pose."
