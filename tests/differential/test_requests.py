"""Where Gearshift accepts a request, h11 and httptools read the same in it; where it refuses one, it says why.

Each difference stands in a table here with the rule that justifies it. A difference that is in none is a flaw of
somebody's, and the test shows the bytes.
"""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings

from tests.conformance.cases import chunked, fields, foreign, framing, request_lines
from tests.differential.peers import Seen, Verdict, by_gearshift, by_h11, by_httptools
from tests.fuzz.fuzz_protocol import CORPUS
from tests.fuzz.running import mutate
from tests.properties.strategies import Request, mutated, requests

MUTATIONS = 4000
Peer = Callable[[bytes], Verdict]
PEERS = [pytest.param(by_h11, id="h11"), pytest.param(by_httptools, id="httptools")]

# Why Gearshift refuses what another parser may accept.
JUSTIFIED = {
    "BARE_LINE_END": "RFC 9112 2.2 lets a recipient take a bare LF for a line end; who does not reads another message",
    "BLANK_LINES": "RFC 9112 2.2: at least one empty line is ignored; two are enough",
    "BODY_TOO_LONG": "a limit of this server: RFC 9110 15.5.14",
    "CHUNK_EXTENSION": "RFC 9112 7.1.1: an extension is tokens and quoted strings, and a recipient limits its length",
    "CHUNK_NOT_ENDED": "RFC 9112 7.1: chunk data is followed by exactly CRLF",
    "CHUNK_SIZE_INVALID": "RFC 9112 7.1: hexadecimal digits only, and no overflow by too many of them",
    "CODING_INVALID": "RFC 9112 6.1: a coding that two implementations may read differently",
    "CODING_IN_HTTP10": "RFC 9112 6.1: Transfer-Encoding in HTTP/1.0 is faulty framing",
    "CODING_UNKNOWN": "RFC 9112 6.1: 501 for a coding that is not decoded here",
    "CONNECT_REFUSED": "RFC 9110 9.3.6: CONNECT is for proxies",
    "CONTROL_CHARACTER": "RFC 9110 5.5: CR, LF and NUL are refused; other control characters may be, and are",
    "EXPECTATION": "RFC 9110 10.1.1: 417 for an expectation that is not 100-continue",
    "FIELD_LINE": "RFC 9112 5.2: obsolete line folding is refused; 2.2: so is white space before the first field",
    "FIELD_NAME": "RFC 9112 5.1: no white space before the colon",
    "FIELD_TOO_LONG": "a limit of this server: RFC 6585 5",
    "HEAD_TOO_LONG": "a limit of this server: RFC 6585 5",
    "HOST_INVALID": "RFC 9112 3.2: 400 for a Host that is none",
    "HOST_MISSING": "RFC 9112 3.2: 400 without Host in HTTP/1.1, which 1.2 and up are read as (RFC 9110 2.5)",
    "HOST_TWICE": "RFC 9112 3.2: 400 for more than one Host, whatever the version",
    "HTTP2_PREFACE": "RFC 9113 3.4: these bytes are no request",
    "LENGTH_AND_CODING": "RFC 9112 6.3: ought to be handled as an error, since it is how requests are smuggled",
    "LENGTH_INVALID": "RFC 9110 8.6: digits only; more than 19 are no length",
    "LENGTH_TWICE": "RFC 9110 8.6: more than one Content-Length may be refused, equal ones too",
    "METHOD": "RFC 9110 9.1: a method is a token; nothing stands before it",
    "METHOD_TOO_LONG": "a limit of this server: RFC 9110 15.6.2",
    "MISDIRECTED": "RFC 9110 7.4: https is refused on what is not secured",
    "REQUEST_LINE": "RFC 9112 3: method SP target SP version; HTTP/0.9 is not spoken",
    "TARGET": "RFC 9112 3.2: four forms, of visible characters, without a fragment or user information",
    "TARGET_TOO_LONG": "a limit of this server: RFC 9110 15.5.15",
    "TOO_MANY_FIELDS": "a limit of this server: RFC 6585 5",
    "TRAILER_INVALID": "RFC 9110 6.5.1: trailers are held to the rules of headers, and frame nothing",
    "VERSION": "RFC 9112 2.3: HTTP/DIGIT.DIGIT, in upper case, behind exactly one space",
    "VERSION_UNSUPPORTED": "RFC 9110 15.6.6: 505 for another major version",
}
# Which of these were seen to be accepted by whom. What is not here must be refused by that parser too.
LAXER = {
    by_h11: {
        "BARE_LINE_END",
        "CHUNK_EXTENSION",
        "CHUNK_SIZE_INVALID",
        "CODING_INVALID",
        "CODING_IN_HTTP10",
        "CONNECT_REFUSED",
        "CONTROL_CHARACTER",
        "EXPECTATION",
        "FIELD_LINE",
        "FIELD_TOO_LONG",
        "HEAD_TOO_LONG",
        "HOST_INVALID",
        "HOST_MISSING",
        "HTTP2_PREFACE",
        "LENGTH_AND_CODING",
        "LENGTH_INVALID",
        "LENGTH_TWICE",
        "METHOD_TOO_LONG",
        "MISDIRECTED",
        "TARGET",
        "TARGET_TOO_LONG",
        "TOO_MANY_FIELDS",
        "TRAILER_INVALID",
        "VERSION_UNSUPPORTED",
    },
    by_httptools: {
        "BARE_LINE_END",
        "BLANK_LINES",
        "CHUNK_EXTENSION",
        "CHUNK_SIZE_INVALID",
        "CODING_INVALID",
        "CODING_IN_HTTP10",
        "CODING_UNKNOWN",
        "CONNECT_REFUSED",
        "EXPECTATION",
        "FIELD_TOO_LONG",
        "HEAD_TOO_LONG",
        "HOST_INVALID",
        "HOST_MISSING",
        "HOST_TWICE",
        "LENGTH_INVALID",
        "METHOD",
        "MISDIRECTED",
        "REQUEST_LINE",
        "TARGET",
        "TARGET_TOO_LONG",
        "TOO_MANY_FIELDS",
        "TRAILER_INVALID",
        "VERSION",
        "VERSION_UNSUPPORTED",
    },
}
# What Gearshift accepts and another parser does not: how that begins, and why Gearshift is right to.
STRICTER = {
    by_h11: {
        "no request line received": "RFC 9112 2.2: at least one empty line before a request line is ignored",
    },
    by_httptools: {
        "Upgrade": "it stops where another protocol is asked for; RFC 9110 7.8: that may be ignored, and is",
        "Invalid method encountered": "it knows a list of methods; RFC 9110 9.1: any token is one",
        "Expected space after method": "the same, for a token that begins like a method on its list",
        "Invalid HTTP version": "it knows a list of versions; RFC 9110 2.5: 1.2 and up are read as 1.1",
        "Invalid character in chunk extensions": "extensions are read over, RFC 9112 7.1.1; none can end its line",
        "Request has invalid `Transfer-Encoding`": "white space behind a value is no part of it: RFC 9110 5.5",
    },
}


