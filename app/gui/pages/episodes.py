"""Episodes: what was recorded, how it went, and what to do with it."""

from __future__ import annotations

from datetime import datetime

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from app.gui import tokens
from app.gui.actions import Actions
from app.gui.episodes.changes import Changes
from app.gui.episodes.detail import Detail
from app.gui.episodes.filter_menu import FilterMenu
from app.gui.episodes.hints import vocabulary
from app.gui.episodes.list_view import EpisodeListView
from app.gui.episodes.listing import SORTS, Listing, Order
from app.gui.episodes.query import Query, parse, with_token
from app.gui.episodes.search_line import SearchLine
from app.gui.episodes.summary_panel import SummaryPanel
from app.gui.episodes.table import EpisodeTable
from app.gui.episodes.thumbnails import Thumbnails
from app.gui.episodes.trash_view import TrashView
from app.gui.pages.page import Page
from app.gui.session_protocol import SessionLike
from app.gui.settings import Settings
from app.gui.theme import Theme
from app.gui.told_keys import with_keys
from app.gui.widgets.action_button import ActionButton
from app.gui.widgets.key_label import KeyLabel
from app.gui.widgets.label import Label
from app.gui.widgets.mark import Mark
from app.gui.widgets.recent_episodes import finished
from app.gui.wording import counted, length
from app.session.view import EpisodeView, Snapshot

_LIST, _NOTHING_FOUND, _NOTHING_RECORDED, _TRASH = range(4)
_HOURS_FROM_PX = 560
"""Height of the page from which there is room for the hours beside a list."""


