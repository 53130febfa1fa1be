"""A table of any number of rows: only those that can be seen are made into text."""

from __future__ import annotations

from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from textual.binding import Binding, BindingType
from textual.events import Click, Resize
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from gearshift.observe.escaping import escape_text
from gearshift.top.tables import Filter, Table, matching, ordered

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from gearshift.top.columns import Column, Row

GAP = " "
HEAD = 2  # lines: what is shown, and the columns' titles
SIDEWAYS = 20  # cells that a key scrolls


class RowTable(ScrollView, can_focus=True):
    """Shows a Table, sorted and filtered. Its cursor stays on its row when others come and go."""

    DEFAULT_CSS = """
    RowTable { height: 1fr; }
    RowTable > .row-table--head { text-style: bold underline; }
    RowTable > .row-table--cursor { text-style: underline; }
    RowTable:focus > .row-table--cursor { text-style: reverse; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"row-table--head", "row-table--cursor"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", show=False),
        Binding("down", "move(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("home", "move(-1000000000)", show=False),
        Binding("end", "move(1000000000)", show=False),
        Binding("left", f"sideways({-SIDEWAYS})", show=False),
        Binding("right", f"sideways({SIDEWAYS})", show=False),
        Binding("enter", "chosen", "Details", key_display="enter"),
    ]

    class Moved(Message):
        """The cursor is on another row, or its row has other values."""

        def __init__(self, table: RowTable) -> None:
            super().__init__()
            self.table = table

    class Chosen(Message):
        """More is wanted of the row under the cursor."""

        def __init__(self, table: RowTable, row: Row) -> None:
            super().__init__()
            self.table, self.row = table, row

    def __init__(self, table: Table, id: str) -> None:
        super().__init__(id=id)
        self.table = table
        self.sorted_by = table.sorted_by
        self.descending = table.descending
        self.filter = Filter.ALL
        self.wanted = ""
        self.rows: Sequence[Row] | None = None  # None: the server tells nothing of them
        self.shown: list[Row] = []
        self._cursor = 0
        self._identity: tuple[object, ...] | None = None

    # ---- what is shown ---------------------------------------------------------------------------------

    def fill(self, rows: Sequence[Row] | None) -> None:
        self.rows = rows
        self._order_rows()

    def sort_by(self, index: int) -> None:
        """By another column, numbers from the greatest; or by the same in the other direction."""
        other = index != self.sorted_by
        self.descending = self.table.columns[index].right if other else not self.descending
        self.sorted_by = index
        self._order_rows()

    def only(self, chosen: Filter, wanted: str) -> None:
        """Shows the rows that pass the filter and hold the text."""
        self.filter, self.wanted = chosen, wanted
        self._order_rows()

    @property
    def column(self) -> Column:
        return self.table.columns[self.sorted_by]

    @property
    def current(self) -> Row | None:
        """The row under the cursor."""
        return self.shown[self._cursor] if self.shown else None

    @property
    def words(self) -> str:
        """How many of how many rows, in which order, filtered how."""
        if self.rows is None:
            return f"{self.table.what}: not told by this server"
        words = f"{self.table.what}: {len(self.shown)}"
        if len(self.shown) != len(self.rows):
            words += f" of {len(self.rows)}"
        words += f", by {self.column.title} {'descending' if self.descending else 'ascending'}"
        if self.filter is not Filter.ALL:
            words += f", only {self.filter.value}"
        if self.wanted:
            words += f", with {escape_text(self.wanted)!r}"
        return f"{words}; {self.table.legend}" if self.table.legend else words

    def _order_rows(self) -> None:
        found = matching(self.rows or (), self.table, self.filter, self.wanted)
        self.shown = ordered(found, self.column, self.descending)
        self._find_cursor()
        self._measure()
        self.refresh()
        self.post_message(self.Moved(self))

    def _find_cursor(self) -> None:
        """Where its row is by now; where that has gone, the cursor stays at its place."""
        identity, identity_of = self._identity, self.table.identity_of
        here = self._cursor
        if identity is not None and not (
            here < len(self.shown) and identity_of(self.shown[here]) == identity
        ):
            for index, row in enumerate(self.shown):
                if identity_of(row) == identity:
                    self._put_cursor(index)
                    return
        self._put_cursor(here)

    def _put_cursor(self, index: int) -> None:
        self._cursor = max(0, min(index, len(self.shown) - 1))
        row = self.current
        self._identity = None if row is None else self.table.identity_of(row)

    def _measure(self) -> None:
        size = Size(sum(self._widths()) + len(self.table.columns) - 1, len(self.shown) + HEAD)
        if size != self.virtual_size:
            self.virtual_size = size

    def on_resize(self, event: Resize) -> None:
        self._measure()

    @property
    def _rows_in_sight(self) -> int:
        return max(self.scrollable_content_region.height - HEAD, 1)

    def _widths(self) -> list[int]:
        """Of the columns; the flexible one has what is left."""
        columns = self.table.columns
        left = self.size.width - sum(column.width for column in columns) - (len(columns) - 1) * len(GAP)
        return [column.width + (max(left, 0) if column.flexible else 0) for column in columns]

    # ---- drawn -----------------------------------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        width, index = self.size.width, self.scroll_offset.y + y - HEAD
        if y == 0:
            return Strip([Segment(self.words, self.rich_style)]).crop_extend(0, width, self.rich_style)
        if y == 1:
            line, style = self._head(), self.get_component_rich_style("row-table--head")
        elif index < len(self.shown):
            row = self.shown[index]
            line = GAP.join(map(_cell, self.table.columns, self._widths(), [row] * len(self.table.columns)))
            is_cursor = index == self._cursor
            style = self.get_component_rich_style("row-table--cursor") if is_cursor else self.rich_style
        else:
            return Strip.blank(width, self.rich_style)
        x = self.scroll_offset.x
        return Strip([Segment(line, style)]).crop_extend(x, x + width, style)

    def _head(self) -> str:
        cells = []
        for index, (column, width) in enumerate(zip(self.table.columns, self._widths(), strict=True)):
            mark = ("v" if self.descending else "^") if index == self.sorted_by else ""
            cells.append(_fitted(f"{column.title}{mark}", width, column.right, False))
        return GAP.join(cells)

    # ---- keys and mouse --------------------------------------------------------------------------------

    def action_move(self, by: int) -> None:
        self._put_cursor(self._cursor + by)
        top, height = self.scroll_offset.y, self._rows_in_sight
        if self._cursor < top:
            self.scroll_to(y=self._cursor, animate=False, immediate=True)
        elif self._cursor >= top + height:
            self.scroll_to(y=self._cursor - height + 1, animate=False, immediate=True)
        self.refresh()
        self.post_message(self.Moved(self))

    def action_page(self, direction: int) -> None:
        self.action_move(direction * self._rows_in_sight)

    def action_sideways(self, by: int) -> None:
        self.scroll_to(x=max(self.scroll_offset.x + by, 0), animate=False, immediate=True)

    def action_chosen(self) -> None:
        if self.current is not None:
            self.post_message(self.Chosen(self, self.current))

    def on_click(self, event: Click) -> None:
        if event.y == 1:
            column = self._column_at(event.x + self.scroll_offset.x)
            if column is not None:
                self.sort_by(column)
        elif HEAD <= event.y < HEAD + len(self.shown) - self.scroll_offset.y:
            self.action_move(event.y - HEAD + self.scroll_offset.y - self._cursor)

    def _column_at(self, x: int) -> int | None:
        right = 0
        for index, width in enumerate(self._widths()):
            right += width + len(GAP)
            if x < right:
                return index
        return None


def _cell(column: Column, width: int, row: Row) -> str:
    return _fitted(escape_text(column.text(row)), width, column.right, column.end)


def _fitted(text: str, width: int, right: bool, end: bool) -> str:
    """Exactly so many cells wide; that something is missing is marked."""
    length = cell_len(text)
    if length <= width:
        padding = " " * (width - length)
        return padding + text if right else text + padding
    if end and text.isascii():
        return "~" + text[length - width + 1 :]
    return set_cell_size(text, width - 1) + "~"
