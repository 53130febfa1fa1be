"""HTTP/2 connections when their worker is replaced: their state is in its process, so they are told to come anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.http2 import NO_ERROR, Http2Client
from tests.support.servers import ENGINES
from tests.support.supervised import supervised

WSGI = "tests.support.processes_site:wsgi"


@pytest.mark.parametrize("engine", ENGINES)
def test_a_replaced_worker_sends_its_clients_on(engine: str, tmp_path: Path) -> None:
    with (
        supervised(tmp_path, WSGI, "--workers", "1", "--engine", engine) as server,
        Http2Client(server.address) as client,
    ):
        client.headers(1, client.head(path="/a"))
        former = dict(client.answer(1).final)[b"x-worker"]
        server.reload()
        client.until(lambda: client.closed)
        assert client.goaway is not None
        assert client.goaway.code == NO_ERROR
        assert client.stream(1).ended
        with Http2Client(server.address) as another:
            another.headers(1, another.head(path="/a"))
            assert dict(another.answer(1).final)[b"x-worker"] != former
        assert " error: " not in server.log()
