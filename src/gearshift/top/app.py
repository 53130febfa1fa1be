"""The program: asks one server again and again, shows the answers, and tells the server what keys ask for."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from time import monotonic
from typing import ClassVar

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.content import Content
from textual.events import Resize
from textual.message import Message
from textual.widgets import ContentSwitcher, Footer, Input, Static

from gearshift.observe.escaping import escape_text
from gearshift.observe.quantities import duration
from gearshift.top import dump
from gearshift.top.columns import request_of
from gearshift.top.feed import Feed, order
from gearshift.top.picker import Picker
from gearshift.top.row_table import RowTable
from gearshift.top.screens import Choice, Question, Reading
from gearshift.top.summary import summary
from gearshift.top.tables import CONNECTIONS, KINDS, SLOWEST, STUCK, THREADS, Filter
from gearshift.top.theme import TERMINAL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from gearshift.top.columns import Row
    from gearshift.top.snapshots import Seen

VIEWS = ("connections", "threads", "times", "stuck")
PATIENCE = 3.0  # seconds without an answer, and it is said


class Later(Message):
    """What another thread wants done here."""

    def __init__(self, do: Callable[[Any], None], what: object) -> None:
        super().__init__()
        self.do, self.what = do, what


class TopApp(App[None]):
    """servers: process and control socket of each that may be meant; where there are several, a person picks one.
    interval: seconds from one question to the next.
    """

    ENABLE_COMMAND_PALETTE = False
    CSS = """
    #summary { text-wrap: nowrap; text-overflow: ellipsis; }
    #views { text-wrap: nowrap; text-style: bold; }
    #state, #told { height: auto; max-height: 3; display: none; }
    #state { text-style: bold; }
    #state.said, #told.said { display: block; }
    #find { display: none; border: none; height: 1; padding: 0; }
    #find.open { display: block; }
    ContentSwitcher { height: 1fr; }
    #stack { height: 1fr; border-top: solid $primary; }
    .-wide #stuck { layout: horizontal; }
    .-wide #stack { width: 1fr; height: 100%; border-top: none; border-left: solid $primary; }
    """
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (130, "-wide")]  # noqa: RUF012 - as textual declares it
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(str(number), f"view('{name}')", show=False) for number, name in enumerate(VIEWS, 1)),
        Binding("s", "sort", "Sort"),
        Binding("r", "reverse", "Reverse"),
        Binding("slash", "find", "Find", key_display="/"),
        Binding("f", "filter", "Filter"),
        Binding("x", "close", "Close"),
        Binding("d", "stacks", "Stacks"),
        Binding("p", "pause", "Pause"),
        Binding("q,ctrl+c", "quit", "Quit", key_display="q"),
        Binding("escape", "no_find", show=False),
    ]

    def __init__(self, servers: Sequence[tuple[int, str]], interval: float) -> None:
        super().__init__(ansi_color=True)  # the theme's being so is known too late for NO_COLOR
        self._servers = servers
        self._interval = interval
        self._feed: Feed | None = None
        self._former: Seen | None = None
        self._seen: Seen | None = None
        self._heard = monotonic()  # when the last answer came
        self._silence = ""  # why there is none
        self._view = VIEWS[0]
        self._searched: RowTable | None = None  # while a text is typed

    def compose(self) -> ComposeResult:
        yield Static("the server is being asked", id="summary", markup=False)
        yield Static(id="views")
        with ContentSwitcher(initial=VIEWS[0]):
            yield RowTable(CONNECTIONS, "connections")
            yield RowTable(THREADS, "threads")
            with Container(id="times"):
                yield RowTable(KINDS, "kinds")
                yield RowTable(SLOWEST, "slowest")
            with Container(id="stuck"):
                yield RowTable(STUCK, "stuck-requests")
                with VerticalScroll(id="stack"):
                    yield Static(id="frames", markup=False)
        yield Static(id="state", markup=False)
        yield Static(id="told", markup=False)
        yield Input(id="find", placeholder="text to look for; enter keeps it, escape drops it")
        yield Footer(show_command_palette=False, compact=True)

    def on_mount(self) -> None:
        self.register_theme(TERMINAL)
        self.theme = TERMINAL.name
        self._show_views()
        self.query_one("#connections").focus()
        self.set_interval(0.5, self._show_state)
        # The terminal is left as it was found.
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self.exit)
        if len(self._servers) == 1:
            self._watch(self._servers[0][1])
        else:
            self.push_screen(Picker(self._servers), self._watch)

    def _watch(self, path: str | None) -> None:
        """Asks the server there from now on."""
        assert path is not None
        self._heard = monotonic()
        self._feed = Feed(
            path,
            self._interval,
            lambda seen: self._later(self._answered, seen),
            lambda why: self._later(self._not_answered, why),
        )
        self._feed.start()

    def on_unmount(self) -> None:
        if self._feed is not None:
            self._feed.end()

    def _later(self, do: Callable[[Any], None], what: object) -> None:
        """For other threads. One that comes when the program has ended is not needed any more."""
        with contextlib.suppress(RuntimeError):
            self.post_message(Later(do, what))

    def on_later(self, event: Later) -> None:
        if self._has_screen:
            event.do(event.what)

    @property
    def _has_screen(self) -> bool:
        """False while the program ends: messages and timers may still come."""
        return bool(self.screen_stack) and bool(self.screen_stack[0].query("#summary"))

    # ---- answers ---------------------------------------------------------------------------------------

    def _answered(self, seen: Seen) -> None:
        self._former, self._seen = self._seen, seen
        self._heard, self._silence = monotonic(), ""
        self._show_summary()
        self._show_views()
        self._show_state()
        self._fill()

    def _not_answered(self, why: str) -> None:
        self._silence = why
        self._show_state()

    def _show_summary(self) -> None:
        if self._seen is not None and self._has_screen:
            lines = summary(self._former, self._seen, self.size.width, max(2, self.size.height // 3 - 4))
            content = Content.assemble((lines[0], "bold"), *(f"\n{line}" for line in lines[1:]))
            self._static("#summary").update(content)

    def on_resize(self, event: Resize) -> None:
        self._show_summary()

    def _show_views(self) -> None:
        """The line that says which tables there are; the one in sight stands in brackets."""
        counts = {"connections": CONNECTIONS, "threads": THREADS, "stuck": STUCK}
        parts = []
        for number, name in enumerate(VIEWS, 1):
            rows = counts[name].rows(self._seen) if name in counts and self._seen is not None else None
            title = f"{number} {name}" + ("" if rows is None else f" {len(rows)}")
            shown = f"\\[{title}]" if name == self._view else f" {title} "
            parts.append(f"[@click=app.view('{name}')]{shown}[/]")
        self._static("#views").update(Content.from_markup("  ".join(parts)))

    def _show_state(self) -> None:
        """Above all whether what is seen is still so."""
        if not self._has_screen:
            return
        silent = monotonic() - self._heard
        if self._feed is None:
            words = ""
        elif self._feed.paused:
            words = "PAUSED: nothing is asked; p goes on"
        elif self._silence:
            words = (
                f"NO ANSWER for {duration(silent)}: {escape_text(self._silence)}. It is tried again; q ends."
            )
        elif silent > max(PATIENCE, PATIENCE * self._interval):
            words = f"NO ANSWER for {duration(silent)}: the server is slow or stopped. q ends."
        else:
            words = ""
        self._say("#state", words)

    def _say(self, where: str, words: str) -> None:
        line = self._static(where)
        line.update(words)
        line.set_class(bool(words), "said")

    def _static(self, where: str) -> Static:
        return self.screen_stack[0].query_one(where, Static)

    # ---- tables ----------------------------------------------------------------------------------------

    def _tables(self) -> list[RowTable]:
        """Of the view in sight."""
        view = self.screen_stack[0].query_one(f"#{self._view}")
        return [view] if isinstance(view, RowTable) else list(view.query(RowTable))

    @property
    def table(self) -> RowTable:
        """The one that keys are about: of those in sight the one with the focus, or the first."""
        tables = self._tables()
        return next((table for table in tables if table.has_focus), tables[0])

    def _fill(self) -> None:
        """Only what is in sight."""
        if self._seen is not None:
            for table in self._tables():
                table.fill(table.table.rows(self._seen))

    def action_view(self, name: str) -> None:
        self._view = name
        self.screen_stack[0].query_one(ContentSwitcher).current = name
        self._show_views()
        self._fill()
        self._tables()[0].focus()
        self.refresh_bindings()

    def on_row_table_moved(self, event: RowTable.Moved) -> None:
        """A stuck request's stack stands beside it."""
        if event.table.table is STUCK:
            row = event.table.current
            lines = [] if row is None else row.get("stack") or []
            self._static("#frames").update("\n".join(map(escape_text, lines)))

    def on_row_table_chosen(self, event: RowTable.Chosen) -> None:
        what = event.table.table.what
        self.push_screen(Reading(f"of the {what}: all that is known", _details(event.row)))

    # ---- keys ------------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What is about connections is possible where they are in sight; the picker comes before everything."""
        if action in ("close", "filter"):
            return self._view == "connections" and len(self.screen_stack) == 1
        if action in ("sort", "reverse", "find", "no_find", "stacks", "pause", "view"):
            return len(self.screen_stack) == 1
        return True

    def action_sort(self) -> None:
        table = self.table
        titles = [column.title for column in table.table.columns]

        def chosen(index: int | None) -> None:
            if index is not None:
                table.sort_by(index)

        self.push_screen(Choice(f"sort {table.table.what} by", titles, table.sorted_by), chosen)

    def action_reverse(self) -> None:
        self.table.sort_by(self.table.sorted_by)

    def action_filter(self) -> None:
        self.table.only(self.table.filter.following(), self.table.wanted)

    def action_find(self) -> None:
        table, find = self.table, self.query_one("#find", Input)
        self._searched = table
        find.value = table.wanted
        find.add_class("open")
        find.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        if self._searched is not None:
            self._searched.only(self._searched.filter, event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self._close_find()

    def action_no_find(self) -> None:
        """Every filter goes."""
        (self._searched or self.table).only(Filter.ALL, "")
        self._close_find()

    def _close_find(self) -> None:
        table, self._searched = self._searched or self.table, None
        self.query_one("#find").remove_class("open")
        table.focus()

    def action_close(self) -> None:
        row = self.table.current
        if row is None:
            self._say("#told", "close: no connection is there")
            return
        number = row["number"]
        told = " ".join(filter(None, (str(row.get("remote") or ""), request_of(row))))

        def answered(yes: bool | None) -> None:
            if yes:
                self._order(
                    "close",
                    lambda reply: self._say("#told", f"connection {number} is told to close"),
                    number=number,
                )

        self.push_screen(Question(f"Close connection {number}? {escape_text(told)}"), answered)

    def action_stacks(self) -> None:
        self._order("stacks", self._show_stacks)

    def _show_stacks(self, reply: dict[str, Any]) -> None:
        threads = reply["threads"]
        text = dump.in_words(threads)
        try:
            where = f"also in {dump.write(text, self._seen['pid'] if self._seen is not None else 0)}"
        except OSError as error:
            where = f"in no file: {error.filename}: {error.strerror}"
        self._say("#told", f"stacks of {len(threads)} threads, {where}")
        self.push_screen(Reading(f"stacks of {len(threads)} threads, {where}", text))

    def _order(self, command: str, done: Callable[[dict[str, Any]], None], **values: object) -> None:
        self._say("#told", "")
        if self._feed is not None:
            order(
                self._feed.path,
                command,
                lambda reply: self._later(done, reply),
                lambda why: self._later(
                    lambda words: self._say("#told", words), f"{command}: {escape_text(why)}"
                ),
                **values,
            )

    def action_pause(self) -> None:
        if self._feed is not None:
            if self._feed.paused:
                self._heard = monotonic()
                self._feed.resume()
            else:
                self._feed.pause()
            self._show_state()


def _details(row: Row) -> str:
    """Every value, a line each."""
    lines = []
    for key, value in row.items():
        if isinstance(value, dict):
            lines += [f"{key} {inner}: {escape_text(str(within))}" for inner, within in value.items()]
        elif isinstance(value, list):
            lines += [f"{key}:", *(f"  {escape_text(str(item))}" for item in value)]
        else:
            lines.append(f"{key}: {escape_text(str(value))}")
    return "\n".join(lines)
