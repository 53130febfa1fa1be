"""--access-log, --error-log, --monitor, and SIGUSR1 after a rotation."""

from __future__ import annotations

import json
import re
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.applications.served import curl, serving
from tests.support.servers import ENGINES
from tests.support.waiting import eventually
from tests.support.wire import Wire

COMMON = re.compile(
    r'127\.0\.0\.1 - - \[\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\] "(?P<request>[^"]*)" (?P<status>\d{3})'
    r' (?P<size>\d+|-)(?: "(?P<referer>(?:[^"\\]|\\.)*)" "(?P<agent>(?:[^"\\]|\\.)*)")? (?P<seconds>\d+\.\d{6})'
)
WEIRD = b'a"b\\c\td\xe9\x80'


def ask_weirdly(port: int) -> None:
    """What no well-meaning client sends: quotes, backslashes, tabs and high bytes."""
    with Wire(("127.0.0.1", port)) as wire:
        wire.send(
            b'GET /a%0d%0a%1b[31m?q="x" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n'
            b"User-Agent: " + WEIRD + b"\r\nReferer: " + WEIRD + b"\r\n\r\n"
        )
        assert wire.read_to_end().only_answer().status == 200


def lines_of(text: str, count: int) -> list[str]:
    """The lines of the access log in what was said on standard output; the banner comes before them."""
    lines = text.splitlines()[-count:]
    assert len(lines) == count
    return lines


@pytest.mark.parametrize("format", ["common", "combined"])
def test_ncsa_formats(format: str, engine: str, folder: Path) -> None:
    with serving(
        *("--engine", engine, "--access-log", "-", "--access-log-format", format, "hello:app"), folder=folder
    ) as site:
        curl("-A", "tester/1", "-e", "http://from/", f"{site.url}/sleep/0.2")
        curl("--head", f"{site.url}/?x=1")
        ask_weirdly(site.port)
        assert site.stop() == 0
        first, second, third = lines_of(site.out(), 3)
    found = COMMON.fullmatch(first)
    assert found is not None, first
    assert (found["request"], found["status"], found["size"]) == ("GET /sleep/0.2 HTTP/1.1", "200", "5")
    assert 0.2 <= float(found["seconds"]) < 1
    if format == "combined":
        assert (found["referer"], found["agent"]) == ("http://from/", "tester/1")
    found = COMMON.fullmatch(second)
    assert found is not None, second
    assert (found["request"], found["size"]) == ("HEAD /?x=1 HTTP/1.1", "-")
    assert float(found["seconds"]) < 0.2
    assert third.isascii()
    assert third.isprintable()
    assert third.count(r"a\"b\\c\x09d\xe9\x80") == (2 if format == "combined" else 0)
    assert r"GET /a%0d%0a%1b[31m?q=\"x\" HTTP/1.1" in third


