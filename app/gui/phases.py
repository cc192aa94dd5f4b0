"""What is said about where the operator is between two episodes: in the side column, and large over the picture."""

from __future__ import annotations

import math
from dataclasses import dataclass

from app.collection.collector import DISCARDED
from app.collection.view import CollectionView, Phase, Tally
from app.gui.told.words import finished_words
from app.gui.wording import amount, clock, counted, episode_number, length, size
from app.session.standing import LOW_DISK_BYTES
from app.session.view import Snapshot

OUTCOME_WORDS = {
    "success": "success",
    "failure": "failure",
    "unset": "not judged",
    DISCARDED: "discarded",
}


@dataclass(frozen=True, slots=True)
class Line:
    """The record line: its words, what stands at its right end, whether a recording runs, and whether with sound."""

    words: str
    right: str
    recording: bool = False
    sound: bool = False


@dataclass(frozen=True, slots=True)
class Large:
    """What is drawn over the front camera, to be read from two metres; empty parts are not drawn.

    Attributes:
        badge: in the corner: whether it records, and for how long.
        recording: whether the badge's dot is filled.
        figure: one huge number.
        words: below the figure, or low in the picture where there is none.
        more: a second, smaller line below them; keys in it as ids of actions in braces.
        share: of the time that runs out, what is left, 0 to 1; NaN where nothing does.
    """

    badge: str = ""
    recording: bool = False
    figure: str = ""
    words: str = ""
    more: str = ""
    share: float = math.nan


def phase_of(snapshot: Snapshot) -> Phase:
    """The phase; a recording that nobody collects, such as one begun elsewhere, is one all the same."""
    phase = snapshot.collection.phase
    return Phase.RECORDING if phase is Phase.IDLE and snapshot.recording is not None else phase


def place_in_row(tally: Tally, *, ahead: int = 1) -> str:
    """Which one of the wanted episodes it is: "ep 37/50", or "ep 37" where no number is wanted."""
    number = tally.episodes + ahead
    return f"ep {amount(number)}/{amount(tally.target)}" if tally.target else f"ep {amount(number)}"


def record_line(snapshot: Snapshot) -> Line:
    """What the side column says."""
    collection = snapshot.collection
    row = place_in_row(collection.tally)
    match phase_of(snapshot):
        case Phase.COUNTDOWN:
            return Line(f"Starts in {_whole(collection.left_s)}", row)
        case Phase.ALIGNING:
            return Line("Align", row)
        case Phase.STARTING:
            return Line("Starting", row)
        case Phase.RECORDING:
            took_s = snapshot.recording.duration_s if snapshot.recording is not None else 0.0
            heard = snapshot.speech is not None and snapshot.speech.state in ("listening", "hushed")
            return Line(f"REC  {clock(took_s)}", row, recording=True, sound=heard)
        case Phase.CLOSING:
            return Line("Saving", row)
        case Phase.RESETTING:
            left = f"  {_whole(collection.left_s)}" if math.isfinite(collection.left_s) else ""
            return Line(f"Reset{left}", f"next {row}")
        case _:
            return Line("Ready" if snapshot.ready else "Waiting", f"next {row}")


def figures_line(snapshot: Snapshot) -> str:
    """The small line below it: what is being written, what comes next, or where it goes."""
    collection, recording = snapshot.collection, snapshot.recording
    if recording is not None:
        left = f"{length(collection.left_s)} left   " if math.isfinite(collection.left_s) else ""
        return (
            f"{left}{amount(recording.rows)} rows   {amount(recording.frames)} frames   "
            f"{amount(recording.dropped)} dropped   {size(recording.bytes_written)}"
        )
    if collection.phase is Phase.RESETTING:
        return after_reset(collection)
    if 0 < snapshot.disk_free_bytes < LOW_DISK_BYTES:
        return f"Only {size(snapshot.disk_free_bytes)} left: free some space, or record to another disk"
    return f"{counted(len(snapshot.episodes), 'episode')} in {snapshot.dataset}"


def after_reset(collection: CollectionView) -> str:
    """What happens when the reset is over; a key as the id of its action in braces, see `app.gui.told_keys`."""
    if not math.isfinite(collection.left_s):
        return "When the scene is in order, press {record.start}"
    return (
        "Then the next episode begins by itself"
        if collection.plan.repeat
        else "Then press {record.start} for the next"
    )


def last_line(collection: CollectionView) -> str:
    """The episode just made and how it was judged: "no. 0036: success"."""
    if not collection.last_id:
        return ""
    outcome = OUTCOME_WORDS.get(collection.last_outcome, collection.last_outcome)
    return f"{episode_number(collection.last_id)}: {outcome}"


def large(snapshot: Snapshot, *, instruction: str = "", wanting: tuple[str, str] = ("", "")) -> Large:
    """What is drawn over the front camera.

    Args:
        snapshot: what is so.
        instruction: of the alignment gate: what to move first.
        wanting: what is missing before anything can be done, and what to do about it.
    """
    collection = snapshot.collection
    line = record_line(snapshot)
    badge = f"{line.words}   {line.right}"
    share = collection.left_s / collection.total_s if collection.total_s > 0 else math.nan
    match phase_of(snapshot):
        case Phase.COUNTDOWN:
            words = "Take the leaders" if collection.plan.follow_first else "Recording begins"
            return Large(
                figure=_whole(collection.left_s), words=words, more=collection.plan.task, share=share
            )
        case Phase.ALIGNING:
            return Large(badge=badge, words=instruction)
        case Phase.RECORDING:
            left = f"   −{clock(collection.left_s)}" if math.isfinite(collection.left_s) else ""
            done, took = finished(snapshot)
            return Large(badge=f"{line.words}{left}   {line.right}", recording=True, words=done, more=took)
        case Phase.RESETTING:
            timed = math.isfinite(collection.left_s)
            return Large(
                badge=last_line(collection),
                figure=_whole(collection.left_s) if timed else "",
                words="Put the scene in order",
                more=after_reset(collection),
                share=share,
            )
        case Phase.IDLE if any(wanting):
            return Large(words=wanting[0], more=wanting[1])
        case Phase.IDLE if not snapshot.ready or snapshot.gate is not None:
            return Large(words=instruction)
        case _:
            done, took = finished(snapshot)
            return Large(badge=badge, words=done, more=took)


def finished(snapshot: Snapshot) -> tuple[str, str]:
    """That the robot has done its task alone, and what it took; both empty once something else is begun."""
    done = snapshot.policy.finished if snapshot.policy is not None else None
    return finished_words(done) if done is not None else ("", "")


def _whole(seconds: float) -> str:
    """Seconds as they are counted down aloud: the last one is 1."""
    return str(max(1, math.ceil(seconds - 1e-6))) if math.isfinite(seconds) else ""
