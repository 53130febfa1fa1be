"""What costs a client little and the server much has bounds; what is over them ends the connection, and only that."""

from __future__ import annotations

import time

import pytest

from tests.conformance.conftest import Serve
from tests.support.http2 import (
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    ENHANCE_YOUR_CALM,
    HEADERS,
    PING,
    PRIORITY,
    PROTOCOL_ERROR,
    REFUSED_STREAM,
    RST_STREAM,
    SETTINGS,
    Http2Client,
    packed,
)
from tests.support.servers import Running
from tests.support.waiting import eventually

CANCELLED = bytes(3) + b"\x08"


@pytest.fixture(params=("thread", "uring", "auto"))
def engine(request: pytest.FixtureRequest) -> str:
    """One that blocks, one of completions, one of readiness and threads."""
    return str(request.param)


@pytest.fixture
def interface() -> str:
    """Nothing here depends on it."""
    return "wsgi"


def is_told_to_calm_down(client: Http2Client) -> None:
    client.until(lambda: client.closed)
    assert client.goaway is not None
    assert client.goaway.code == ENHANCE_YOUR_CALM


def others_are_served(site: Running) -> None:
    with Http2Client(site.address) as client:
        client.headers(1)
        assert client.answer(1).status == b"200"


def test_rapid_reset(site: Running) -> None:
    """CVE-2023-44487."""
    with Http2Client(site.address) as client:
        block = client.block(client.head())  # whatever the table holds: the next ones are the same octets
        again = client.block(client.head())
        wave = packed(HEADERS, END_HEADERS | END_STREAM, 1, block) + packed(RST_STREAM, 0, 1, CANCELLED)
        for stream in range(3, 3001, 2):
            wave += packed(HEADERS, END_HEADERS | END_STREAM, stream, again)
            wave += packed(RST_STREAM, 0, stream, CANCELLED)
        client.send(wave)
        is_told_to_calm_down(client)
    # It may have had its twice a hundred at once, and what a hundred a second is.
    assert len(site.probe.started) < 400
    others_are_served(site)


def test_resets_that_the_server_is_made_to_send(site: Running) -> None:
    """CVE-2025-8671: the client never resets, it has the server do it."""
    with Http2Client(site.address) as client:
        wave = b""
        for stream in range(1, 2001, 2):
            wave += packed(HEADERS, END_HEADERS, stream, client.block(client.head(method="POST")))
            wave += 2 * packed(8, 0, stream, b"\x7f\xff\xff\xff")  # beyond the largest window
        client.send(wave)
        is_told_to_calm_down(client)
    others_are_served(site)


FLOODS = {
    "ping": packed(PING, 0, 0, bytes(8)),
    "settings": packed(SETTINGS, 0, 0),
    "settings-ack": packed(SETTINGS, 1, 0),
    "priority": packed(PRIORITY, 0, 3, bytes(4) + b"\x10"),
    "window-update": packed(8, 0, 0, bytes(3) + b"\x01"),
    "unknown": packed(0x20, 0, 0, bytes(4)),
    "empty-data": packed(DATA, 0, 1),
}


@pytest.mark.parametrize("frame", FLOODS.values(), ids=FLOODS)
def test_frames_that_bring_nothing(site: Running, frame: bytes) -> None:
    with Http2Client(site.address) as client:
        client.headers(1, client.head(method="POST", path="/echo"), ended=False)
        client.send(frame * 6000)
        is_told_to_calm_down(client)
    others_are_served(site)


def test_a_client_that_reads_no_acknowledgements_is_not_read_either(site: Running) -> None:
    """What is made for it and not taken is bounded: either nothing is read any more, or what comes is dropped for the
    moment for which a connection lingers, and then reset.
    """
    stopped = False
    with Http2Client(site.address) as client:
        client.socket.setblocking(False)
        ends = time.monotonic() + 5
        try:
            while time.monotonic() < ends:
                client.socket.send(FLOODS["ping"] * 1000)
        except (BlockingIOError, ConnectionError):
            stopped = True
        assert stopped
    others_are_served(site)


def test_continuation_without_end(site: Running) -> None:
    """Small ones by their number, large ones by their bytes."""
    for payload in (b"", bytes(16384)):
        with Http2Client(site.address) as client:
            client.frame(HEADERS, END_STREAM, 1, client.block(client.head()))
            for _ in range(100):
                client.frame(CONTINUATION, 0, 1, payload)
            client.until(lambda: client.closed)
            assert client.goaway is not None
            assert client.goaway.code in (ENHANCE_YOUR_CALM, PROTOCOL_ERROR)
    others_are_served(site)


def test_a_header_list_that_grows_as_it_is_decoded(site: Running) -> None:
    """Each octet refers to a field of four kilobytes in the dynamic table."""
    with Http2Client(site.address) as client:
        client.headers(1, [*client.head(), ("x-large", "a" * 3900)])
        client.answer(1)
        client.frame(HEADERS, END_STREAM | END_HEADERS, 3, client.block(client.head()) + b"\xbe" * 1000)
        is_told_to_calm_down(client)
    others_are_served(site)


def test_more_streams_than_allowed_are_refused(serve_probe: Serve) -> None:
    site = serve_probe(http2_streams=2)
    with Http2Client(site.address) as client:
        assert client.settings[3] == 2
        client.headers(1, client.head(method="POST", path="/echo"), ended=False)
        client.headers(3, client.head(method="POST", path="/echo"), ended=False)
        eventually(lambda: client.still_there(), "both have been heard")
        client.headers(5)
        client.until(lambda: client.stream(5).over or client.goaway)
        code = client.goaway.code if client.goaway is not None else client.stream(5).code
        assert code in (REFUSED_STREAM, PROTOCOL_ERROR)


def test_a_stream_past_the_connections_that_an_engine_allows_is_refused(serve_probe: Serve) -> None:
    site = serve_probe(max_connections=3)
    with Http2Client(site.address) as client:
        for stream in (1, 3, 5, 7):
            client.headers(stream, client.head(method="POST", path="/echo"), ended=False)
            eventually(lambda: client.still_there(), "it has been heard")
        client.until(lambda: any(client.stream(stream).code for stream in (5, 7)))
        assert client.stream(7).code == REFUSED_STREAM
        client.data(1, b"one")
        assert client.answer(1).body == b"one"


def test_a_peer_that_sends_half_a_preface(serve_probe: Serve) -> None:
    site = serve_probe(timeout_head=0.2)
    with Http2Client(site.address, greets=False) as client:
        client.send(b"PRI * HTTP/2.0\r\n")
        client.until(lambda: client.closed)
        assert client._input.startswith(b"HTTP/1.1 408 ")


def test_a_connection_without_streams_is_idle(serve_probe: Serve) -> None:
    site = serve_probe(timeout_keep_alive=0.2)
    with Http2Client(site.address) as client:
        client.headers(1)
        assert client.answer(1).status == b"200"
        client.until(lambda: client.closed)
        assert client.closed