def test_json_format(engine: str, folder: Path) -> None:
    with serving(
        *("--engine", engine, "--access-log", "-", "--access-log-format", "json", "hello:app"), folder=folder
    ) as site:
        with site.client() as client:
            client.get("/sleep/0.2", headers={"User-Agent": "tester/1", "Referer": "http://from/"})
            client.get("/broken")
        ask_weirdly(site.port)
        assert site.stop() == 0
        first, second, third = map(json.loads, lines_of(site.out(), 3))
    assert (first["method"], first["target"], first["status"]) == ("GET", "/sleep/0.2", 200)
    assert (first["engine"], first["requests"], first["body_bytes"]) == (engine, 1, 5)
    assert (first["referer"], first["user_agent"]) == ("http://from/", "tester/1")
    assert 200 <= first["application_ms"] <= first["duration_ms"] < 1000
    assert re.fullmatch(r"127\.0\.0\.1:\d+", first["peer"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", first["time"])
    assert (second["status"], second["requests"]) == (500, 2)
    assert (third["user_agent"], third["target"]) == (WEIRD.decode("latin-1"), '/a%0d%0a%1b[31m?q="x"')


def test_asgi_durations(engine: str, folder: Path) -> None:
    """What an application awaits is time spent in it."""
    (folder / "patient.py").write_text(
        "import asyncio\n"
        "async def app(scope, receive, send):\n"
        "    if scope['type'] == 'lifespan':\n"
        "        raise NotImplementedError\n"
        "    await asyncio.sleep(0.2)\n"
        "    await send({'type': 'http.response.start', 'status': 200, 'headers': []})\n"
        "    await send({'type': 'http.response.body', 'body': b'hello'})\n"
    )
    with serving(
        *("--engine", engine, "--access-log", "-", "--access-log-format", "json", "patient:app"),
        folder=folder,
    ) as site:
        assert curl(site.url).body == b"hello"
        assert site.stop() == 0
        (entry,) = map(json.loads, lines_of(site.out(), 1))
    assert 200 <= entry["duration_ms"] < 1000
    assert 195 <= entry["application_ms"] <= entry["duration_ms"]


def test_off_by_default(folder: Path) -> None:
    with serving("hello:app", folder=folder) as site:
        curl(site.url)
        before = site.out()
        assert site.stop() == 0
        assert site.out() == before
        assert "GET" not in before


def test_error_log_in_a_file(engine: str, folder: Path) -> None:
    (folder / "nasty.py").write_text(
        "def app(environ, start_response):\n"
        "    raise LookupError('one\\ntwo \\x1b[31mred ' + environ['QUERY_STRING'])\n"
    )
    log = folder / "errors.log"
    with serving("--engine", engine, "--error-log", str(log), "nasty:app", folder=folder) as site:
        assert curl(f"{site.url}/a%0Ab?%0Ac").status == 500
        assert site.stop() == 0
        assert "Traceback" not in site.err()
    text = log.read_text()
    stamp = r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} [+-]\d{4} \[\d+\] "
    assert re.search(stamp + r"error: error in GET /a%0Ab$", text, re.MULTILINE)
    assert "    Traceback (most recent call last):\n" in text
    assert "\x1b" not in text
    assert "LookupError: one" in text
    for line in text.splitlines():
        assert re.match(stamp, line) or line.startswith("    ")


def rotated(folder: Path, engine: str) -> tuple[str, str, str, str]:
    """The access log and the error log from before and after a rotation, a request and an error in each."""
    access, errors = folder / f"{engine}-access.log", folder / f"{engine}-errors.log"
    old_access, old_errors = folder / f"{engine}-access.log.1", folder / f"{engine}-errors.log.1"
    with serving(
        *("--engine", engine, "--access-log", str(access), "--error-log", str(errors), "hello:app"),
        folder=folder,
    ) as site:
        curl(f"{site.url}/first")
        curl(f"{site.url}/broken")
        eventually(lambda: access.read_text().count("\n") == 2, "both requests are logged")
        access.rename(old_access)
        errors.rename(old_errors)
        site.tell(signal.SIGUSR1)
        # The signal is taken when the server next does something, at the latest with this request.
        curl(f"{site.url}/second")
        curl(f"{site.url}/broken")
        assert site.stop() == 0
    return old_access.read_text(), access.read_text(), old_errors.read_text(), errors.read_text()


def test_reopened_after_rotation(folder: Path) -> None:
    with ThreadPoolExecutor(len(ENGINES)) as pool:  # together: each waits until its lines are a second old
        logs = list(pool.map(rotated, [folder] * len(ENGINES), ENGINES))
    for old_access, access, old_errors, errors in logs:
        assert ("/first" in old_access, "/second" in old_access) == (True, False)
        assert ("/first" in access, "/second" in access) == (False, True)
        assert old_errors.count("LookupError: the application broke") == 1
        assert errors.count("LookupError: the application broke") == 1


def test_monitor(engine: str, folder: Path) -> None:
    with serving("--engine", engine, "--monitor", "0.05", "hello:app", folder=folder) as site:
        with site.client() as client:
            client.get("/")
            expected = {
                "thread": "connection-1",
                "pool": "pool-1",
                "epoll": "MainThread",
                "uring": "MainThread",
                "auto": "auto-1",
            }[engine]
            for name in ("MainThread", "monitor", expected):  # each is a line, written by itself
                eventually(lambda name=name: f"info: thread {name} (" in site.err(), f"{name} is told")
            states = set(re.findall(r"info: thread (\S+) \(\d+\): (\w+)", site.err()))
        assert {state for _, state in states} <= {"sleeping", "running", "waiting"}
        tasks = {int(native) for native in re.findall(r"info: thread \S+ \((\d+)\)", site.err())}
        assert site.pid in tasks
        assert site.stop() == 0
