"""Limits hold exactly: what is at the limit is served, one more is refused, however it is cut."""

from __future__ import annotations

import pytest

from tests.conformance.conftest import Serve
from tests.support.servers import Running
from tests.support.wire import Wire, request

HEAD, FIELDS, FIELD, TARGET = 1000, 10, 200, 100


@pytest.fixture
def limited(serve_probe: Serve) -> Running:
    """A server with small limits."""
    return serve_probe(limit_head=HEAD, limit_fields=FIELDS, limit_field=FIELD, limit_target=TARGET)


def of_head(size: int) -> bytes:
    """A request whose head, from its first octet to the end of the empty line, has this size."""
    fields = [f"X-{number}: {'a' * 150}" for number in range(5)]
    rest = size - len(request("/hello", *fields, "X-Last: "))
    assert 0 <= rest < FIELD - 8
    return request("/hello", *fields, "X-Last: " + "a" * rest)


def of_fields(count: int) -> bytes:
    """A request with this many fields."""
    return request("/hello", *(f"X-{number}: a" for number in range(count - 1)))


def of_field(size: int) -> bytes:
    """A request with a field line of this size, its line end not counted."""
    return request("/hello", "X: " + "a" * (size - 3))


def of_field_name(size: int) -> bytes:
    """The same with a long name instead of a long value."""
    return request("/hello", "a" * (size - 3) + ": a")


def of_target(size: int) -> bytes:
    """A request with a target of this size."""
    return request("/" + "a" * (size - 1))


def of_query(size: int) -> bytes:
    """The same with a query."""
    return request("/?" + "a" * (size - 2))


EDGES = [
    (of_head, HEAD, 431),
    (of_fields, FIELDS, 431),
    (of_field, FIELD, 431),
    (of_field_name, FIELD, 431),
    (of_target, TARGET, 414),
    (of_query, TARGET, 414),
]


def send(wire: Wire, data: bytes, mode: str) -> None:
    if mode == "bytes":
        wire.send_bytewise(data)
    else:
        wire.send(data)


@pytest.mark.parametrize("mode", ["whole", "bytes"])
@pytest.mark.parametrize(("make", "limit", "status"), EDGES, ids=[make.__name__ for make, _, _ in EDGES])
def test_exactly_at_the_limit(make, limit: int, status: int, mode: str, limited: Running) -> None:
    with limited.connect() as wire:
        send(wire, make(limit) + make(limit), mode)
        assert [wire.answer().status, wire.answer().status] == [200, 200]


@pytest.mark.parametrize("mode", ["whole", "bytes", "behind"])
@pytest.mark.parametrize(("make", "limit", "status"), EDGES, ids=[make.__name__ for make, _, _ in EDGES])
def test_one_over_the_limit(make, limit: int, status: int, mode: str, limited: Running) -> None:
    with limited.connect() as wire:
        send(wire, make(limit + 1) + (request() if mode == "behind" else b""), mode)
        answer = wire.read_to_end().only_answer()
    assert answer.status == status
    assert answer.closes
    assert limited.probe.started == []


@pytest.mark.parametrize(("make", "limit", "status"), EDGES, ids=[make.__name__ for make, _, _ in EDGES])
def test_one_over_the_limit_behind_a_good_request(make, limit: int, status: int, limited: Running) -> None:
    with limited.connect() as wire:
        wire.send(make(limit) + make(limit + 1))
        assert [answer.status for answer in wire.read_to_end().answers()] == [200, status]


def test_refused_before_the_line_ends(limited: Running) -> None:
    """Not even an endless line is collected."""
    for data, status in ((b"GET /" + b"a" * 200, 414), (request()[:-2] + b"X: " + b"a" * 300, 431)):
        with limited.connect() as wire:
            wire.send(data)
            assert wire.read_to_end().only_answer().status == status


def test_endless_method(limited: Running) -> None:
    with limited.connect() as wire:
        wire.send(b"A" * 2000)
        assert wire.read_to_end().only_answer().status in (400, 414, 431, 501)


@pytest.mark.parametrize("size", [5 * 1024 * 1024])
def test_huge_heads_are_answered(size: int, site: Running) -> None:
    """A client that pours a head of megabytes still gets to read why it was refused, unless it never stops."""
    with site.connect() as wire:
        ending = wire.ask_to_end(request()[:-2] + b"X: " + b"a" * size)
    assert ending.data.startswith(b"HTTP/1.1 431 ")
    assert ending.data.count(b"HTTP/1.1 ") == 1
