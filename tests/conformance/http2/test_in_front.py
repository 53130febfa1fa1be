"""What proxies tell, and compression, where HTTP/2 is spoken: a stream's request is a request like any other."""

from __future__ import annotations

import json
import socket
import zlib
from collections.abc import Callable
from typing import Any

import pytest

import gearshift
from tests.support.behind import TWINS
from tests.support.http2 import Http2Client
from tests.support.servers import Running

Serve = Callable[..., Running]


def ask(
    client: Http2Client, stream: int, *fields: tuple[str, str]
) -> tuple[bytes, dict[bytes, bytes], bytes]:
    client.headers(stream, [*client.head(), *fields])
    answer = client.answer(stream)
    return answer.status, dict(answer.final), bytes(answer.body)


def test_each_stream_has_its_own_client(serve: Serve, interface: str) -> None:
    running = serve(TWINS[interface], trusted_proxies="127.0.0.1")
    with Http2Client(running.address) as client:
        for stream, host in ((1, "1.2.3.4"), (3, "5.6.7.8")):
            status, _, body = ask(client, stream, ("x-forwarded-for", host), ("x-forwarded-proto", "https"))
            seen = json.loads(body)
            assert (status, seen["client"], seen["scheme"]) == (b"200", [host, ""], "https")


def test_what_can_not_be_read_ends_one_stream(serve: Serve, interface: str) -> None:
    running = serve(TWINS[interface], trusted_proxies="127.0.0.1")
    with Http2Client(running.address) as client:
        status, _, body = ask(client, 1, ("x-forwarded-for", "who?"))
        assert (status, body) == (b"400", b"what a proxy says of its client can't be read\n")
        assert ask(client, 3)[0] == b"200"


def test_behind_the_proxy_protocol(engine: str, interface: str, monkeypatch: pytest.MonkeyPatch) -> None:
    settings: dict[str, Any] = {"bind": "127.0.0.1:0", "trusted_proxies": "127.0.0.1", "proxy_protocol": True}
    create = socket.create_connection

    def introduced(*arguments: Any, **options: Any) -> socket.socket:
        made = create(*arguments, **options)
        made.sendall(b"PROXY TCP4 192.0.2.1 198.51.100.7 4711 443\r\n")
        return made

    monkeypatch.setattr(socket, "create_connection", introduced)
    with gearshift.Server(TWINS[interface], engine=engine, **settings) as server:
        host, _, port = server.url.removeprefix("http://").rpartition(":")
        with Http2Client((host, int(port))) as client:
            for stream in (1, 3):
                assert json.loads(ask(client, stream)[2])["client"] == ["192.0.2.1", "4711"]


def test_compressed(serve: Serve, interface: str) -> None:
    running = serve(TWINS[interface], compress="gzip", compress_min=1)
    with Http2Client(running.address) as client:
        for stream in (1, 3):
            status, fields, body = ask(client, stream, ("accept-encoding", "gzip"))
            assert (status, fields[b"content-encoding"], fields[b"vary"]) == (
                b"200",
                b"gzip",
                b"Accept-Encoding",
            )
            assert json.loads(zlib.decompress(body, 31))["scheme"] == "http"
