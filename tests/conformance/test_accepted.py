"""Unusual inputs the core must accept: strict, not stubborn."""

from __future__ import annotations

import pytest

from tests.conformance.cases import BEHIND, Accepted, chunked, fields, framing, request_lines
from tests.support.servers import Running
from tests.support.wire import Wire

TABLES = {
    "request-line": request_lines.ACCEPTED,
    "fields": fields.ACCEPTED,
    "framing": framing.ACCEPTED,
    "chunked": chunked.ACCEPTED,
}
CASES = [pytest.param(case, id=f"{table}-{case.name}") for table, cases in TABLES.items() for case in cases]


def send(wire: Wire, data: bytes, mode: str) -> None:
    if mode == "byte by byte" and len(data) <= 2048:
        wire.send_bytewise(data)
    elif mode in ("byte by byte", "split"):
        wire.send_split(data, seed=len(data))
    elif mode == "with a request behind":
        wire.send(data + BEHIND)
    else:
        wire.send(data)


@pytest.mark.parametrize("case", CASES)
def test_accepted(case: Accepted, site: Running) -> None:
    for mode in ("whole", "byte by byte", "split", "with a request behind"):
        site.begin()
        with site.connect() as wire:
            send(wire, case.data, mode)
            answer = wire.answer()
            assert answer.status == 200, mode
            assert answer.body == case.answer, mode
            if not case.persists:
                assert wire.read_to_end() == (b"", False), mode
            else:
                assert not answer.closes, mode
                if mode != "with a request behind":
                    wire.send(BEHIND)
                assert wire.answer().body == b"hello", mode
        assert site.probe.finished[1:] == (["/hello/behind"] if case.persists else []), mode
