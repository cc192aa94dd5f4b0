"""What is said aloud and flashed on screen when something happens: a word or three, as a person would say them."""

from __future__ import annotations

from app.messages import Event, Mode

MODE_WORDS = {
    Mode.STOPPED: "Stopped",
    Mode.HOLD: "Holding",
    Mode.TELEOP: "Teleoperation",
    Mode.REPLAY: "Replay",
    Mode.VERBAL: "Listening to you",
    Mode.AUTONOMOUS: "Going alone",
}
OUTCOME_WORDS = {
    "success": "Saved as success",
    "failure": "Saved as failure",
    "unset": "Saved, not judged yet",
}
PART_WORDS = {
    "robot": "The robot's loop is",
    "cameras": "The cameras are",
    "recorder": "The recorder is",
    "simworld": "The simulated kitchen is",
    "hands": "The operator's inputs are",
    "speech": "The ear for spoken words is",
    "transcriber": "The reader of what is said is",
}


def spoken(event: Event) -> str:
    """The words for an event, or nothing where it is not worth a word.

    Only modes, episodes and the end of a task are spoken of.
    """
    if event.kind == "mode":
        return MODE_WORDS[Mode(event.data["mode"])] if "mode" in event.data else event.message
    if event.kind == "task":
        return "Task done"
    if event.kind != "episode":
        return ""
    match event.data.get("state"):
        case "started":
            return "Recording"
        case "saved":
            return OUTCOME_WORDS.get(str(event.data.get("outcome")), "Saved")
        case "trashed":
            return "Discarded"
    return event.message


def lost(process: str) -> str:
    """The words for the loss of a process."""
    return f"{PART_WORDS.get(process, f'The {process} process is')} lost"
