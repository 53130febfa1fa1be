"""The list of cases, and what must come of one."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import NamedTuple

from tests.support.http2 import Http2Client

Body = Callable[[Http2Client], None]
LARGEST_WINDOW = 2**31 - 1
USUAL = b"\x82\x86\x84"  # :method GET, :scheme http, :path /, all from the static table


class Case(NamedTuple):
    """greets: the client has said its preface before `run`."""

    name: str
    run: Body
    greets: bool


CASES: list[Case] = []


def case(name: str, greets: bool = True) -> Callable[[Body], Body]:
    def known(run: Body) -> Body:
        CASES.append(Case(name, run, greets))
        return run

    return known


def connection_error(client: Http2Client, *codes: int) -> None:
    client.until(lambda: client.goaway)
    assert client.goaway is not None, "closed without a GOAWAY"
    assert client.goaway.code in codes
    client.until(lambda: client.closed)
    assert client.closed


def stream_error(client: Http2Client, stream: int, *codes: int) -> None:
    """RST_STREAM; RFC 9113 section 5.4.2 allows a connection error in its place."""
    client.until(lambda: client.stream(stream).code is not None or client.goaway)
    code = client.goaway.code if client.goaway is not None else client.stream(stream).code
    assert code in codes


def answered(client: Http2Client, stream: int = 1) -> None:
    answer = client.answer(stream)
    assert answer.ended
    assert answer.status == b"200"


def lives(client: Http2Client) -> None:
    assert client.still_there()
    assert client.goaway is None


def big_endian(value: int) -> bytes:
    return struct.pack(">I", value)
