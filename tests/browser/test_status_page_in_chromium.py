"""The status page as a browser shows it: beside real servers, and with everything that can be told."""

from __future__ import annotations

import os
import shutil
import socket
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

import gearshift
from gearshift.observe.error_log import ErrorLog
from gearshift.observe.page.server import StatusServer
from gearshift.settings import Settings
from tests.support.chromium import Chromium, Tab
from tests.support.documented import DocumentedObserver
from tests.support.status_client import ask
from tests.support.wire import Wire, request

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SIZES = {"wide": (1440, 900), "tablet": (820, 1180), "phone": (360, 780)}
LIVE = "document.getElementById('stream')?.dataset.state === 'live'"
# What stands out of the page to the right, but for what is scrolled in a box of its own or is not shown.
STICKING_OUT = """
[...document.querySelectorAll("body *")].filter((node) => {
  const box = node.getBoundingClientRect();
  if (node.closest("pre, .hidden, .skip") || !box.width || !box.height) return false;
  return box.right > document.documentElement.clientWidth + 0.5 || box.left < -0.5;
}).map((node) => `${node.tagName} ${node.id} ${node.getAttribute("class") ?? ""} ${node.textContent.slice(0, 40)}`)
"""
# Text that is wider than its box and is cut or runs over its neighbour.
OVERFLOWING = """
[...document.querySelectorAll("body *")].filter((node) => {
  if (node.closest("svg, pre, .hidden, .skip") || !node.clientWidth) return false;
  return node.scrollWidth > node.clientWidth + 1 && !["SELECT", "INPUT"].includes(node.tagName);
}).map((node) => `${node.tagName} ${node.id} ${node.getAttribute("class") ?? ""} ${node.textContent.slice(0, 40)}`)
"""


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        said = f"no browser is installed: none of {', '.join(BROWSERS)}"
        if os.environ.get("CI"):
            pytest.fail(said)
        pytest.skip(said)
    with Chromium(program, tmp_path_factory.mktemp("profile")) as running:
        yield running


@pytest.fixture
def browser(started: Chromium) -> Iterator[Chromium]:
    yield started
    started.close_tabs()


def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    start_response("200 OK", [])
    return [b"hello"]


@pytest.fixture(params=["calm", "overloaded"])
def documented(request: pytest.FixtureRequest) -> Iterator[StatusServer]:
    observer = DocumentedObserver(overloaded=request.param == "overloaded")
    page = StatusServer(Settings.of(status="127.0.0.1:0"), observer, ErrorLog("-"))
    yield page
    page.close()


@pytest.fixture
def server() -> Iterator[gearshift.Server]:
    with gearshift.Server(app, bind="127.0.0.1:0", engine="pool", threads=4, status="127.0.0.1:0") as running:
        yield running


def text_of(tab: Tab, identity: str) -> str:
    return str(tab.value(f"document.getElementById({identity!r}).textContent"))


def live(tab: Tab, url: str) -> Tab:
    tab.open(url)
    tab.until(LIVE)
    return tab


def dial(tab: Tab, title: str) -> str:
    dials = "[...document.querySelectorAll('.dials dt')]"
    return str(tab.value(f"{dials}.find((one) => one.textContent === {title!r}).nextSibling.textContent"))


def test_the_numbers_move(browser: Chromium, server: gearshift.Server) -> None:
    tab = live(browser.tab(*SIZES["wide"]), server.status_url)
    assert text_of(tab, "verdict") == "Idle"
    assert text_of(tab, "engine") == "pool, up to 4 threads"
    assert text_of(tab, "pid") == str(os.getpid())
    assert server.url in text_of(tab, "what")
    for _ in range(2):
        for _ in range(40):
            assert ask(server.url).body == b"hello"
        tab.until("[...document.querySelectorAll('.dials .value')][0].textContent.match(/[1-9]/)")
    tab.until("document.getElementById('path').textContent.includes('Answered0a second80 so far')")
    assert tab.complaints() == []
    where = urlsplit(server.status_url)
    assert {urlsplit(url).netloc for url in tab.requested()} == {where.netloc}


