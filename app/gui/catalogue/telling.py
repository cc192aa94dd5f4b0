"""Speech, the palette of subtasks, and what an expert does about a subtask in force."""

from __future__ import annotations

from collections.abc import Callable

from app.gui.actions import Action, Actions
from app.gui.catalogue.groups import TOLD, VOICE
from app.gui.told.policies import Policies
from app.gui.told.talk import TALK_ACTION
from app.gui.told.telling import PALETTE_SIZE, Telling
from app.gui.told.voicing import Voicing
from app.gui.wording import sentence
from app.messages import Mode
from app.session.view import Snapshot


def add_policy_modes(actions: Actions, policies: Policies, now: Callable[[], Snapshot]) -> None:
    """Verbal and autonomous mode. Without a policy they lead to where one is chosen."""

    def possible() -> bool:
        return now().mode is not Mode.STOPPED and now().ready

    def lacking() -> str:
        return f"{sentence(policies.missing)}. This opens the setting." if policies.missing else ""

    actions.add(
        Action(
            id="mode.listen",
            title="Listen",
            group=TOLD,
            key="L",
            steady_key="F7",
            page="drive",
            run=policies.listen,
            enabled=possible,
            why_not=lacking,
            icon="mdi6.chat",
        ),
        Action(
            id="mode.alone",
            title="Go alone",
            group=TOLD,
            key="O",
            steady_key="Ctrl+O",
            page="drive",
            run=policies.go_alone,
            enabled=possible,
            why_not=lacking,
            icon="mdi6.creation",
        ),
    )


def add_voice(
    actions: Actions,
    voicing: Voicing,
    telling: Telling,
    *,
    type_line: Callable[[], None],
    amend: Callable[[], None],
) -> None:
    """Talking, its switches, and typing in its place.

    Args:
        actions: where they are registered.
        voicing: the switch of the voice.
        telling: what was said.
        type_line: puts the cursor where a subtask is typed.
        amend: puts the cursor where the last utterance is put right.
    """

    def held() -> None:
        """Nothing: it is held, not pressed; see `app.gui.told.talk`."""

    actions.add(
        Action(
            id=TALK_ACTION,
            title="Hold to talk",
            group=VOICE,
            key="Space",
            steady_key="F8",
            page="drive",
            run=held,
            held=True,
            icon="mdi6.microphone",
        ),
        Action(
            id="voice.switch",
            title="Speech to subtasks on or off",
            group=VOICE,
            key="Ctrl+Shift+V",
            run=voicing.toggle,
            icon="mdi6.microphone-message",
        ),
        Action(
            id="voice.hands_free",
            title="Hands-free on or off",
            group=VOICE,
            key="Ctrl+Shift+H",
            run=voicing.toggle_hands_free,
            enabled=lambda: voicing.on,
            why_not=lambda: "" if voicing.on else "The voice is switched off.",
        ),
        Action(
            id="subtask.type",
            title="Type a subtask",
            group=VOICE,
            key="I",
            steady_key="Ctrl+I",
            page="drive",
            run=type_line,
            enabled=lambda: telling.takes,
            icon="mdi6.keyboard-outline",
        ),
        Action(
            id="subtask.amend",
            title="Put right what was heard",
            group=VOICE,
            key="W",
            page="drive",
            run=amend,
            enabled=lambda: telling.last is not None,
            icon="mdi6.pencil-outline",
        ),
    )


def add_subtasks(actions: Actions, telling: Telling, *, choose: Callable[[int], None]) -> None:
    """The number keys, thumbs, pin and veto.

    Args:
        actions: where they are registered.
        telling: what they are about.
        choose: does what a number key means.
    """

    def number(place: int) -> Action:
        return Action(
            id=f"subtask.choose_{place}",
            title=f"Subtask {place} of the palette, or answer {place}",
            group=TOLD,
            key=str(place),
            steady_key=f"Alt+{place}",
            page="drive",
            run=lambda: choose(place),
            enabled=lambda: telling.can_press(place),
            hidden=True,
        )

    def thumb(up: int) -> Callable[[], None]:
        return lambda: telling.thumb(up)

    actions.add(
        *(number(place) for place in range(1, PALETTE_SIZE + 1)),
        Action(
            id="subtask.more",
            title="More subtasks, or no answer",
            group=TOLD,
            key="0",
            steady_key="Alt+0",
            page="drive",
            run=telling.turn,
            enabled=lambda: telling.asked is not None or (telling.takes and telling.pages > 1),
        ),
        Action(
            id="subtask.good",
            title="Thumb up for the subtask",
            group=TOLD,
            key="U",
            page="drive",
            run=thumb(1),
            enabled=lambda: telling.judged is not None,
            icon="mdi6.thumb-up-outline",
        ),
        Action(
            id="subtask.bad",
            title="Thumb down for the subtask",
            group=TOLD,
            key="J",
            page="drive",
            run=thumb(-1),
            enabled=lambda: telling.judged is not None,
            icon="mdi6.thumb-down-outline",
        ),
        Action(
            id="subtask.pin",
            title="Pin the subtask, or unpin it",
            group=TOLD,
            key="Y",
            page="drive",
            run=telling.pin,
            enabled=lambda: telling.can_pin,
            icon="mdi6.pin",
        ),
        Action(
            id="subtask.veto",
            title="Veto the subtask",
            group=TOLD,
            key="D",
            page="drive",
            run=telling.veto,
            enabled=lambda: telling.can_veto,
            icon="mdi6.cancel",
        ),
        Action(
            id="subtask.allow",
            title="Lift every veto",
            group=TOLD,
            page="drive",
            run=telling.lift_vetoes,
            enabled=lambda: bool(telling.vetoed),
        ),
    )
