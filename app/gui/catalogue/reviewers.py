"""Several reviewers of one episode: compared, and decided between."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from app.gui.actions import Actions
from app.gui.catalogue.groups import REVIEWERS
from app.gui.catalogue.rows import add_numbered, add_rows
from app.gui.labels.segmenting import PALETTE_KEYS
from app.gui.labels.vocabulary_panel import VOCABULARY_KEYS, VocabularyPanel
from app.gui.pages.review import ReviewPage

PAGE = "review"
FAMILY = "labels"
MOST_SIDES = 9


def add_words(actions: Actions, page: ReviewPage) -> None:
    """The words of the dataset; they have keys of their own while they lie over the page."""
    words = page.labelling.words

    def over(act: Callable[[VocabularyPanel], None]) -> Callable[[], None]:
        def run() -> None:
            if page.panel.words is not None:
                act(page.panel.words)

        return run

    def pin(number: int) -> Callable[[], None]:
        return over(lambda panel: panel.pin(number))

    def always() -> bool:
        return True

    add_rows(
        actions,
        (
            (
                "vocabulary",
                "Rename words, or keep them on numbers",
                "Shift+V",
                lambda: page.panel.toggle_words(page),
                lambda: page.episode_id != "",
            ),
        ),
        family=FAMILY,
        group=REVIEWERS,
        page=PAGE,
    )
    add_rows(
        actions,
        (
            ("words_close", "Back to the labels", "Alt+V", over(VocabularyPanel.leave), always),
            ("words_undo", "Take the renaming back", "Alt+Z", words.undo, lambda: words.undoable),
            ("words_kind", "Subtasks, or objects", "Alt+T", over(VocabularyPanel.turn_kind), always),
            ("words_pin_0", "Keep the text on no number", "Alt+0", pin(0), always),
            *(
                (
                    f"words_pin_{number}",
                    f"Keep the text on number {number}",
                    f"Alt+{number}",
                    pin(number),
                    always,
                )
                for number in range(1, PALETTE_KEYS + 1)
            ),
        ),
        family=FAMILY,
        group=REVIEWERS,
        page=VOCABULARY_KEYS,
        hidden=True,
    )


def add_reviewers(actions: Actions, page: ReviewPage) -> None:
    """Comparing, deciding, judging others' work, and what is to be looked at next."""
    labelling = page.labelling
    comparing, adjudicating = labelling.comparing, labelling.adjudicating

    def several() -> bool:
        return bool(comparing.others) and not adjudicating.on

    def differs() -> bool:
        return bool(comparing.differing)

    def deciding() -> bool:
        return adjudicating.on and labelling.desk.ready

    def here() -> bool:
        return deciding() and adjudicating.at(page.position_ns) is not None

    add_rows(
        actions,
        (
            ("compare", "Compare with the next reviewer", "Shift+C", comparing.cycle, several),
            (
                "adjudicate",
                "Decide between reviewers, or end it",
                "Shift+A",
                labelling.toggle_adjudicating,
                lambda: page.episode_id != "",
            ),
            (
                "differ_next",
                "To where reviewers differ next",
                "Ctrl+Down",
                lambda: labelling.go_differing(1, page.position_ns),
                differs,
            ),
            (
                "differ_before",
                "To where reviewers differ before",
                "Ctrl+Up",
                lambda: labelling.go_differing(-1, page.position_ns),
                differs,
            ),
            (
                "queue_next",
                "Open the next of the queue",
                "Ctrl+PgDown",
                page.next_of_queue,
                lambda: any(item.episode_id != page.episode_id for item in labelling.queue.items),
            ),
            (
                "leave_final",
                "Leave it here as it is final now",
                "0",
                lambda: labelling.press_number(0, page.position_ns),
                here,
            ),
            (
                "take_agreed",
                "Take all that reviewers agree on",
                "Shift+Return",
                adjudicating.take_agreed,
                lambda: deciding() and bool(adjudicating.agreed_left),
            ),
        ),
        family=FAMILY,
        group=REVIEWERS,
        page=PAGE,
    )
    add_numbered(
        actions,
        range(1, MOST_SIDES + 1),
        lambda number: (
            f"work_{number}",
            f"Accept reviewer {number}’s work, or reject it",
            f"Ctrl+Alt+{number}",
            partial(adjudicating.judge_work, number),
            deciding,
        ),
        family=FAMILY,
        group=REVIEWERS,
        page=PAGE,
    )
