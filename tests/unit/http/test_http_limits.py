"""Limits: their defaults, and that each bounds exactly what it is named for, at the byte."""

from collections.abc import Callable

import pytest

from gearshift.http.limits import Limits
from gearshift.http.protocol import Protocol
from gearshift.http.refusals import Refusal
from gearshift.http.states import Event

START = b"GET / HTTP/1.1\r\nHost: a\r\n"


def head_of(size: int) -> bytes:
    return START + b"X: " + b"a" * (size - len(START) - 7) + b"\r\n\r\n"


def fields_of(count: int) -> bytes:
    return START + b"X: a\r\n" * (count - 1) + b"\r\n"


def field_of(size: int) -> bytes:
    return START + b"X: " + b"a" * (size - 3) + b"\r\n\r\n"


def white_space_of(size: int) -> bytes:
    return START + b"X:" + b" " * (size - 3) + b"a\r\n\r\n"


def target_of(size: int) -> bytes:
    return b"GET /" + b"a" * (size - 1) + b" HTTP/1.1\r\nHost: a\r\n\r\n"


def body_of(size: int) -> bytes:
    return START + b"Content-Length: %d\r\n\r\n" % size


def chunk_of(size: int) -> bytes:
    return START + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % size


def trailer_of(size: int) -> bytes:
    body = b"0\r\nX: " + b"a" * (size - 3) + b"\r\n\r\n"
    return START + b"Transfer-Encoding: chunked\r\n\r\n" + body


def trailers_of(count: int) -> bytes:
    return START + b"Transfer-Encoding: chunked\r\n\r\n0\r\n" + b"X: a\r\n" * count + b"\r\n"


def verdict(data: bytes, limits: Limits, cut: int) -> Refusal:
    """How the core refuses the data, or that it does not."""
    protocol = Protocol(limits)
    for at in range(0, len(data), cut):
        protocol.receive(data[at : at + cut])
        while (event := protocol.next_event()) in (Event.REQUEST, Event.BODY, Event.END_OF_BODY):
            pass
        if event == Event.REFUSED:
            break
    return protocol.refusal


EDGES = [
    (head_of, {"head": 300}, 300, Refusal.HEAD_TOO_LONG),
    (fields_of, {"fields": 5}, 5, Refusal.TOO_MANY_FIELDS),
    (fields_of, {"fields": 100}, 100, Refusal.TOO_MANY_FIELDS),
    (field_of, {"field": 100}, 100, Refusal.FIELD_TOO_LONG),
    (white_space_of, {"field": 100}, 100, Refusal.FIELD_TOO_LONG),
    (target_of, {"target": 50}, 50, Refusal.TARGET_TOO_LONG),
    (body_of, {"body": 1000}, 1000, Refusal.BODY_TOO_LONG),
    (chunk_of, {"body": 1000}, 1000, Refusal.BODY_TOO_LONG),
    (trailer_of, {"field": 100}, 100, Refusal.FIELD_TOO_LONG),
    (trailers_of, {"fields": 5}, 5, Refusal.TOO_MANY_FIELDS),
]


@pytest.mark.parametrize("cut", [1, 7, 100000])
@pytest.mark.parametrize(
    ("make", "limits", "edge", "refusal"), EDGES, ids=[f"{edge[0].__name__}-{edge[2]}" for edge in EDGES]
)
def test_the_edge_is_at_the_byte(
    make: Callable[[int], bytes], limits: dict[str, int], edge: int, refusal: Refusal, cut: int
) -> None:
    assert verdict(make(edge), Limits(**limits), cut) == Refusal.NO_REFUSAL
    assert verdict(make(edge + 1), Limits(**limits), cut) == refusal


def test_defaults() -> None:
    limits = Limits()
    assert (limits.head, limits.fields, limits.field, limits.target) == (65536, 128, 16384, 8192)
    assert limits.body == 2**31


def test_all_trailers_together_are_held_to_the_head_s_size() -> None:
    room = START + b"Transfer-Encoding: chunked\r\n\r\n0\r\n"
    lines = b"X: 4567\r\n" * 20
    assert verdict(room + lines + b"\r\n", Limits(head=182), 1) == Refusal.NO_REFUSAL
    assert verdict(room + lines + b"\r\n", Limits(head=181), 1) != Refusal.NO_REFUSAL


@pytest.mark.parametrize("name", ["head", "fields", "field", "target", "body"])
def test_they_cannot_be_changed(name: str) -> None:
    with pytest.raises(AttributeError):
        setattr(Limits(), name, 1)
