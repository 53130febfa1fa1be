"""What comes up over the tables: a question, a choice, a text."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Footer, OptionList, Static

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

FRAME = """
{name} {{ align: center middle; }}
{name} > Vertical {{ width: {width}; max-width: 100%; height: auto; max-height: 100%; }}
{name} > Vertical {{ border: solid $primary; padding: 0 1; }}
{name} .title {{ text-style: bold; }}
"""


class Question(ModalScreen[bool]):
    """Yes or no. Only `y` is yes."""

    DEFAULT_CSS = FRAME.format(name="Question", width="60")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "Yes"),
        Binding("n,escape,q", "answer(False)", "No"),
    ]

    def __init__(self, question: str) -> None:
        super().__init__()
        self._question = question

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static(self._question, markup=False, classes="title")
            yield Static("y  yes     n  no", markup=False)

    def action_answer(self, answer: bool) -> None:
        self.dismiss(answer)


class Choice(ModalScreen[int | None]):
    """One of several lines, by its index; None where nothing is chosen."""

    DEFAULT_CSS = (
        FRAME.format(name="Choice", width="50")
        + "Choice OptionList { border: none; padding: 0; height: auto; max-height: 16; }"
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "leave", "Back"),
    ]

    def __init__(self, title: str, lines: Sequence[str], at: int = 0) -> None:
        super().__init__()
        self._title, self._lines, self._at = title, lines, at

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static(self._title, markup=False, classes="title")
            yield OptionList(*self._lines, markup=False)
            yield Static("enter  choose     escape  back", markup=False)

    def on_mount(self) -> None:
        chosen = self.query_one(OptionList)
        chosen.highlighted = self._at
        chosen.focus()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option_index)

    def action_leave(self) -> None:
        self.dismiss(None)


class Reading(ModalScreen[None]):
    """A text that may be longer than the terminal."""

    DEFAULT_CSS = """
    Reading { background: $background; }
    Reading .title { text-style: bold; }
    Reading VerticalScroll { height: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter", "leave", "Back"),
    ]

    def __init__(self, title: str, text: str) -> None:
        super().__init__()
        self._title, self._text = title, text

    def compose(self) -> ComposeResult:
        yield Static(self._title, markup=False, classes="title")
        with VerticalScroll():
            yield Static(self._text, markup=False)
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()

    def action_leave(self) -> None:
        self.dismiss()
