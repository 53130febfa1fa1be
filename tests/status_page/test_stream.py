"""Server-sent events: one look a second whoever watches, rows as they were asked for, an end that is told."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import gearshift
from gearshift.observe.error_log import ErrorLog
from gearshift.observe.page.application import MOST_VIEWERS
from gearshift.observe.page.server import StatusServer
from gearshift.settings import Settings
from tests.support.documented import DocumentedObserver
from tests.support.status_client import Viewer, ask
from tests.support.waiting import eventually


@contextlib.contextmanager
def page_of(observer: Any, log: str = "-") -> Iterator[str]:
    """A status page of that observer."""
    page = StatusServer(Settings.of(status="127.0.0.1:0"), observer, ErrorLog(log))
    try:
        yield page.url
    finally:
        page.close()


@pytest.fixture
def observer() -> DocumentedObserver:
    return DocumentedObserver()


@pytest.fixture
def url(observer: DocumentedObserver) -> Iterator[str]:
    with page_of(observer) as url:
        yield url


def test_a_snapshot_a_second(url: str) -> None:
    with Viewer(url) as viewer:
        assert viewer.answer.headers["Content-Type"] == "text/event-stream"
        first = viewer.next()
        began = time.monotonic()
        second, third = viewer.next(), viewer.next()
        assert first is not None
        assert second is not None
        assert third is not None
        assert 1.5 < time.monotonic() - began < 4
    assert [event.kind for event in (first, second, third)] == ["status"] * 3
    assert (second.number, third.number) == (first.number + 1, first.number + 2)
    assert second.data["requests"]["total"] > first.data["requests"]["total"]


def test_all_viewers_share_one_look(observer: DocumentedObserver, url: str) -> None:
    with contextlib.ExitStack() as stack:
        viewers = [stack.enter_context(Viewer(url, f"limit={limit}")) for limit in range(8)]
        seen = [[viewer.next(), viewer.next()] for viewer in viewers]
        looks = observer.looks
    numbers = [[event.number for event in events if event] for events in seen]
    assert all(second == first + 1 for first, second in numbers)
    assert looks <= max(map(max, numbers)) + 1


def test_nobody_watches_and_nothing_is_looked_at(observer: DocumentedObserver, url: str) -> None:
    with Viewer(url) as viewer:
        viewer.next()
    # Who has left is noticed when a snapshot can't be sent to them.
    eventually(lambda: _is_still(observer), "nobody looks any more", within=15)


def _is_still(observer: DocumentedObserver) -> bool:
    before = observer.looks
    threading.Event().wait(2.2)
    return observer.looks == before


def test_rows_as_asked(url: str) -> None:
    with Viewer(url, "sort=-age_seconds&filter=198.51.100%20ESTAB&show=idle&limit=5") as viewer:
        event = viewer.next()
    assert event is not None
    rows, totals = event.data["connections"], event.data["connection_totals"]
    assert len(rows) == 5
    assert totals["all"] == 180
    assert 5 < totals["matching"] < totals["presets"]["idle"]
    assert {row["phase"] for row in rows} == {"idle"}
    ages = [row["age_seconds"] for row in rows]
    assert ages == sorted(ages, reverse=True)
    assert totals["presets"]["close-wait"] == totals["tcp_states"]["CLOSE-WAIT"] == 10


def test_what_else_it_can_is_told(url: str) -> None:
    with Viewer(url) as viewer:
        event = viewer.next()
    assert event is not None
    assert event.data["can"] == {"history": True, "stacks": True, "close_connection": True}
    assert len(ask(url, "/history.json").json()["seconds"]) == 3600
    newest = ask(url, "/history.json").json()["seconds"][-1]["at"]
    assert len(ask(url, f"/history.json?since={newest - 10}").json()["seconds"]) in (10, 11)
    assert ask(url, "/history.json?since=now").status == 400
    assert ask(url, "/stacks.json").json()["threads"]
    rows = ask(url, "/connections.json?show=close-wait&sort=-number").json()["connections"]
    assert [row["number"] for row in rows] == list(range(170, 0, -17))


def test_an_observer_that_can_little() -> None:
    class Plain:
        def status(self) -> dict[str, Any]:
            return {"listeners": [], "host": None, "engine": "pool"}

    with page_of(Plain()) as url, Viewer(url) as viewer:
        event = viewer.next()
        assert event is not None
        assert "connections" not in event.data
        assert ask(url, "/history.json").text == "404: history: this server can't\n"
        assert ask(url, "/connections.json").status == 404
        assert ask(url, "/connections/1/close", "POST", Origin=url[:-1]).status == 404


def test_closing_a_connection(observer: DocumentedObserver, url: str) -> None:
    origin = url[:-1]
    assert ask(url, "/connections/12/close").status == 405
    assert ask(url, "/connections/12/close", "POST").status == 403
    assert ask(url, "/connections/12/close", "POST", Origin="http://evil.example").status == 403
    assert ask(url, "/connections/12/close", "POST", Origin="null").status == 403
    assert observer.closed == []
    assert ask(url, "/connections/12/close", "POST", Origin=origin).json() == {"closed": 12}
    assert ask(url, "/connections/999/close", "POST", Origin=origin).status == 404
    assert observer.closed == [12]


def test_an_end_is_told() -> None:
    with gearshift.Server(None, bind="127.0.0.1:0", status="127.0.0.1:0") as server:
        viewer = Viewer(server.status_url)
        assert viewer.next() is not None
    with viewer:
        kinds = []
        while event := viewer.next():
            kinds.append(event.kind)
    assert kinds[-1] == "ending"


def test_a_look_that_fails_is_told_and_tried_again(tmp_path: Path) -> None:
    class Broken(DocumentedObserver):
        def status(self) -> dict[str, Any]:
            if self.looks in (0, 1):
                self.looks += 1
                raise LookupError("no such thing")
            return super().status()

    log = tmp_path / "errors.log"
    with page_of(Broken(), str(log)) as url, Viewer(url) as viewer:
        events = [viewer.next() for _ in range(3)]
    assert [event.kind for event in events if event] == ["trouble", "trouble", "status"]
    assert events[0] is not None
    assert events[0].data == {"trouble": "LookupError: no such thing"}
    assert log.read_text().count("the status page can't see the server") == 1


def test_so_many_may_watch_and_no_more(url: str) -> None:
    with contextlib.ExitStack() as stack:
        viewers = [stack.enter_context(Viewer(url, "limit=0")) for _ in range(MOST_VIEWERS)]
        for viewer in viewers:
            assert viewer.next() is not None
        refused = ask(url, "/events")
        assert refused.status == 503
        assert refused.text == f"503: {MOST_VIEWERS} watch already, and more may not\n"
        assert ask(url, "/status.json").status == 200
    eventually(lambda: ask(url, "/events", "HEAD").status == 200, "there is room again")

    def watches() -> bool:
        with Viewer(url, "limit=0") as viewer:
            return viewer.answer.status == 200

    eventually(watches, "who has left is forgotten", within=10)