class EpisodesPage(Page):
    """The list on the left with its search above and its hours below; on the right what is chosen."""

    page_id = "episodes"
    title = "Episodes"
    key = "Ctrl+3"
    icon = "mdi6.filmstrip-box-multiple"

    def __init__(
        self,
        session: SessionLike,
        theme: Theme,
        *,
        settings: Settings,
        changes: Changes,
        pictures: Thumbnails | None = None,
    ) -> None:
        super().__init__()
        self._theme = theme
        self._settings = settings
        self._changes = changes
        self._pictures = pictures or Thumbnails()
        self._listing = Listing()
        self._query = Query()
        self._known: dict[str, tuple[str, ...]] | None = None
        self._taken: tuple[EpisodeView, ...] = ()
        self._buttons: list[ActionButton] = []
        self._in_trash = False
        column, descending = settings.episodes_order
        order = Order(column, descending) if column in SORTS else Order()
        self.model = EpisodeTable(theme, self._pictures)
        self.table = EpisodeListView(self.model, theme, order=order)
        self.table.setAccessibleName("Episodes")
        self.search = SearchLine(theme, self._vocabulary)
        self.detail = Detail(theme, changes, self._pictures)
        self.hours = SummaryPanel(theme)
        self.trash = TrashView(theme, changes, self._pictures, delete=session.delete_episodes)
        self._head = Label(size_px=tokens.TEXT_TITLE_PX, bold=True)
        self._pages = QStackedWidget()

    def build(self, actions: Actions) -> None:
        """Lay out, once the actions (which read this page's choice) are registered."""
        self.detail.build(actions)
        self.trash.build(actions)
        self.filters = FilterMenu(actions["episodes.filter"], self._theme, self._vocabulary, self._with_token)
        self._trash_button = ActionButton(actions["episodes.trash"], self._theme, title="Trash")
        self._undo = ActionButton(actions["episode.undo"], self._theme, title="Undo")
        self._fold = ActionButton(actions["episodes.hours"], self._theme, title="Hours")
        self._buttons = [self._trash_button, self._undo, self._fold]
        for page in (
            self.table,
            self._build_nothing(actions, "mdi6.magnify-close", "No episode fits", _NOTHING_FITS),
            self._build_nothing(actions, self.icon, "Nothing recorded yet", _FIRST_STEPS),
            self.trash,
        ):
            self._pages.addWidget(page)
        head = QHBoxLayout()
        head.setSpacing(tokens.steps(2))
        head.addWidget(self._head, stretch=1)
        for button in self._buttons:
            head.addWidget(button)
        self._search_row = QWidget()
        search = QHBoxLayout(self._search_row)
        search.setContentsMargins(0, 0, 0, 0)
        search.setSpacing(tokens.steps(2))
        search.addWidget(self.search, stretch=1)
        search.addWidget(self.filters, alignment=Qt.AlignmentFlag.AlignTop)
        main = QVBoxLayout()
        main.setContentsMargins(*([tokens.steps(4)] * 4))
        main.setSpacing(tokens.steps(2))
        main.addLayout(head)
        main.addWidget(self._search_row)
        main.addWidget(self._pages, stretch=1)
        main.addWidget(self.hours)
        self._side = QWidget()
        self._side.setObjectName("side")
        self._side.setFixedWidth(tokens.SIDE_WIDTH_PX)
        side = QVBoxLayout(self._side)
        side.setContentsMargins(*([tokens.steps(4)] * 4))
        side.addWidget(self.detail)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addLayout(main, stretch=1)
        row.addWidget(self._side)
        self.search.changed.connect(self._searched)
        self.search.left_downwards.connect(self.table.setFocus)
        self.table.choice_changed.connect(self._choice_changed)
        self.table.opened.connect(lambda: actions.trigger("episode.open"))
        self.table.ordered.connect(self._ordered)
        self.hours.picked.connect(self._with_token)
        actions.listen(lambda: self.search.explain(with_keys(_HOW_TO_SEARCH, actions)))
        self.search.explain(with_keys(_HOW_TO_SEARCH, actions))
        self._show_head()
        self._choice_changed()

    @property
    def chosen(self) -> EpisodeView | None:
        """The episode where the cursor is."""
        return None if self._in_trash else self.table.chosen

    @property
    def selected(self) -> tuple[EpisodeView, ...]:
        """Every episode that is chosen; an act is done to each of them."""
        return () if self._in_trash else self.table.selected

    @property
    def in_trash(self) -> bool:
        """Whether the trash is shown in place of the list."""
        return self._in_trash

    @property
    def listed(self) -> tuple[EpisodeView, ...]:
        """The episodes that fit the search, in order."""
        return self.model.episodes

    def apply(self, snapshot: Snapshot) -> None:
        """Follow list and trash."""
        self._pictures.of(snapshot.dataset)
        self._take(finished(snapshot))
        if self._in_trash:
            self.trash.apply(snapshot.trashed)
        arrived = self._pictures.arrived()
        if arrived:
            self.model.pictures_arrived(arrived)
            self.trash.model.pictures_arrived(arrived)
            self.detail.picture_arrived()
        self.detail.show_choice(self.selected)
        hours = self._settings.episodes_hours and not self._in_trash and bool(self.listed)
        self.hours.setVisible(hours and self.height() >= _HOURS_FROM_PX)
        if hours:
            self.hours.ask(self.model.episodes)
            self.hours.take()
        for button in self._buttons:
            button.refresh()

    def entered(self) -> None:
        """Keys move in the list at once."""
        (self.trash.table if self._in_trash else self.table).setFocus()

    def left(self) -> None:
        """Nothing that was typed stays behind, and nothing works on."""
        self.detail.save()
        self._pictures.close()
        self.hours.close_worker()

    def choose_id(self, episode_id: str) -> None:
        """Choose an episode of the list, as when coming back from another page."""
        self.table.choose_id(episode_id)

    def focus_search(self) -> None:
        """Type into the search line, over what it holds."""
        self.show_trash(False)
        self.search.edit.setFocus()
        self.search.edit.selectAll()

    def open_filters(self) -> None:
        """Drop the menu of filters."""
        self.filters.showMenu()

    def fold_hours(self) -> None:
        """Fold the hours away, or unfold them; the window remembers."""
        self._settings.episodes_hours = not self._settings.episodes_hours

    def show_trash(self, shown: bool) -> None:
        """Show the trash in place of the list, or the list again."""
        if shown != self._in_trash:
            self.detail.save()
            self._in_trash = shown
            self._trash_button.set_lit(shown)
            self._search_row.setVisible(not shown)
            self._side.setVisible(not shown)
            self._show_head()
            self.entered()

    def _take(self, episodes: tuple[EpisodeView, ...]) -> None:
        if episodes is self._taken or episodes == self._taken:
            return
        self._taken = episodes
        self._known = None
        self._listing.take(episodes)
        self.table.offer_columns(episodes)
        self._arrange()

    def _searched(self, text: str) -> None:
        self._query = parse(text, today=datetime.now().astimezone().date())
        self.search.tell(self._query.problems)
        self._arrange()

    def _ordered(self) -> None:
        if self.table.order is not None:
            self._settings.episodes_order = (self.table.order.column, self.table.order.descending)
        self._arrange()

    def _arrange(self) -> None:
        self.detail.save()
        self.table.show_episodes(self._listing.arranged(self._query, self.table.order or Order()))
        self._show_head()

    def _show_head(self) -> None:
        shown, count = self.model.episodes, len(self._taken)
        if self._in_trash:
            self._head.say("Trash")
            self._pages.setCurrentIndex(_TRASH)
            return
        total = length(sum(episode.duration_s for episode in shown))
        if not count:
            self._head.say("Episodes")
        elif len(shown) == count:
            self._head.say(f"{counted(count, 'episode')}, {total}")
        else:
            self._head.say(f"{len(shown)} of {counted(count, 'episode')}, {total}")
        self._pages.setCurrentIndex(_LIST if shown else _NOTHING_FOUND if count else _NOTHING_RECORDED)

    def _choice_changed(self) -> None:
        self.detail.show_choice(self.selected)

    def _with_token(self, key: str, value: str) -> None:
        self.search.set_text(with_token(self.search.text, key, value))

    def _vocabulary(self) -> dict[str, tuple[str, ...]]:
        if self._known is None:
            self._known = vocabulary(self._listing.cards)
        return self._known

    def _build_nothing(self, actions: Actions, icon: str, title: str, lines: tuple[str, ...]) -> QWidget:
        empty = QWidget()
        column = QVBoxLayout(empty)
        column.setSpacing(tokens.steps(3))
        column.addStretch()
        column.addWidget(Mark(icon, self._theme))
        for number, words in enumerate((title, *lines)):
            bold = not number
            size_px = tokens.TEXT_TITLE_PX if bold else tokens.TEXT_PX
            label = KeyLabel(words, actions, size_px=size_px, bold=bold, dim=not bold, wrap=True)
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            column.addWidget(label)
        column.addStretch()
        return empty


_HOW_TO_SEARCH = "Press {episodes.search} to search; Tab takes what is offered here."
_FIRST_STEPS = (
    "On the Drive page ({page.drive}): say what is being shown, teleoperate ({mode.teleop}), press {record.start}.",
    "{record.success} ends it as a success, {record.failure} as a failure; {record.drop} discards it: "
    "it can be restored from the trash here ({episodes.trash}).",
)
_NOTHING_FITS = (
    "Take a word or a token out of the search line ({episodes.search}), or clear it with the cross at its end.",
)
