"""Every input the core must refuse, on every engine: one answer, then the end."""

from __future__ import annotations

import pytest

from tests.conformance.cases import BEHIND, Refused, chunked, fields, foreign, framing, request_lines
from tests.conformance.conftest import Serve
from tests.support.answers import check_date
from tests.support.servers import Running
from tests.support.wire import Wire

TABLES = {
    "request-line": request_lines.REFUSED,
    "fields": fields.REFUSED,
    "framing": framing.REFUSED,
    "chunked": chunked.REFUSED,
    "foreign": foreign.REFUSED,
}
NAMED = [(f"{table}-{case.name}", case) for table, cases in TABLES.items() for case in cases]
# What is refused before an application is called can't tell its interface: of these every fourth is enough for ASGI,
# whose loops read by themselves.
CASES = [
    pytest.param(case, interface, id=f"{name}-{interface}")
    for number, (name, case) in enumerate(NAMED)
    for interface in (("wsgi", "asgi") if case.body or number % 4 == 0 else ("wsgi",))
]
# One segment a byte is worth its time up to here; larger inputs are split at random places.
BYTEWISE = 2048


def send_whole(wire: Wire, data: bytes) -> None:
    wire.send(data)


def send_bytewise(wire: Wire, data: bytes) -> None:
    if len(data) <= BYTEWISE:
        wire.send_bytewise(data)
    else:
        wire.send_split(data, seed=len(data), pieces=40)


def send_with_request_behind(wire: Wire, data: bytes) -> None:
    wire.send(data + BEHIND)


SENDINGS = {
    "whole": send_whole,
    "byte by byte": send_bytewise,
    "with a request behind": send_with_request_behind,
}


@pytest.mark.parametrize(("case", "interface"), CASES, indirect=["interface"])
def test_refused(case: Refused, serve_probe: Serve) -> None:
    # Over HTTP/2 the preface is no request that could be refused.
    site = serve_probe(http2="off") if case.data.startswith(b"PRI ") else serve_probe()
    for sending, send in SENDINGS.items():
        with site.connect() as wire:
            send(wire, case.data)
            ending = wire.read_to_end()
            # Nothing that we sent may have met a closed socket: its RST would destroy the answer (RFC 9112 9.6).
            assert not wire.refused_bytes, sending
        answer = ending.only_answer()
        assert answer.status in case.statuses, sending
        assert answer.connection == b"close", sending
        check_date(answer)
        assert site.probe.finished == [], sending
        if not case.body:
            assert site.probe.started == [], sending


def test_names_are_unique() -> None:
    for table, cases in TABLES.items():
        names = [case.name for case in cases]
        assert len(names) == len(set(names)), table


def test_refused_is_no_error_of_ours(site: Running) -> None:
    with site.connect() as wire:
        wire.send(b"GET / HTTP/1.1\r\nbad name: x\r\n\r\n")
        wire.read_to_end().only_answer()
    assert "Traceback" not in site.log()
    assert "ERROR" not in site.log().upper()
