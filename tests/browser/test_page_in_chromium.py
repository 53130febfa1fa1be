"""The built-in page as a browser shows it, on every engine."""

from __future__ import annotations

import http.client
import os
import shutil
import socket
import struct
import subprocess
import zlib
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest

import gearshift

ENGINES = ("thread", "pool", "epoll", "uring", "auto")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--headless",
    "--no-sandbox",  # the tests may run as root, in a container
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)
WIDE, PHONE = (1280, 900), (390, 844)


@pytest.fixture(scope="session")
def browser() -> str:
    for name in BROWSERS:
        found = shutil.which(name)
        if found:
            return found
    said = f"no browser is installed: none of {', '.join(BROWSERS)}"
    if os.environ.get("CI"):
        pytest.fail(said)
    pytest.skip(said)


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def url(engine: str) -> Iterator[str]:
    with gearshift.Server(None, bind="127.0.0.1:0", engine=engine) as server:
        yield server.url


class Page(HTMLParser):
    """The text of every element that has an id, the lit gears, and the attributes of <html>."""

    VOID = frozenset({"meta", "link", "path", "circle", "rect", "br"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.shown: dict[str, str] = {}
        self.lit: list[str] = []
        self.root: dict[str, str | None] = {}
        self._open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if tag == "html":
            self.root = named
        if named.get("aria-current") == "true":
            self.lit.append((named.get("class") or "").removeprefix("gear "))
        if tag not in self.VOID:
            self._open.append(named.get("id") or "")

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1]:
            name = self._open[-1]
            self.shown[name] = self.shown.get(name, "") + data


class Picture(NamedTuple):
    width: int
    height: int
    rows: set[bytes]


def picture_of(data: bytes) -> Picture:
    """Size and distinct (filtered) rows of a PNG; each chunk's checksum is verified."""
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    at, packed, header = 8, b"", b""
    while at < len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        body = data[at + 8 : at + 8 + length]
        assert struct.unpack_from(">I", data, at + 8 + length)[0] == zlib.crc32(kind + body)
        if kind == b"IHDR":
            header = body
        elif kind == b"IDAT":
            packed += body
        at += 12 + length
    width, height, depth, colour = struct.unpack_from(">IIBB", header)
    bytes_a_pixel = {2: 3, 6: 4}[colour] * depth // 8
    stride = 1 + width * bytes_a_pixel
    raw = zlib.decompress(packed)
    assert len(raw) == height * stride
    return Picture(width, height, {raw[row : row + stride] for row in range(0, len(raw), stride)})


def browse(browser: str, profile: Path, *arguments: str) -> str:
    done = subprocess.run(
        [browser, *FLAGS, f"--user-data-dir={profile}", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_page_in_a_browser(browser: str, url: str, engine: str, tmp_path: Path) -> None:
    page = Page(browse(browser, tmp_path / "profile", "--dump-dom", url))
    shown = page.shown
    assert 1 <= int(shown["number"]) <= 100
    assert page.root["data-engine"] == engine
    assert shown["engine"] == engine
    assert page.lit == [engine]
    assert int(shown["process"]) == os.getpid()
    assert shown["thread"]
    assert int(shown["requests"]) >= 1
    assert (shown["protocol"], shown["local-address"]) == ("TCP", "127.0.0.1")
    assert int(shown["local-port"]) == int(shown["listener-port"]) == urlsplit(url).port
    assert shown["peer-address"] == "127.0.0.1"
    lowest, highest = map(int, Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split())
    assert lowest <= int(shown["peer-port"]) <= highest
    assert "{{" not in "".join(shown.values())


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_the_page_is_drawn(browser: str, url: str, tmp_path: Path, size: tuple[int, int]) -> None:
    file = tmp_path / "page.png"
    width, height = size
    browse(browser, tmp_path / "profile", f"--screenshot={file}", f"--window-size={width},{height}", url)
    picture = picture_of(file.read_bytes())
    assert (picture.width, picture.height) == size
    # A blank or failed page has a handful of distinct rows; this one has text and drawings all over.
    assert len(picture.rows) > height // 4


def test_what_the_page_says_of_its_sockets_is_true(url: str) -> None:
    where = urlsplit(url)
    assert where.hostname is not None
    connection = http.client.HTTPConnection(where.hostname, where.port, timeout=10)
    try:
        for asked in (1, 2, 3):
            connection.request("GET", "/")
            answer = connection.getresponse()
            body = answer.read()
            assert int(answer.headers["Content-Length"]) == len(body)
            shown = Page(body.decode()).shown
            assert int(shown["requests"]) == asked
        assert connection.sock.getsockname() == (shown["peer-address"], int(shown["peer-port"]))
        assert connection.sock.getpeername() == (shown["local-address"], int(shown["local-port"]))
        # The server runs in this process: its descriptors can be looked at.
        assert Path(f"/proc/self/fd/{shown['fd']}").readlink() == Path(f"socket:[{shown['inode']}]")
        with socket.socket(fileno=os.dup(int(shown["listener-fd"]))) as listener:
            assert listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) == 1
            assert listener.getsockname() == (shown["listener-address"], int(shown["listener-port"]))
    finally:
        connection.close()
