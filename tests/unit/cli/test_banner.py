"""What is said at the start."""

import os
from collections.abc import Iterator

import pytest

from gearshift.cli.banner import banner
from gearshift.kernel.backlog import somaxconn
from gearshift.listeners import Listener, open_listener, parse
from gearshift.settings import Settings
from gearshift.version import __version__


@pytest.fixture
def listeners() -> Iterator[list[Listener]]:
    opened = [open_listener(parse("127.0.0.1:0"), 10_000_000), open_listener(parse("[::1]:0"), 5)]
    yield opened
    for listener in opened:
        listener.close()


def test_every_line(listeners: list[Listener], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gearshift.cli.banner.is_free_threaded", lambda: False)
    first, second = listeners
    width = max(len(first.url), len(second.url))
    assert banner(Settings.of(), listeners, "epoll", "the built-in page") == (
        f"Gearshift {__version__} serves the built-in page\n"
        f"  {first.url:<{width}}  backlog 10000000, clamped to {somaxconn()} by net.core.somaxconn\n"
        f"  {second.url:<{width}}  backlog 5\n"
        "  engine epoll: one thread for all connections\n"
        f"  Ctrl-C (or SIGTERM to process {os.getpid()}) answers what has been received and stops\n"
    )


@pytest.mark.parametrize(
    ("engine", "settings", "words"),
    [
        ("pool", {}, "engine pool: 16 threads, made on demand"),
        ("pool", {"threads": 1, "preload_threads": True}, "engine pool: 1 thread, made ahead"),
        ("thread", {"max_connections": 50}, "engine thread: a thread for each connection, at most 50"),
        ("epoll", {}, "engine epoll: one thread for all connections"),
    ],
)
def test_threads(engine: str, settings: dict[str, object], words: str) -> None:
    assert f"  {words}\n" in banner(Settings.of(**settings), [], engine, "app:app")


def test_threads_beside_an_event_loop() -> None:
    for engine, words in (
        ("pool", "one thread for all connections, beside the application's event loop"),
        ("auto", "one thread for all connections, and a watch over the application's event loop"),
        ("epoll", "one thread for all connections"),
    ):
        assert f"  engine {engine}: {words}\n" in banner(Settings.of(), [], engine, "app:app", asgi=True)


def test_where_the_status_page_is() -> None:
    url = "http://127.0.0.1:8089/"
    said = banner(Settings.of(), [], "auto", "app:app", status_page=url)
    assert f"\n  status page {url}\n" in said
    guarded = banner(Settings.of(status_token="open-sesame"), [], "auto", "app:app", status_page=url)
    assert f"\n  status page {url}?token=TOKEN\n" in guarded


def test_a_free_threaded_interpreter_is_told_of_where_this_process_serves(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("gearshift.cli.banner.is_free_threaded", lambda: True)
    monkeypatch.setattr("gearshift.cli.banner.interpreter_in_words", lambda: "CPython 3.14.7 free-threaded")
    assert "\n  CPython 3.14.7 free-threaded\n" in banner(Settings.of(), [], "pool", "app:app")
    assert "CPython" not in banner(Settings.of(), [], "pool", "app:app", workers=[1, 2])
