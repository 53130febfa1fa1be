"""What the logs say of requests, and that nobody can forge a line or a terminal sequence in them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.support.probe import AsgiProbe, WsgiProbe
from tests.support.servers import run
from tests.support.waiting import eventually
from tests.support.wire import request

COMBINED = re.compile(
    r'(?P<peer>127\.0\.0\.1)\S* - - \[[^]]+\] "(?P<request>[^"\\]*(?:\\.[^"\\]*)*)" (?P<status>\d{3}) (?P<bytes>\d+|-) '
    r'"(?P<referer>[^"\\]*(?:\\.[^"\\]*)*)" "(?P<agent>[^"\\]*(?:\\.[^"\\]*)*)"(?: .*)?'
)
EVIL = "\x1b[2J\r\n127.0.0.1 - - forged\x9b\x00"


def lines_of(path: Path, count: int) -> list[str]:
    """The lines of a log once there are `count`; not one control character may stand in them."""

    def complete() -> list[str]:
        found = path.read_bytes().decode("utf-8", "surrogateescape").splitlines() if path.exists() else []
        return found if len(found) >= count else []

    lines = eventually(complete, f"{count} lines in {path}")
    assert len(lines) == count
    assert not [line for line in lines if re.search(r"[\x00-\x1f\x7f-\x9f]", line)]
    return lines


def probe(interface: str) -> Any:
    return WsgiProbe() if interface == "wsgi" else AsgiProbe()


def test_combined_access_log(engine: str, interface: str, tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    asked = [
        (request("/hello?a=b", "User-Agent: tester/1", "Referer: http://a/"), 200, "5"),
        (request("/status?404"), 404, "0"),
        (request("/echo", method="POST", body=b"12345678"), 200, "8"),
        (b'GET /hello/"x HTTP/1.1\r\nHost: a\r\nUser-Agent: a"b\\c\t\x9b\xff\r\n\r\n', 200, "5"),
        (request("/raise", "Connection: close"), 500, None),
    ]
    with run(probe(interface), engine, tmp_path, access_log=str(log)) as site, site.connect() as wire:
        for data, status, _ in asked:
            assert wire.ask(data).status == status
        lines = lines_of(log, len(asked))
    for line, (data, status, size) in zip(lines, asked, strict=True):
        match = COMBINED.fullmatch(line)
        assert match is not None, line
        assert int(match["status"]) == status
        if size is not None:
            assert match["bytes"].replace("-", "0") == size
        if b'"' not in data:
            assert match["request"] == data.partition(b"\r\n")[0].decode()
    assert "tester/1" in lines[0]
    assert "http://a/" in lines[0]


def test_json_access_log(engine: str, interface: str, tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    settings = {"access_log": str(log), "access_log_format": "json"}
    with run(probe(interface), engine, tmp_path, **settings) as site, site.connect() as wire:
        wire.ask(b'GET /hello?"\\ HTTP/1.1\r\nHost: a\r\nUser-Agent: "\\\t\x9b\xff\r\n\r\n')
        wire.ask(request("/large?300000"))
        entries = [json.loads(line) for line in lines_of(log, 2)]
    assert [entry["status"] for entry in entries] == [200, 200]
    assert all(
        isinstance(value, (int, float))
        for entry in entries
        for name, value in entry.items()
        if "duration" in name
    )
    assert any(value == 300_000 for value in entries[1].values())


def test_no_access_log_by_default(
    engine: str, interface: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with run(probe(interface), engine, tmp_path) as site, site.connect() as wire:
        assert wire.ask(request("/hello/unlogged")).status == 200
    said = capfd.readouterr()
    assert "unlogged" not in said.out + said.err


def wsgi_evil(environ: dict[str, Any], start_response: Any) -> Any:
    environ["wsgi.errors"].write("told: " + EVIL + "\n")
    raise RuntimeError(EVIL)


async def asgi_evil(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] == "http":
        raise RuntimeError(EVIL)


def test_error_log_is_safe(engine: str, interface: str, tmp_path: Path) -> None:
    application = wsgi_evil if interface == "wsgi" else asgi_evil
    with run(application, engine, tmp_path) as site:
        with site.connect() as wire:
            assert wire.ask(request("/%1b%0a%0dforged")).status == 500
        said = site.logged("RuntimeError")
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", said)
    assert not [line for line in said.splitlines() if line.startswith("127.0.0.1")]
