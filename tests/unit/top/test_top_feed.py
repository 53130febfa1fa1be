"""What asks the server: in a thread of its own, patiently, and not while paused."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gearshift.control.server import ControlSocket
from gearshift.top.feed import Feed, order
from tests.support.waiting import eventually


class Asked:
    """A control socket that counts, and may be made to wait."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)
        self.times = 0
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.errors: list[str] = []
        self.socket = self.open()

    def open(self) -> ControlSocket:
        return ControlSocket(self.path, {"status": self.status}, lambda what, error: self.errors.append(what))

    def status(self, request: dict[str, Any]) -> dict[str, Any]:
        self.times += 1
        number = self.times
        self.may_answer.wait(10)
        return {"times": number}


class Heard:
    """What a feed tells."""

    def __init__(self) -> None:
        self.answers: list[int] = []
        self.silences: list[str] = []

    def answered(self, seen: dict[str, Any]) -> None:
        self.answers.append(seen["times"])

    def feed(self, path: str, interval: float = 0.01) -> Feed:
        return Feed(path, interval, self.answered, self.silences.append)


@pytest.fixture
def asked(tmp_path: Path) -> Iterator[Asked]:
    found = Asked(tmp_path / "s")
    yield found
    found.may_answer.set()
    found.socket.close()
    assert found.errors == []


def test_it_asks_again_and_again_until_it_is_ended(asked: Asked) -> None:
    heard = Heard()
    feed = heard.feed(asked.path)
    feed.start()
    eventually(lambda: len(heard.answers) >= 3, "three answers")
    feed.end()
    feed._thread.join(5)
    assert not feed._thread.is_alive()
    assert heard.answers == list(range(1, len(heard.answers) + 1))
    assert heard.silences == []


def test_a_server_that_goes_and_comes_again(asked: Asked) -> None:
    heard = Heard()
    feed = heard.feed(asked.path)
    feed.start()
    eventually(lambda: heard.answers, "an answer")
    asked.socket.close()
    eventually(lambda: heard.silences, "silence")
    assert heard.silences[-1] == f"{asked.path}: no server can be reached there: No such file or directory"
    before = len(heard.answers)
    asked.socket = asked.open()
    eventually(lambda: len(heard.answers) > before, "an answer of the new one")
    feed.end()


def test_nothing_is_asked_while_paused(asked: Asked) -> None:
    heard = Heard()
    feed = heard.feed(asked.path)
    asked.may_answer.clear()
    feed.start()
    eventually(lambda: asked.times == 1, "the first question")
    feed.pause()
    assert feed.paused
    asked.may_answer.set()  # an answer that comes during a pause is heard by nobody
    eventually(lambda: not asked.socket._clients, "the answer has gone out")
    assert (asked.times, heard.answers) == (1, [])
    feed.resume()
    eventually(lambda: heard.answers, "it goes on")
    assert heard.answers[0] == 2
    feed.end()


def test_what_takes_long_is_asked_for_less_often(asked: Asked) -> None:
    """A fifth of the time at most is spent on it."""
    heard = Heard()
    feed = heard.feed(asked.path)
    waits: list[float] = []

    class Watched(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            if timeout is not None:
                waits.append(timeout)
            return super().wait(0.001)

    feed._ended = Watched()
    asked.may_answer.clear()
    feed.start()
    eventually(lambda: asked.times == 1, "the first question")
    threading.Timer(0.1, asked.may_answer.set).start()
    eventually(lambda: len(waits) >= 2, "two rests")
    feed.end()
    assert waits[0] >= 0.4
    assert waits[1] < waits[0]


def test_an_end_does_not_wait_for_an_answer(asked: Asked) -> None:
    heard = Heard()
    feed = heard.feed(asked.path)
    asked.may_answer.clear()
    feed.start()
    eventually(lambda: asked.times == 1, "the first question")
    feed.end()
    asked.may_answer.set()
    feed._thread.join(5)
    assert not feed._thread.is_alive()
    assert heard.answers == []


def test_an_order_is_done_or_refused(asked: Asked) -> None:
    done: list[dict[str, Any]] = []
    refused: list[str] = []
    order(asked.path, "status", done.append, refused.append)
    order(asked.path, "fly", done.append, refused.append, number=3)
    eventually(lambda: done and refused, "both")
    assert done == [{"times": 1}]
    assert refused == ["found no command 'fly', expected one of status"]
