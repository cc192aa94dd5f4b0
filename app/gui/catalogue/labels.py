"""Labelling the episode that is reviewed: every key of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from app.gui.actions import Actions
from app.gui.catalogue.groups import BOXES, LABELS, SUGGESTIONS
from app.gui.catalogue.rows import add_numbered, add_rows
from app.gui.labels.labelling import Labelling
from app.gui.labels.losing import LOSING_KEYS
from app.gui.labels.segmenting import PALETTE_KEYS
from app.gui.pages.review import ReviewPage
from recordings.labels import Seen

PAGE = "review"
FAMILY = "labels"
LAG_STEP_S = 0.05


def add_labels(actions: Actions, page: ReviewPage) -> None:
    """Marking, naming, changing, suggestions, boxes, undo."""
    labelling = page.labelling
    _add_marking(actions, page, labelling)
    _add_changing(actions, page, labelling)
    _add_suggestions(actions, page, labelling)
    _add_boxes(actions, page, labelling)
    _add_steps(actions, labelling)


def add_losing(actions: Actions, *, stay: Callable[[], None], lose: Callable[[], None]) -> None:
    """What is answered when the window is closed before labels are on the disk."""
    add_rows(
        actions,
        (
            ("stay", "Keep the window open, and try again", "Return", stay, lambda: True),
            ("lose", "Close the window, and lose labels", "Alt+L", lose, lambda: True),
        ),
        family=FAMILY,
        group=LABELS,
        page=LOSING_KEYS,
        hidden=True,
    )


def _add_marking(actions: Actions, page: ReviewPage, labelling: Labelling) -> None:
    desk, segmenting = labelling.desk, labelling.segmenting

    def ready() -> bool:
        return desk.ready and page.player is not None

    def nameable() -> bool:
        chosen = desk.selected is not None or segmenting.begun is not None
        return desk.ready and (chosen or labelling.adjudicating.at(page.position_ns) is not None)

    add_rows(
        actions,
        (
            ("mark", "Begin a label, or end it", "Return", page.mark_label, ready),
            (
                "write",
                "Write the label's text",
                "E",
                labelling.write,
                nameable,
            ),
            ("note", "Write a note here", "I", lambda: labelling.note(page.position_ns), ready),
            ("chain", "Begin the next label where one ends, or do not", "Y", labelling.toggle_chained, ready),
            (
                "lag_less",
                "Set marks later while it plays",
                "Ctrl+[",
                lambda: labelling.change_lag(-LAG_STEP_S),
                ready,
            ),
            (
                "lag_more",
                "Set marks earlier while it plays",
                "Ctrl+]",
                lambda: labelling.change_lag(LAG_STEP_S),
                ready,
            ),
        ),
        family=FAMILY,
        group=LABELS,
        page=PAGE,
    )
    add_numbered(
        actions,
        range(1, PALETTE_KEYS + 1),
        lambda number: (
            f"name_{number}",
            f"Give the label the text of number {number}",
            str(number),
            lambda: labelling.press_number(number, page.position_ns),
            nameable,
        ),
        family=FAMILY,
        group=LABELS,
        page=PAGE,
    )


def _add_changing(actions: Actions, page: ReviewPage, labelling: Labelling) -> None:
    desk, segmenting = labelling.desk, labelling.segmenting

    def span() -> bool:
        return desk.ready and desk.selected_span is not None

    def ready() -> bool:
        return desk.ready and page.player is not None

    def removable() -> bool:
        return desk.ready and (desk.selected is not None or segmenting.begun is not None)

    add_rows(
        actions,
        (
            ("split", "Split the label here", "B", lambda: segmenting.split(page.position_ns), ready),
            ("merge", "Merge the label with the next", "M", segmenting.merge, span),
            (
                "start_here",
                "Begin the label here",
                "Q",
                lambda: segmenting.set_edge("start", page.position_ns),
                span,
            ),
            (
                "end_here",
                "End the label here",
                "W",
                lambda: segmenting.set_edge("end", page.position_ns),
                span,
            ),
            (
                "snap",
                "Snap the nearer edge to what happened there",
                "V",
                lambda: segmenting.snap(page.position_ns),
                span,
            ),
            ("fill", "Close all gaps between subtasks", "Ctrl+G", segmenting.fill_gaps, ready),
            ("remove", "Take the label away", "Del", segmenting.remove, removable),
        ),
        family=FAMILY,
        group=LABELS,
        page=PAGE,
    )
    add_rows(
        actions,
        (
            ("next", "Choose the next label", "Down", lambda: page.choose_label(1), ready),
            ("previous", "Choose the label before", "Up", lambda: page.choose_label(-1), ready),
            (
                "start_back",
                "Begin the label a frame earlier",
                "Ctrl+Left",
                lambda: segmenting.nudge("start", -1),
                span,
            ),
            (
                "start_on",
                "Begin the label a frame later",
                "Ctrl+Right",
                lambda: segmenting.nudge("start", 1),
                span,
            ),
            (
                "end_back",
                "End the label a frame earlier",
                "Ctrl+Shift+Left",
                lambda: segmenting.nudge("end", -1),
                span,
            ),
            (
                "end_on",
                "End the label a frame later",
                "Ctrl+Shift+Right",
                lambda: segmenting.nudge("end", 1),
                span,
            ),
        ),
        family=FAMILY,
        group=LABELS,
        page=PAGE,
        repeats=True,
    )


def _add_suggestions(actions: Actions, page: ReviewPage, labelling: Labelling) -> None:
    suggesting = labelling.suggesting

    def proposed() -> bool:
        return labelling.desk.ready and bool(suggesting.open)

    add_rows(
        actions,
        (
            ("take", "Take the suggestion here, or the next", "Tab", page.take_suggestion, proposed),
            ("refuse", "Refuse the suggestion here, or the next", "X", page.refuse_suggestion, proposed),
            (
                "take_all",
                "Take every suggestion that lies over no label",
                "Ctrl+Return",
                suggesting.take_all,
                proposed,
            ),
        ),
        family=FAMILY,
        group=SUGGESTIONS,
        page=PAGE,
    )


def _add_boxes(actions: Actions, page: ReviewPage, labelling: Labelling) -> None:
    sight = labelling.sight

    def chosen() -> bool:
        return labelling.desk.selected_box is not None

    def box() -> bool:
        return labelling.desk.ready and sight.frame_ns is not None

    def see(seen: Seen) -> Callable[[], None]:
        return partial(sight.see, seen)

    add_rows(
        actions,
        (
            (
                "copy_box",
                "Hold the box where it is, as a key frame",
                "Alt+C",
                sight.copy_on,
                box,
            ),
            ("box_hidden", "The box's object is occluded from here on", "Alt+H", see(Seen.OCCLUDED), box),
            ("box_out", "The box's object is out of view from here on", "Alt+O", see(Seen.OUT), box),
            ("box_seen", "The box's object is visible from here on", "Alt+V", see(Seen.VISIBLE), box),
            (
                "box_unkey",
                "Take the box's key frame away",
                "Alt+Del",
                sight.remove_key,
                box,
            ),
        ),
        family=FAMILY,
        group=BOXES,
        page=PAGE,
    )
    add_rows(
        actions,
        (
            (
                "box_key_before",
                "Go to the box's key frame before",
                "Alt+Left",
                lambda: page.go_to_key(-1),
                chosen,
            ),
            (
                "box_key_after",
                "Go to the box's next key frame",
                "Alt+Right",
                lambda: page.go_to_key(1),
                chosen,
            ),
        ),
        family=FAMILY,
        group=BOXES,
        page=PAGE,
        repeats=True,
    )


def _add_steps(actions: Actions, labelling: Labelling) -> None:
    desk = labelling.desk

    add_rows(
        actions,
        (
            ("undo", "Undo the last label step", "Z", desk.undo, lambda: bool(desk.undoable)),
            ("redo", "Do the label step again", "Shift+Z", desk.redo, lambda: bool(desk.redoable)),
            ("done", "The labels are done, or not yet", "D", labelling.toggle_done, lambda: desk.ready),
        ),
        family=FAMILY,
        group=LABELS,
        page=PAGE,
    )
    add_numbered(
        actions,
        range(1, 6),
        lambda stars: (
            f"rate_{stars}",
            f"Rate the episode: {stars} of 5",
            f"Alt+{stars}",
            partial(desk.judge, rating=stars),
            lambda: desk.ready,
        ),
        family=FAMILY,
        group=LABELS,
        page=PAGE,
    )
