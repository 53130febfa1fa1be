"""Unusual inputs the core must accept: strict, not stubborn."""

from __future__ import annotations

import pytest

from tests.conformance.cases import BEHIND, Accepted, chunked, fields, framing, request_lines
from tests.support.servers import Running

TABLES = {
    "request-line": request_lines.ACCEPTED,
    "fields": fields.ACCEPTED,
    "framing": framing.ACCEPTED,
    "chunked": chunked.ACCEPTED,
}
CASES = [pytest.param(case, id=f"{table}-{case.name}") for table, cases in TABLES.items() for case in cases]


@pytest.mark.parametrize("mode", ["whole", "bytes", "split", "behind"])
@pytest.mark.parametrize("case", CASES)
def test_accepted(case: Accepted, mode: str, site: Running) -> None:
    with site.connect() as wire:
        if mode == "bytes" and len(case.data) <= 2048:
            wire.send_bytewise(case.data)
        elif mode in ("bytes", "split"):
            wire.send_split(case.data, seed=len(case.data))
        elif mode == "behind":
            wire.send(case.data + BEHIND)
        else:
            wire.send(case.data)
        answer = wire.answer()
        assert answer.status == 200
        assert answer.body == case.answer
        if not case.persists:
            assert wire.read_to_end() == (b"", False)
        else:
            assert not answer.closes
            if mode != "behind":
                wire.send(BEHIND)
            assert wire.answer().body == b"hello"
    assert site.probe.finished[1:] == (["/hello/behind"] if case.persists else [])
