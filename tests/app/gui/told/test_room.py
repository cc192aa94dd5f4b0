"""In every state, theme and size nothing is cut, nothing lies over anything else, and STOP is in reach."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from PyQt6.QtCore import QPoint, QRect
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QWidget

from app.gui.frame import Frame
from app.gui.theme import Theme
from app.gui.widgets.action_button import ActionButton
from app.gui.window import Window
from app.session.view import Notice
from tests.support.fake_session import FakeSession
from tests.support.fake_voice import CLEAR, NOISE, UNCLEAR

State = Callable[[Frame, FakeSession], None]


def verbal(frame: Frame, session: FakeSession) -> None:
    frame.actions_registry.trigger("mode.listen")
    for _ in range(2):
        frame.refresh()
    session.autonomy.apply("open the drawer", "key", ago_s=30)
    session.voice.say(CLEAR)


def asks(frame: Frame, session: FakeSession) -> None:
    verbal(frame, session)
    session.voice.say(UNCLEAR)


def rejected(frame: Frame, session: FakeSession) -> None:
    verbal(frame, session)
    session.voice.say(NOISE)


def alone(frame: Frame, session: FakeSession) -> None:
    frame.collecting.change(task="open the drawer")
    frame.actions_registry.trigger("mode.alone")
    frame.told.voicing.want()
    for _ in range(2):
        frame.refresh()
    for text in ("pick up the cup", "put the sponge in the sink", "put the spoon in the drawer"):
        session.autonomy.propose(text, 0.9, "applied")
    session.autonomy.late_chunks = 3
    session.autonomy.thinking = True


def alone_asks(frame: Frame, session: FakeSession) -> None:
    alone(frame, session)
    session.voice.say(UNCLEAR)


def asks_in_trouble(frame: Frame, session: FakeSession) -> None:
    alone_asks(frame, session)
    session.fail()
    session.notices = (*session.notices, replace(session.notices[0], key="another"))


def alone_in_trouble(frame: Frame, session: FakeSession) -> None:
    alone(frame, session)
    session.notices = tuple(
        Notice(key=f"n{number}", level="warning", what=f"Trouble number {number}", remedy="Mend it.")
        for number in range(3)
    )


STATES: dict[str, State] = {
    "verbal": verbal,
    "asks": asks,
    "rejected": rejected,
    "alone": alone,
    "alone, asks": alone_asks,
    "asks, in trouble": asks_in_trouble,
    "alone, in trouble": alone_in_trouble,
}


@pytest.mark.parametrize(
    ("size", "theme_name"),
    [((1120, 680), "dark"), ((1280, 800), "dark"), ((1366, 768), "light"), ((1920, 1080), "light")],
    ids=str,
)
@pytest.mark.parametrize("state", STATES)
def test_nothing_is_cut_and_nothing_lies_over_anything(
    state: str,
    size: tuple[int, int],
    theme_name: str,
    open_window: Callable[[FakeSession], Window],
    session: FakeSession,
    theme: Theme,
) -> None:
    if theme.palette.name != theme_name:
        theme.toggle()
    window = open_window(session)
    window.resize(*size)
    frame = window.frame
    assert frame is not None
    frame.toast.hide()
    session.record("x")
    STATES[state](frame, session)
    for _ in range(4):
        frame.refresh()
        QTest.qWait(20)
    assert (window.width(), window.height()) == size
    assert not window.grab().isNull()
    side = frame.drive_page.told_side
    assert side.isVisible()
    if "asks" in state:
        assert side.spoken.asks
        assert side.card.isVisible()  # what is asked never hides what is done meanwhile
    parts: list[QWidget] = [
        frame.drive_page.banner,
        frame.drive_page.plan,
        frame.drive_page.record,
        *(part for part in (side.spoken, side.card, side.alone, side.chunks, side.past) if part.isVisible()),
        *(button for button in side.findChildren(ActionButton) if button.isVisible()),
        frame.drive_page.told_tray.talk_button,
        frame.drive_page.told_tray.line,
        frame.drive_page.told_tray.board,
        *(button for button in frame.foot.findChildren(ActionButton) if button.isVisible()),
        frame.foot.stop_button,
    ]
    for part in parts:
        least = part.minimumSizeHint().boundedTo(part.maximumSize())
        assert part.height() >= least.height(), part
        assert part.width() >= least.width(), part
        place = QRect(part.mapTo(frame, QPoint(0, 0)), part.size())
        assert frame.rect().contains(place), part
        parent = part.parentWidget()
        assert parent is not None
        assert parent.rect().contains(part.geometry()), part
    siblings = [part for part in side.children() if isinstance(part, QWidget) and part.isVisible()]
    for index, one in enumerate(siblings):
        for other in siblings[index + 1 :]:
            assert not one.geometry().intersects(other.geometry()), (one, other)
    stop = frame.foot.stop_button
    for corner in (stop.rect().topLeft(), stop.rect().center(), stop.rect().bottomRight()):
        assert frame.childAt(stop.mapTo(frame, corner)) is stop
