"""The table of the protocol's states: what may follow what, and that the drawing above it says the same."""

import re

import pytest

from gearshift.http import states
from gearshift.http.states import TRANSITIONS, Event, Framing, Reading, may_move

BODY = {Reading.SIZED_BODY, Reading.CHUNK_SIZE, Reading.CHUNK_DATA, Reading.CHUNK_END, Reading.TRAILERS}
FINAL = {Reading.BROKEN, Reading.ENDED}
# RFC 9112: a head, then the body that its framing fields announce, then the next head. (A head that turns out to be the
# preface of HTTP/2 is given back.)
FORWARD = {
    Reading.BETWEEN: {Reading.HEAD},
    Reading.HEAD: {Reading.SIZED_BODY, Reading.CHUNK_SIZE, Reading.COMPLETE, Reading.BETWEEN},
    Reading.SIZED_BODY: {Reading.COMPLETE},
    Reading.CHUNK_SIZE: {Reading.CHUNK_DATA, Reading.TRAILERS},
    Reading.CHUNK_DATA: {Reading.CHUNK_END},
    Reading.CHUNK_END: {Reading.CHUNK_SIZE},
    Reading.TRAILERS: {Reading.COMPLETE},
    Reading.COMPLETE: {Reading.BETWEEN, Reading.UPGRADED},  # RFC 9110 section 7.8
}
PAIRS = [(origin, target) for origin in Reading for target in Reading]


def allowed(origin: Reading, target: Reading) -> bool:
    return target in FORWARD.get(origin, set()) or (target in FINAL and origin not in FINAL)


def test_the_table_names_every_state() -> None:
    assert set(TRANSITIONS) == set(Reading)


@pytest.mark.parametrize(("origin", "target"), PAIRS, ids=[f"{a.name}-{b.name}" for a, b in PAIRS])
def test_every_pair_is_allowed_or_forbidden(origin: Reading, target: Reading) -> None:
    assert (target in TRANSITIONS[origin]) is allowed(origin, target)


@pytest.mark.parametrize(("origin", "target"), PAIRS, ids=[f"{a.name}-{b.name}" for a, b in PAIRS])
def test_the_compiled_table_is_the_same(origin: Reading, target: Reading) -> None:
    assert may_move(origin, target) is (target in TRANSITIONS[origin])


def test_no_state_is_a_dead_end_but_the_final_ones() -> None:
    for state in Reading:
        reached, edge = {state}, {state}
        while edge:
            edge = {target for origin in edge for target in TRANSITIONS[origin]} - reached
            reached |= edge
        if state in FINAL:
            assert reached == {state}
        elif state is Reading.UPGRADED:
            assert reached == {state} | FINAL
        else:
            assert reached == set(Reading)


def test_the_drawing_names_every_state_and_no_other() -> None:
    assert states.__doc__ is not None
    drawing = states.__doc__.replace("CHUNK_DATA/_END", "CHUNK_DATA CHUNK_END")
    drawn = set(re.findall(r"\b[A-Z]{2,}(?:_[A-Z]+)*\b", drawing))
    assert drawn == set(Reading.__members__)


def test_the_drawing_shows_the_moves_of_the_table() -> None:
    """Along the drawing's lines, read as it is laid out."""
    assert states.__doc__ is not None
    lines = [line.strip() for line in states.__doc__.splitlines() if "──" in line]
    trunk = [name for name in re.findall(r"[A-Z_]+", lines[0]) if name in Reading.__members__]
    assert trunk == ["BETWEEN", "HEAD", "SIZED_BODY"]
    assert may_move(Reading.BETWEEN, Reading.HEAD)
    assert "⇄" in lines[1]
    assert lines[1].endswith("COMPLETE ──> BETWEEN")
    for state in BODY:
        assert re.search(rf"\b{state.name.removeprefix('CHUNK')}\b", states.__doc__.replace("CHUNK", ""))


def test_events_and_framings_are_told_apart() -> None:
    assert [event.name for event in Event] == [
        "NEED_DATA",
        "REQUEST",
        "BODY",
        "END_OF_BODY",
        "PAUSED",
        "REFUSED",
        "CLOSED",
        "PREFACE",
    ]
    assert len(set(Framing)) == len(Framing.__members__) == 6
