"""The epoll engine as the selector of somebody else's loop: it reports what is foreign and serves the rest."""

import os
import threading
import time

import pytest


@pytest.fixture
def selector(prepare):
    """An epoll engine that has begun to accept, driven by the test itself."""
    running = prepare("epoll")
    running.engine.begin()
    return running


@pytest.fixture
def pipe():
    """A pipe's two ends, the reading one first."""
    ends = os.pipe()
    yield ends
    for end in ends:
        os.close(end)


def test_it_says_that_it_can_be_one(selector) -> None:
    assert selector.engine.is_selector is True
    assert selector.engine.stopped is False


@pytest.mark.parametrize("engine", ["thread", "pool"])
def test_the_others_say_that_they_cannot(engine: str, prepare) -> None:
    assert prepare(engine).engine.is_selector is False


def test_nothing_ready_is_an_empty_list(selector) -> None:
    assert selector.engine.select(0) == []


def test_it_waits_no_longer_than_it_is_told(selector) -> None:
    began = time.monotonic()
    assert selector.engine.select(0.05) == []
    assert time.monotonic() - began >= 0.05


def test_readable_and_writable(selector, pipe) -> None:
    reading, writing = pipe
    selector.engine.watch_foreign(reading, True, False, False)
    selector.engine.watch_foreign(writing, False, True, False)
    assert selector.engine.select(1) == [(writing, False, True)]
    os.write(writing, b"x")
    assert sorted(selector.engine.select(1)) == sorted([(reading, True, False), (writing, False, True)])


def test_what_is_watched_can_change(selector, pipe) -> None:
    _, writing = pipe
    selector.engine.watch_foreign(writing, False, True, False)
    selector.engine.watch_foreign(writing, False, False, True)
    assert selector.engine.select(0) == []
    selector.engine.watch_foreign(writing, False, True, True)
    assert selector.engine.select(0) == [(writing, False, True)]
    selector.engine.forget_foreign(writing)
    assert selector.engine.select(0) == []


def test_the_other_end_s_going_is_told_to_readers_and_writers(selector) -> None:
    reading, writing = os.pipe()
    selector.engine.watch_foreign(reading, True, False, False)
    os.close(writing)
    [(descriptor, readable, _)] = selector.engine.select(1)
    assert (descriptor, readable) == (reading, True)
    selector.engine.forget_foreign(reading)
    os.close(reading)


def test_what_cannot_be_watched_is_an_error(selector, pipe, tmp_path) -> None:
    with pytest.raises(OSError, match="can't watch descriptor 9999"):
        selector.engine.watch_foreign(9999, True, False, False)
    with (tmp_path / "file").open("wb") as file, pytest.raises(PermissionError):
        selector.engine.watch_foreign(file.fileno(), True, False, False)
    with pytest.raises(FileNotFoundError):
        selector.engine.watch_foreign(pipe[0], True, False, True)


def test_forgetting_a_stranger_is_harmless(selector) -> None:
    selector.engine.forget_foreign(9999)


def test_an_interruption_ends_a_wait_without_end(selector) -> None:
    ended = threading.Event()

    def wait() -> None:
        selector.engine.select(-1)
        ended.set()

    thread = threading.Thread(target=wait)
    thread.start()
    selector.engine.interrupt()
    thread.join(10)
    assert ended.is_set()


def test_it_serves_while_it_selects(selector) -> None:
    client = selector.connect()
    client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    for _ in range(100):
        assert selector.engine.select(0.01) == []
        if selector.engine.connections == 0:
            break
    assert client.recv(65536).endswith(b"hello")


def test_it_says_when_it_has_stopped(selector) -> None:
    selector.engine.drain(1)
    for _ in range(3):
        selector.engine.select(0)
    assert selector.engine.stopped is True
