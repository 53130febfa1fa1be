"""A server whose control socket is asked what is seen of it."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from typing import Any

from gearshift.control.client import ask
from tests.support.process import Process, serving
from tests.support.wire import Wire


class Seen:
    """The server, and questions to it."""

    def __init__(self, process: Process, control: str) -> None:
        self.process, self.control, self.address = process, control, process.address

    def connect(self, **options: float) -> Wire:
        return self.process.connect(**options)

    def ask(self, command: str, **values: object) -> dict[str, Any]:
        return ask(self.control, command, **values)

    def status(self) -> dict[str, Any]:
        return self.ask("status")


@contextlib.contextmanager
def seen_server(*arguments: str, **options: Any) -> Iterator[Seen]:
    """As serving() of the tests' support."""
    with tempfile.TemporaryDirectory() as folder:
        control = f"{folder}/control"
        with serving("--control", control, *arguments, **options) as process:
            yield Seen(process, control)
