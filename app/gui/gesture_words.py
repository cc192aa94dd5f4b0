"""What is said over the picture while the handles' gesture is under way."""

from __future__ import annotations

from app.collection.collector import BEFORE
from app.collection.view import Phase
from app.gui.actions import Actions
from app.gui.phases import phase_of
from app.inputs.trigger import GRIP
from app.session.view import Snapshot


def gesture_words(snapshot: Snapshot, actions: Actions, *, page: str) -> tuple[str, float]:
    """What keeping both handles closed will do, and how far it is; no words where it would do nothing."""
    name, progress = snapshot.gesture
    meanings = actions.meanings(f"{GRIP}:{name}", page=page) if name else ()
    if len(meanings) != 1 or not meanings[0].enabled():
        return "", 0.0
    action = meanings[0]
    if action.id == "record.start":
        phase = phase_of(snapshot)
        does = "give up" if phase in BEFORE else "end" if phase is Phase.RECORDING else "record"
        return f"Keep both closed to {does}", progress
    return f"Keep both closed: {action.title}", progress
