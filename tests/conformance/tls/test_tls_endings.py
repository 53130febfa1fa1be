"""How sealed connections end: in good order, visibly broken, or cut by whoever meddled."""

from __future__ import annotations

import socket
import ssl
import struct
from typing import Any

import pytest

from tests.conformance.tls.test_tls_names import Told
from tests.support.answers import read_all
from tests.support.sealed_clients import SEALS_ITSELF, sealed, tls_of
from tests.support.servers import Running
from tests.support.wire import request

pytestmark = SEALS_ITSELF


def test_close_notify_ends_what_is_whole(site: Running) -> None:
    with sealed(site) as wire:
        wire.send(request("/hello", "Connection: close"))
        assert wire.answer().closes
        assert wire.read_to_end() == (b"", False)
        assert not tls_of(wire).truncated


def test_an_answer_that_broke_has_no_orderly_end(site: Running) -> None:
    with sealed(site) as wire:
        wire.send(request("/midway", version="HTTP/1.0"))
        ending = wire.read_to_end()
        assert ending.reset or tls_of(wire).truncated


@pytest.mark.parametrize("with_notify", [True, False])
def test_a_half_close_gets_its_answers(site: Running, with_notify: bool) -> None:
    with sealed(site) as wire:
        tls = tls_of(wire)
        tls.tls.write(request("/hello") + request("/large-stream?100000"))
        if with_notify:
            with pytest.raises(ssl.SSLWantReadError):
                tls.tls.unwrap()
        tls.flush()
        tls.raw.shutdown(socket.SHUT_WR)
        incoming = b""
        while piece := tls.raw.recv(65536):
            incoming += piece
        if (
            with_notify
        ):  # OpenSSL's client reads no more after its own close_notify: what came was sealed and ended
            assert len(incoming) > 100_000
        else:
            tls.incoming.write(incoming)
            tls.incoming.write_eof()
            answers = read_all(wire.read_to_end().data, ())
            assert [len(answer.body) for answer in answers] == [5, 100_000]
            assert not tls.truncated


def test_what_was_tampered_with_ends_the_connection(site: Running) -> None:
    with sealed(site) as wire:
        tls = tls_of(wire)
        tls.tls.write(request("/hello/forged"))
        record = bytearray(tls.outgoing.read())
        record[-1] ^= 1
        tls.raw.sendall(record)
        with pytest.raises(ssl.SSLError, match=r"(?i)bad.record.mac|decryption"):
            wire.read_to_end()
    assert "/hello/forged" not in site.probe.started
    assert site.log() == ""


def test_the_client_leaves_in_the_middle(site: Running) -> None:
    for data in (b"", request("/large?30000000"), request("/hello")[:9], request("/hello") * 3):
        wire = sealed(site)
        wire.send(data)
        wire.reset()
    with sealed(site) as wire:
        assert wire.ask(request("/hello/after")).body == b"hello"
    assert "Traceback" not in site.log()


def data_segments_in(plain: socket.socket) -> int:
    """Segments with bytes in them that have come (tcpi_data_segs_in of struct tcp_info, linux/tcp.h)."""
    found: int = struct.unpack_from("=I", plain.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 160), 152)[0]
    return found


def test_what_belongs_together_leaves_together(serve: Any, pair: dict[str, Any]) -> None:
    """The ticket for a later session and the end go with the answer: each segment costs both sides."""
    with sealed(serve(Told.asgi, **pair)) as wire:
        wire.send(request("/", "Connection: close"))
        assert wire.read_to_end().only_answer().status == 200
        tls = tls_of(wire)
        assert tls.tls.version() == "TLSv1.3"
        assert tls.tls.session.has_ticket
        assert data_segments_in(tls.raw) == 2
