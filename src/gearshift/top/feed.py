"""Asks a server again and again, in a thread of its own: a server that is slow to answer holds up nobody else."""

from __future__ import annotations

from threading import Event, Thread
from time import monotonic

from gearshift.control.client import ask
from gearshift.control.paths import ControlError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Answered = Callable[[dict[str, Any]], None]
    Silent = Callable[[str], None]

# A server with many connections takes long to tell of them all: at most a fifth of the time is spent on that.
REST = 4


class Feed:
    """Of the server at a control socket. answered, silent: called in the feed's thread with each answer, or with why
    there is none. A daemon thread: one that still waits for an answer doesn't keep the program from ending.
    """

    def __init__(self, path: str, interval: float, answered: Answered, silent: Silent) -> None:
        self.path = path
        self._interval = interval
        self._answered = answered
        self._silent = silent
        self._ended = Event()
        self._thread = Thread(target=self._run, name="feed", daemon=True)
        self._going = Event()
        self._going.set()

    def start(self) -> None:
        self._thread.start()

    @property
    def paused(self) -> bool:
        return not self._going.is_set()

    def pause(self) -> None:
        """Asks nothing until resume()."""
        self._going.clear()

    def resume(self) -> None:
        self._going.set()

    def end(self) -> None:
        """Asks nothing more; doesn't wait for an answer that is under way."""
        self._ended.set()
        self._going.set()

    def _run(self) -> None:
        while not self._ended.is_set():
            self._going.wait()
            if self._ended.is_set():
                return
            began = monotonic()
            try:
                seen = ask(self.path, "status")
            except ControlError as error:
                self._tell(self._silent, str(error))
            else:
                self._tell(self._answered, seen)
            self._ended.wait(max(self._interval, REST * (monotonic() - began)))

    def _tell(self, hear: Callable[[Any], None], what: object) -> None:
        """What comes after a pause or the end is heard by nobody."""
        if not self._ended.is_set() and self._going.is_set():
            hear(what)


def order(path: str, command: str, done: Answered, refused: Silent, **values: object) -> None:
    """One command, in a thread of its own: `done` is called with the reply, or `refused` with why there is none."""

    def run() -> None:
        try:
            reply = ask(path, command, **values)
        except ControlError as error:
            refused(str(error))
        else:
            done(reply)

    Thread(target=run, name=command, daemon=True).start()