def comparable(seen: Seen, wire: bytes) -> Seen:
    """Without the differences that change no meaning, and without the one that a parser leaves to its user."""
    headers = []
    for name, value in seen.headers:
        if name == b"transfer-encoding":
            value = value.lower()  # h11 hands on the coding in lower case
        if name == b"host" and not seen.target.startswith((b"/", b"*")):
            value = b"the target's"  # RFC 9112 3.2.2: Gearshift has put the target's authority in its place
        headers.append((name, value.rstrip(b" \t")))  # httptools leaves white space behind a value
    return seen._replace(headers=tuple(headers))


def differences(data: bytes, peer: Peer) -> list[str]:
    """What is not accounted for by a table."""
    mine, other = by_gearshift(data), peer(data)
    if mine.seen is not None and mine.seen.body is not None:
        if other.fault:
            known = any(begins in other.fault for begins in STRICTER[peer])
            return [] if known else [f"only Gearshift accepts it; the other says {other.fault}"]
        if other.seen is None:
            return ["only Gearshift finds a whole head"]
        ours, theirs = comparable(mine.seen, data), comparable(other.seen, data)
        return [
            f"{part}: {getattr(ours, part)!r}, the other has {getattr(theirs, part)!r}"
            for part in Seen._fields
            if getattr(ours, part) != getattr(theirs, part)
        ]
    if other.seen is not None and other.seen.body is not None:
        if mine.fault in LAXER[peer]:
            return []
        return [f"only the other accepts it; Gearshift says {mine.fault}"]
    return []


@pytest.mark.parametrize("peer", PEERS)
@given(request=requests())
@settings(derandomize=True, deadline=None)
def test_valid_requests_are_read_alike(peer: Peer, request: Request) -> None:
    mine = by_gearshift(request.wire)
    assert mine.seen is not None
    assert mine.seen.body == request.body
    assert differences(request.wire, peer) == []


@pytest.mark.parametrize("peer", PEERS)
@given(data=mutated)
@settings(derandomize=True, deadline=None)
def test_broken_requests_are_read_alike_or_refused_for_a_reason(peer: Peer, data: bytes) -> None:
    assert differences(data, peer) == []


@pytest.mark.parametrize("peer", PEERS)
def test_mutated_seeds_are_read_alike_or_refused_for_a_reason(peer: Peer) -> None:
    choices = random.Random(9112)
    seeds = [path.read_bytes() for path in sorted(CORPUS.iterdir())]
    for _ in range(MUTATIONS):
        data = mutate(choices.choice(seeds), choices.choice(seeds), choices)
        assert differences(data, peer) == [], data


@pytest.mark.parametrize("peer", PEERS)
@pytest.mark.parametrize(
    "table", [request_lines, fields, framing, chunked, foreign], ids=lambda table: table.__name__
)
def test_the_conformance_tables_differ_for_a_reason(table, peer: Peer) -> None:
    cases = [*table.REFUSED, *getattr(table, "ACCEPTED", ())]
    found = {case.name: differences(case.data, peer) for case in cases}
    assert {name: differing for name, differing in found.items() if differing} == {}


def test_every_difference_is_justified() -> None:
    assert LAXER[by_h11] | LAXER[by_httptools] <= set(JUSTIFIED)


def test_a_difference_would_be_seen() -> None:
    def liar(data: bytes) -> Verdict:
        verdict = by_gearshift(data)
        assert verdict.seen is not None
        return Verdict(verdict.seen._replace(body=b"smuggled"), "")

    data = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
    assert differences(data, liar) == ["body: b'', the other has b'smuggled'"]
