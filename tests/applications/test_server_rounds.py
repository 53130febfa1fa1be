"""Many servers one after another leave nothing behind: no thread, no descriptor, no socket."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import httpx
import pytest

import gearshift
from tests.applications.served import PLAIN
from tests.applications.test_server_object import ANYWHERE, asgi, wsgi
from tests.support.descriptors import own_descriptors

ROUNDS = 20


@pytest.mark.parametrize("app", [wsgi, asgi, None], ids=["wsgi", "asgi", "page"])
def test_rounds(engine: str, app: Any, tmp_path: Path) -> None:
    """Seen right after stop(), while the Server object is still there: nothing waits for a collection."""
    logs = {"access_log": str(tmp_path / "access"), "error_log": str(tmp_path / "errors")}
    client = httpx.Client(**PLAIN)

    def round_() -> gearshift.Server:
        server = gearshift.Server(
            app, engine=engine, bind=[ANYWHERE, f"unix:{tmp_path}/s"], threads=3, **logs
        )
        with server:
            assert client.get(server.url).status_code == 200
            assert client.post(server.url, content=b"x" * 400_000).status_code in (200, 405)
        return server

    kept = [round_()]
    threads, before = threading.enumerate(), own_descriptors()
    kept += [round_() for _ in range(ROUNDS)]
    client.close()
    assert threading.enumerate() == threads
    assert own_descriptors() - before == set()