def test_a_full_accept_queue_is_seen_where_it_fills(browser: Chromium) -> None:
    go_on = threading.Event()

    def waits(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        go_on.wait(30)
        return app(environ, start_response)

    with gearshift.Server(
        waits, bind="127.0.0.1:0", engine="epoll", backlog=3, status="127.0.0.1:0"
    ) as running:
        address = ("127.0.0.1", urlsplit(running.url).port or 0)
        clients = []
        for _ in range(9):
            client = socket.socket()
            client.setblocking(False)
            client.connect_ex(address)
            clients.append(client)
            if len(clients) == 1:
                client.setblocking(True)
                client.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                threading.Event().wait(0.2)
        tab = live(browser.tab(*SIZES["wide"]), running.status_url)
        tab.until("document.querySelectorAll('#path .stage')[1].classList.contains('full')")
        assert (
            tab.value("document.querySelectorAll('#path .stage')[1].querySelector('.value').textContent")
            == "4"
        )
        tab.until("document.getElementById('verdict').dataset.tone === 'bad'")
        tab.until("document.querySelectorAll('#advice li').length > 0", within=20)
        assert dial(tab, "running") == "1"
        assert tab.complaints() == []
        go_on.set()
        for client in clients:
            client.close()


def test_a_socket_in_close_wait_is_found_and_closed(browser: Chromium) -> None:
    go_on = threading.Event()

    def waits(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        go_on.wait(30)
        return app(environ, start_response)

    with (
        gearshift.Server(waits, bind="127.0.0.1:0", engine="pool", status="127.0.0.1:0") as running,
        Wire(("127.0.0.1", urlsplit(running.url).port or 0)) as wire,
    ):
        wire.send(request("/orders/12"))
        wire.half_close()
        tab = live(browser.tab(*SIZES["wide"]), running.status_url)
        tab.value("document.querySelector('[data-preset=close-wait]').click()")
        row = "document.querySelector('#connection-table tbody tr')"
        tab.until(f"{row}?.querySelector('.tcp').textContent === 'CLOSE-WAIT'")
        host, port = wire.socket.getsockname()
        assert tab.value(f"{row}.querySelector('.peer').textContent") == f"{host}:{port}"
        assert tab.value(f"{row}.querySelector('.request').textContent") == "GET /orders/12"
        assert tab.value(f"{row}.querySelector('.phase').textContent") == "in handler"
        button = f"{row}.querySelector('.closer button')"
        tab.value(f"(window.pressed = {button}).click()")
        tab.value("window.pressed.click()")
        tab.until("window.pressed.textContent === 'Closed'")
        assert wire.read_to_end().data == b""
        go_on.set()


def test_a_server_that_drains_says_so(browser: Chromium) -> None:
    entered, go_on = threading.Event(), threading.Event()

    def waits(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        entered.set()
        go_on.wait(30)
        return app(environ, start_response)

    with gearshift.Server(waits, bind="127.0.0.1:0", engine="pool", status="127.0.0.1:0") as running:
        with Wire(("127.0.0.1", urlsplit(running.url).port or 0)) as wire:
            wire.send(request("/"))
            assert entered.wait(5)
            tab = live(browser.tab(*SIZES["phone"]), running.status_url)
            stopping = threading.Thread(target=running.stop)
            stopping.start()
            tab.until("document.getElementById('verdict').textContent === 'Draining'")
            go_on.set()
            assert wire.answer().body == b"hello"
            stopping.join(10)
        tab.until("document.getElementById('stream').dataset.state === 'ended'")


def test_the_stream_is_lost_and_comes_back(browser: Chromium) -> None:
    with gearshift.Server(app, bind="127.0.0.1:0", status="127.0.0.1:0") as first:
        address = first.status_url.removeprefix("http://").removesuffix("/")
        tab = live(browser.tab(*SIZES["wide"]), first.status_url)
    tab.until("document.getElementById('stream').dataset.state.match('ended|lost')")
    assert tab.value("document.getElementById('lost').checkVisibility()")
    assert "Trying again" in text_of(tab, "lost")
    with gearshift.Server(app, bind="127.0.0.1:0", engine="thread", status=address):
        tab.until(LIVE, within=15)
        tab.until("document.getElementById('engine').textContent === 'thread'")
        assert not tab.value("document.getElementById('lost').checkVisibility()")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_everything_fits(browser: Chromium, documented: StatusServer, size: str, dark: bool) -> None:
    tab = live(browser.tab(*SIZES[size], dark=dark), documented.url)
    tab.until("document.querySelectorAll('#plots .line[d]').length > 5")
    assert tab.value("document.documentElement.scrollWidth") == SIZES[size][0]
    assert tab.value(STICKING_OUT) == []
    assert tab.value(OVERFLOWING) == []
    for part in ("connection-table", "threads", "slowest", "kinds", "descriptors", "plots", "listeners"):
        assert tab.value(f"document.getElementById({part!r}).checkVisibility()"), part
    assert tab.value("[...document.querySelectorAll('.absent')].every((one) => !one.textContent)")
    assert tab.complaints() == []


def test_a_real_server_fits_a_phone(browser: Chromium, server: gearshift.Server) -> None:
    tab = live(browser.tab(*SIZES["phone"]), server.status_url)
    assert tab.value("document.documentElement.scrollWidth") == SIZES["phone"][0]
    assert tab.value(STICKING_OUT) == []
    assert tab.complaints() == []


@pytest.fixture
def calm() -> Iterator[tuple[StatusServer, DocumentedObserver]]:
    observer = DocumentedObserver()
    page = StatusServer(Settings.of(status="127.0.0.1:0"), observer, ErrorLog("-"))
    yield page, observer
    page.close()


def test_rows_are_found_and_sorted_with_the_keyboard(
    browser: Chromium, calm: tuple[StatusServer, DocumentedObserver]
) -> None:
    tab = live(browser.tab(*SIZES["wide"]), calm[0].url)
    tab.until("document.querySelectorAll('#connection-table tbody tr').length === 25")
    tab.value("document.getElementById('filter').focus()")
    tab.write("2001:db8 estab")
    tab.until("document.getElementById('matching').textContent.match(/^1\\d of 180 connections/)")
    peers = "[...document.querySelectorAll('#connection-table td.peer')].map((one) => one.textContent)"
    assert all(peer.startswith("[2001:db8") for peer in tab.value(peers))
    for _ in range(30):
        tab.press("Tab")
        if tab.value("document.activeElement.textContent") == "Requests":
            break
    assert tab.value("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    cells = "[...document.querySelectorAll('#connection-table td:nth-child(7)')]"
    numbers = f"{cells}.map((one) => Number(one.textContent))"
    for order, sign in (("descending", "b - a"), ("ascending", "a - b")):
        tab.press("Enter")
        tab.until(f"document.activeElement.closest('th').getAttribute('aria-sort') === '{order}'")
        tab.until(f"{numbers}.join() === {numbers}.sort((a, b) => {sign}).join()")
    export = tab.value("document.getElementById('export').href")
    found = ask(calm[0].url, export.removeprefix(calm[0].url[:-1])).json()["connections"]
    assert [row["requests"] for row in found] == tab.value(numbers)


def test_presets_show_what_they_say(browser: Chromium, calm: tuple[StatusServer, DocumentedObserver]) -> None:
    tab = live(browser.tab(*SIZES["phone"]), calm[0].url)
    tab.value("document.querySelector('[data-preset=close-wait]').click()")
    cells = "[...document.querySelectorAll('#connection-table td.tcp')]"
    states = f"[...new Set({cells}.map((one) => one.textContent))].join()"
    tab.until(f"{states} === 'CLOSE-WAIT'")
    assert tab.value(f"{cells}.length") == 10
    assert (
        tab.value("document.querySelector('[data-preset=close-wait]').getAttribute('aria-pressed')") == "true"
    )


def test_a_connection_is_closed_when_asked_twice(
    browser: Chromium, calm: tuple[StatusServer, DocumentedObserver]
) -> None:
    page, observer = calm
    tab = live(browser.tab(*SIZES["wide"]), page.url)
    button = "document.querySelector('#connection-table td.closer button')"
    tab.until(f"!!{button}")
    tab.value(f"{button}.click()")
    assert observer.closed == []
    tab.value(f"(window.pressed = {button}).click()")
    tab.until("window.pressed.textContent === 'Closed'")
    assert len(observer.closed) == 1
    assert tab.complaints() == []


def test_headings_labels_and_names(browser: Chromium, calm: tuple[StatusServer, DocumentedObserver]) -> None:
    """What a screen reader needs: every control has a name, every table a caption, nothing moves for who minds."""
    tab = live(browser.tab(*SIZES["wide"], still=True), calm[0].url)
    tab.until("document.querySelectorAll('#connection-table tbody tr').length === 25")
    nameless = """[...document.querySelectorAll("button, a, input, select, svg[role=img]")].filter((node) =>
      !(node.textContent.trim() || node.getAttribute("aria-label") || node.labels?.length)).length"""
    assert tab.value(nameless) == 0
    assert tab.value("[...document.querySelectorAll('table')].every((one) => one.caption)") is True
    assert tab.value("document.querySelectorAll('h1').length") == 1
    assert tab.value("document.getAnimations().length") == 0
    names = tab.value("[...document.querySelectorAll('[id]')].map((one) => one.id)")
    assert len(names) == len(set(names))


def test_what_a_server_does_not_tell_is_said(browser: Chromium) -> None:
    class Plain(DocumentedObserver):
        """As servers were before they told of their connections."""

        history = stacks = close_connection = property()  # type: ignore[assignment]

        def status(self) -> dict[str, Any]:
            told = super().status()
            return {
                key: told[key]
                for key in told
                if key not in ("connections", "threads", "times", "pool", "stuck")
            }

    page = StatusServer(Settings.of(status="127.0.0.1:0"), Plain(), ErrorLog("-"))
    try:
        tab = live(browser.tab(*SIZES["phone"]), page.url)
        said = tab.value(
            "[...document.querySelectorAll('.absent')].map((one) => one.textContent).filter(Boolean)"
        )
        assert said == [
            "This server counts its connections (180 open) but does not list them.",
            "This server does not tell of its threads.",
            "This server does not measure where the time of its requests goes.",
        ]
        tab.until("document.getElementById('history-note').textContent.includes('keeps no history')")
        assert tab.complaints() == []
    finally:
        page.close()
