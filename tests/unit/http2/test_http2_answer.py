"""Answers of inner connections, read whole and in pieces."""

from __future__ import annotations

from typing import Any

import pytest

from gearshift.http2.answer import AnswerReader, BrokenAnswer, Part, Told

SIZED = b"HTTP/1.1 200 OK\r\nServer: gearshift\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX: y\r\n\r\n"
    b"5\r\nhello\r\nA\r\n0123456789\r\n0\r\nX-Sum: 1\r\n\r\n"
)


def read(data: bytes, method: bytes = b"GET", size: int = 0) -> tuple[AnswerReader, list[tuple[Told, Any]]]:
    """All of it, or `size` bytes at a time; pieces of the body are joined."""
    reader = AnswerReader(method)
    events: list[tuple[Told, Any]] = []
    step = size or max(len(data), 1)
    for start in range(0, len(data), step):
        for kind, what in reader.read(data[start : start + step]):
            if kind == Told.DATA and events and events[-1][0] == Told.DATA:
                events[-1] = (kind, events[-1][1] + what)
            else:
                events.append((kind, what))
    return reader, events


@pytest.mark.parametrize("size", [0, 1, 3])
def test_a_sized_one(size: int) -> None:
    reader, events = read(SIZED, size=size)
    head = [(b":status", b"200"), (b"server", b"gearshift"), (b"content-length", b"5")]
    assert events == [(Told.FINAL, head), (Told.DATA, b"hello")]
    assert (reader.part, reader.keeps) == (Part.DONE, True)


@pytest.mark.parametrize("size", [0, 1, 3])
def test_a_chunked_one_with_trailers(size: int) -> None:
    reader, events = read(CHUNKED, size=size)
    assert events == [
        (Told.FINAL, [(b":status", b"200"), (b"x", b"y")]),
        (Told.DATA, b"hello0123456789"),
        (Told.TRAILING, [(b"x-sum", b"1")]),
    ]
    assert reader.part == Part.DONE


@pytest.mark.parametrize("size", [0, 1])
def test_interim_ones_before_it(size: int) -> None:
    hint = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    reader, events = read(b"HTTP/1.1 100 Continue\r\n\r\n" + hint + SIZED, size=size)
    assert [kind for kind, _ in events] == [Told.INTERIM, Told.INTERIM, Told.FINAL, Told.DATA]
    assert events[1][1] == [(b":status", b"103"), (b"link", b"</a>")]
    assert reader.part == Part.DONE


@pytest.mark.parametrize(
    ("method", "data"),
    [
        (b"HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"),
        (b"GET", b"HTTP/1.1 204 No Content\r\n\r\n"),
        (b"GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"),
        (b"GET", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
    ],
)
def test_ones_without_content(method: bytes, data: bytes) -> None:
    assert read(data, method)[0].part == Part.DONE


def test_the_last_one_of_a_connection() -> None:
    reader, events = read(SIZED.replace(b"Server", b"Connection: close\r\nServer"))
    assert not reader.keeps
    assert b"connection" not in dict(events[0][1])


def test_a_tunnel_has_no_end_of_its_own() -> None:
    reader, events = read(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\nframes")
    assert events[1:] == [(Told.DATA, b"frames")]
    assert reader.read(b"more") == [(Told.DATA, b"more")]
    assert not reader.keeps
    reader.end()
    assert reader.part == Part.DONE


@pytest.mark.parametrize("cut", range(1, len(CHUNKED)))
def test_one_that_is_cut_short_is_broken(cut: int) -> None:
    reader, _ = read(CHUNKED[:cut])
    with pytest.raises(BrokenAnswer):
        reader.end()


@pytest.mark.parametrize(
    "data",
    [
        SIZED + b"x",
        b"HTTP/1.0 200 OK\r\n\r\n",
        b"HTTP/1.1 2x0 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\nno framing",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        CHUNKED.replace(b"5\r\nhello", b"-5\r\nhello"),
        CHUNKED.replace(b"5\r\nhello", b"4\r\nhello"),
        b"x" * 2_000_000,
    ],
)
def test_what_is_no_answer(data: bytes) -> None:
    with pytest.raises(BrokenAnswer):
        read(data)
