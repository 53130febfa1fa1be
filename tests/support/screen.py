"""What stands on the screen of a textual program, and waiting for it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

from textual.app import App
from textual.pilot import Pilot

CELL = 12.2  # the width that textual's SVG gives a character
TEXT = "{http://www.w3.org/2000/svg}text"


def screen_lines(app: App[Any]) -> list[str]:
    """The lines of the screen, as textual exports them."""
    root = ElementTree.fromstring(app.export_screenshot())
    pieces: dict[float, list[tuple[int, str]]] = {}
    for text in root.iter(TEXT):
        if text.get("clip-path") is None:  # the title of the picture's window
            continue
        column = round(float(text.get("x", "0")) / CELL)
        pieces.setdefault(float(text.get("y", "0")), []).append((column, text.text or ""))
    lines = []
    for y in sorted(pieces):
        line = ""
        for column, piece in sorted(pieces[y]):
            line = line.ljust(column) + piece.replace("\xa0", " ")
        lines.append(line.rstrip())
    return lines


def screen_text(app: App[Any]) -> str:
    return "\n".join(screen_lines(app))


async def until(pilot: Pilot[Any], probe: Callable[[], object], what: str, within: float = 10.0) -> None:
    """Returns when `probe` is true; an AssertionError that shows the screen after `within` seconds."""
    deadline = time.monotonic() + within
    while not probe():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within} s: {what}\n{screen_text(pilot.app)}")
        await pilot.pause(0.01)


async def until_shown(pilot: Pilot[Any], text: str, within: float = 10.0) -> None:
    await until(pilot, lambda: text in screen_text(pilot.app), f"{text!r} is on the screen", within)


async def until_gone(pilot: Pilot[Any], text: str, within: float = 10.0) -> None:
    await until(pilot, lambda: text not in screen_text(pilot.app), f"{text!r} has left the screen", within)
