"""Which of several servers is meant."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Footer, OptionList, Static

from gearshift.observe.escaping import escape_text
from gearshift.top.feed import order

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any


def in_words(pid: int, seen: dict[str, Any]) -> str:
    """`4711  shop.wsgi  pool  http://127.0.0.1:8000`"""
    addresses = ", ".join(listener["address"] for listener in seen["listeners"])
    return escape_text(f"{pid}  {seen['application']}  {seen['engine']}  {addresses}")


class Picker(Screen[str]):
    """Gives the path of the chosen server's control socket. servers: their processes and paths."""

    DEFAULT_CSS = """
    Picker .title { text-style: bold; }
    Picker OptionList { border: none; padding: 0; height: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "none", "Choose"),
        Binding("q,escape", "app.quit", "Quit"),
    ]

    class Described(Message):
        """A server has said what it is, or why it can't."""

        def __init__(self, index: int, line: str) -> None:
            super().__init__()
            self.index, self.line = index, line

    def __init__(self, servers: Sequence[tuple[int, str]]) -> None:
        super().__init__()
        self._servers = servers

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static(f"{len(self._servers)} servers of this user run:", markup=False, classes="title")
            yield OptionList(*(f"{pid}  (is being asked)" for pid, _ in self._servers), markup=False)
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self.query_one(OptionList).focus()
        for index, (pid, path) in enumerate(self._servers):
            self._ask(index, pid, path)

    def _ask(self, index: int, pid: int, path: str) -> None:
        def done(seen: dict[str, Any]) -> None:
            self.post_message(self.Described(index, in_words(pid, seen)))

        def refused(why: str) -> None:
            self.post_message(self.Described(index, f"{pid}  does not answer: {escape_text(why)}"))

        order(path, "status", done, refused)

    def on_picker_described(self, event: Described) -> None:
        self.query_one(OptionList).replace_option_prompt_at_index(event.index, event.line)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._servers[event.option_index][1])
