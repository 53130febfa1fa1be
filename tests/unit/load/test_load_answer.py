"""The reader of answers beside h11: whatever is valid ends at the same byte, however it is cut."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gearshift.load.answer import AnswerReader

BEHIND = b"HTTP/1.1 599 The next\r\n\r\n"


class Judged(NamedTuple):
    """What is found of an answer. size: bytes that belong to it; None where it goes on to the end."""

    status: int
    size: int | None
    keeps_alive: bool


def judge(data: bytes, method: str) -> Judged:
    """h11's opinion of the answer that the bytes begin with. Raises h11.RemoteProtocolError."""
    connection = h11.Connection(h11.CLIENT)
    connection.send(h11.Request(method=method, target="/", headers=[("Host", "x")]))
    connection.send(h11.EndOfMessage())
    connection.receive_data(data)
    status = 0
    old = False
    while True:
        event = connection.next_event()
        if isinstance(event, h11.Response):
            status = event.status_code
            # h11 keeps no connection of HTTP/1.0, whatever that says (RFC 9112 section 9.3 lets it be kept).
            old = event.http_version == b"1.0" and (b"connection", b"keep-alive") in event.headers
        elif isinstance(event, h11.EndOfMessage):
            closing = connection.their_state is h11.MUST_CLOSE
            return Judged(status, len(data) - len(connection.trailing_data[0]), old or not closing)
        elif event is h11.NEED_DATA:
            connection.receive_data(b"")
            assert isinstance(connection.next_event(), h11.EndOfMessage)
            return Judged(status, None, False)


def read(data: bytes, method: str, cuts: list[int]) -> Judged:
    """Ours, given the bytes in pieces."""
    reader = AnswerReader(method == "HEAD")
    bounds = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    used = 0
    for start, stop in pairwise(bounds):
        taken = reader.feed(data[start:stop])
        used += taken
        if reader.whole:
            return Judged(reader.status, used, reader.keeps_alive)
        assert taken == stop - start
    assert reader.end()
    return Judged(reader.status, None, reader.keeps_alive)


TEXT = st.text("abcXYZ019 ,;=/-", max_size=12).map(str.strip)
NAMES = st.sampled_from(
    ["Server", "X-A", "Date", "ETag", "Connection-X", "content-lengths", "Transfer_Encoding"]
)
FIELDS = st.lists(st.tuples(NAMES, TEXT), max_size=4)
CONNECTION = st.sampled_from([None, "close", "keep-alive", "Close", "x, close", "upgrade"])
SPACES = st.sampled_from(["", " ", "\t", "  "])
BODY = st.binary(max_size=60)


@st.composite
def chunked(draw: st.DrawFn, body: bytes) -> bytes:
    pieces = []
    while body:
        size = draw(st.integers(1, len(body)))
        extension = draw(st.sampled_from(["", ";a", ";a=b", ';a="b;c"']))
        pieces.append(
            f"{size:{draw(st.sampled_from(['x', 'X', '04x']))}}{extension}\r\n".encode()
            + body[:size]
            + b"\r\n"
        )
        body = body[size:]
    trailer = draw(st.sampled_from([b"", b"X-Sum: 1\r\n"]))
    return b"".join([*pieces, b"0\r\n", trailer, b"\r\n"])


@st.composite
def answers(draw: st.DrawFn) -> bytes:
    """A valid answer, after informational ones perhaps, with any framing."""
    version = draw(st.sampled_from(["1.1", "1.1", "1.0"]))
    status = draw(st.sampled_from([200, 201, 204, 304, 404, 500, 599]))
    fields = [f"{name}:{draw(SPACES)}{value}{draw(SPACES)}" for name, value in draw(FIELDS)]
    connection = draw(CONNECTION)
    if connection is not None:
        fields.append(f"Connection: {connection}")
    body = draw(BODY)
    framing = draw(st.sampled_from(["length", "lengths", "chunked", "close"]))
    if framing.startswith("length"):
        fields += [f"Content-Length:{draw(SPACES)}{len(body)}"] * (2 if framing == "lengths" else 1)
    elif framing == "chunked":
        fields.append(f"Transfer-Encoding: {draw(st.sampled_from(['chunked', 'Chunked']))}")
        body = draw(chunked(body))
    if status in (204, 304):
        body = b""
    fields = draw(st.permutations(fields))
    informational = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * draw(st.integers(0, 2))
    reason = draw(st.sampled_from([" OK", " Not so well", " ", ""]))
    head = "\r\n".join([f"HTTP/{version} {status}{reason}", *fields, "", ""])
    return informational + head.encode() + body


