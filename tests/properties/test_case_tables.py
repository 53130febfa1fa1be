"""The conformance suite's tables against the bare core: no server, no socket, so every cut of every case."""

from __future__ import annotations

import pytest

from gearshift.http.refusals import REASONS
from gearshift.http.states import Event
from tests.conformance.cases import (
    BEHIND,
    Accepted,
    Refused,
    chunked,
    fields,
    foreign,
    framing,
    request_lines,
)
from tests.properties.reading import bytewise, read, split

TABLES = [request_lines, fields, framing, chunked, foreign]
REFUSED = [pytest.param(case, id=case.name) for table in TABLES for case in table.REFUSED]
ACCEPTED = [pytest.param(case, id=case.name) for table in TABLES for case in getattr(table, "ACCEPTED", ())]
LARGE = 3000  # bytes; above, not every cut but every 997th


def cuts(data: bytes) -> list[list[bytes]]:
    """The data whole, byte by byte, and in two at many places."""
    step = 1 if len(data) < 200 else 997 if len(data) > LARGE else 41
    return [[data], bytewise(data), *(split(data, [at]) for at in range(1, len(data), step))]


@pytest.mark.parametrize("behind", [b"", BEHIND], ids=["alone", "behind"])
@pytest.mark.parametrize("case", REFUSED)
def test_refused_in_every_cut(case: Refused, behind: bytes) -> None:
    verdicts = set()
    for pieces in cuts(case.data + behind):
        outcome = read(pieces)
        assert outcome.last == Event.REFUSED
        assert REASONS[outcome.refusal][0] in case.statuses
        # A fault in the body shows after the head; that body must never look whole.
        assert outcome.bodies == ([None] if case.body else [])
        verdicts.add(outcome.refusal)
    assert len(verdicts) == 1


@pytest.mark.parametrize("case", ACCEPTED)
def test_accepted_in_every_cut(case: Accepted) -> None:
    whole = read([case.data + BEHIND])
    assert [message.target for message in whole.messages][1:] == [b"/hello/behind"]
    assert whole.last == Event.NEED_DATA
    if whole.messages[0].path == b"/echo":
        assert whole.bodies[0] == case.answer
    for pieces in cuts(case.data + BEHIND):
        assert read(pieces) == whole