@given(answers(), st.sampled_from(["GET", "HEAD", "POST"]), st.lists(st.integers(0, 10_000), max_size=6))
def test_valid_answers_end_where_h11_says(data: bytes, method: str, cuts: list[int]) -> None:
    judged = judge(data + BEHIND, method)
    assert read(data + BEHIND, method, cuts) == judged
    assert read(data + BEHIND, method, list(range(len(data)))) == judged  # byte by byte


@given(answers(), st.data())
def test_what_breaks_off_is_not_whole(data: bytes, more: st.DataObject) -> None:
    judged = judge(data, "GET")
    stop = more.draw(st.integers(0, len(data) - 1))
    reader = AnswerReader()
    reader.feed(data[:stop])
    head = data.rindex(b"\r\n\r\n") + 4 if judged.size is None else len(data)
    if judged.size is None and b"\r\n\r\n" in data[:stop] and reader.end():
        assert reader.status == judged.status  # only the end delimits it, so every end is one
        return
    assert stop < head
    assert not reader.whole


@given(answers(), st.integers(0, 10_000), st.binary(min_size=1, max_size=3))
def test_damage_that_h11_accepts_we_read_alike_or_refuse(data: bytes, place: int, damage: bytes) -> None:
    """Never another end of the answer: that would take a piece of a body for an answer."""
    place %= len(data)
    damaged = data[:place] + damage + data[place + len(damage) :] + BEHIND
    try:
        judged = judge(damaged, "GET")
    except (h11.RemoteProtocolError, AssertionError):
        return
    try:
        found = read(damaged, "GET", [])
    except (ValueError, AssertionError):
        return
    assert (found.status, found.size) == (judged.status, judged.size)


MALFORMED = {
    "another protocol": b"SSH-2.0-OpenSSH_9.2\r\n",
    "another protocol without a line end": b"\x00\x00\x12\x04",
    "HTTP/2": b"HTTP/2.0 200 OK\r\n\r\n",
    "no status": b"HTTP/1.1 OK\r\n\r\n",
    "a status of two digits": b"HTTP/1.1 20 OK\r\n\r\n",
    "a status of four digits": b"HTTP/1.1 2000 OK\r\n\r\n",
    "a field without a colon": b"HTTP/1.1 200 OK\r\nServer\r\n\r\n",
    "a space before the colon": b"HTTP/1.1 200 OK\r\nContent-Length : 0\r\n\r\n",
    "a NUL": b"HTTP/1.1 200 OK\r\nServer: a\0b\r\n\r\n",
    "a negative length": b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
    "a length of letters": b"HTTP/1.1 200 OK\r\nContent-Length: ten\r\n\r\n",
    "an empty length": b"HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    "two lengths in a list": b"HTTP/1.1 200 OK\r\nContent-Length: 1, 2\r\n\r\n",
    "a folded length": b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n 2\r\n\r\n",
    "another coding": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
    "chunked twice": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
    "a chunk size of letters": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
    "a chunk longer than it says": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n",
    "a switch nobody asked for": b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
    "a head without end": b"HTTP/1.1 200 OK\r\n" + b"X: 1\r\n" * 50_000,
    "a line without end": b"HTTP/1.1 200 OK\r\nX: " + b"1" * 300_000,
}


@pytest.mark.parametrize("data", MALFORMED.values(), ids=MALFORMED)
@pytest.mark.parametrize("piece", [1, 1000, 1_000_000])
def test_malformed_answers_are_refused(data: bytes, piece: int) -> None:
    reader = AnswerReader()

    def feed_all() -> None:
        for start in range(0, len(data), piece):
            reader.feed(data[start : start + piece])

    with pytest.raises(ValueError, match="malformed answer"):
        feed_all()
    assert not reader.whole
    assert not reader.end()
    with pytest.raises(ValueError, match="malformed answer"):
        reader.feed(b"HTTP/1.1 200 OK\r\n\r\n")


def test_bare_line_feeds_may_end_the_lines_of_a_head() -> None:
    reader = AnswerReader()
    data = b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok"
    assert reader.feed(data + b"HTTP") == len(data)
    assert reader.whole


def test_chunked_wins_over_a_length() -> None:
    data = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n"
    reader = AnswerReader()
    assert reader.feed(data + BEHIND) == len(data)
    assert reader.whole
