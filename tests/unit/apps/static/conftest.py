"""A folder to serve, and a client that asks `StaticFiles` directly, without a server."""

from __future__ import annotations

import itertools
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

try:
    import gearshift.apps.native  # noqa: F401 - only whether it is there
except (ImportError, AttributeError):  # a checkout that has not been compiled

    class Answer:
        def __init__(self, status, fields, body=b""):
            self.status, self.fields, self.body = status, fields, body

    class OpenFile:
        def __init__(self, fd):
            self.fd = fd

        def __del__(self):
            os.close(self.fd)

    class FileSlice:
        def __init__(self, file, offset, length):
            self.file, self.offset, self.length = file, offset, length

    class Responder:
        def respond(self, exchange):
            raise NotImplementedError

        def close(self):
            pass

    native = ModuleType("gearshift.apps.native")
    native.__dict__.update(Answer=Answer, OpenFile=OpenFile, FileSlice=FileSlice, Responder=Responder)
    sys.modules["gearshift.apps.native"] = native

from gearshift.apps.static.responder import StaticFiles

LONG_AGO = 1_700_000_000  # Tue, 14 Nov 2023 22:13:20 GMT
LONG_AGO_TEXT = "Tue, 14 Nov 2023 22:13:20 GMT"


class Reply:
    """An Answer, opened for assertions."""

    def __init__(self, answer):
        self.answer = answer
        self.status = answer.status
        self.lines = answer.fields.decode("latin-1").split("\r\n")
        assert self.lines.pop() == "" or not answer.fields, "fields end with CRLF"
        self.fields = dict(line.split(": ", 1) for line in self.lines if line)
        assert len(self.fields) == len([line for line in self.lines if line]), "no field twice"
        pieces = answer.body if isinstance(answer.body, list) else [answer.body]
        self.body = b"".join(map(self._bytes_of, pieces))

    @staticmethod
    def _bytes_of(piece):
        if isinstance(piece, bytes):
            return piece
        return os.pread(piece.file.fd, piece.length, piece.offset)

    def __getitem__(self, name):
        return self.fields[name]


class Site:
    """A folder, the responder that serves it, and an engine whose every request is a turn of its own."""

    def __init__(self, folder: Path, listing: bool = False) -> None:
        self.folder = folder
        self.responder = StaticFiles(str(folder), listing)
        # Files of a test are microseconds old; an hour later any change is certain to show in their times.
        self.responder.loader.wall_clock = lambda: time.time_ns() + 3600 * 10**9
        self._turns = itertools.count(1)
        self.turn = 0.0

    def write(self, name: str | bytes, content: bytes, modified: float = LONG_AGO) -> Path:
        path = self.folder / os.fsdecode(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        os.utime(path, (modified, modified))
        return path

    def ask(
        self, target: str | bytes, method: str = "GET", turn: float | None = None, **headers: str
    ) -> Reply:
        """`if_match="..."` is the header If-Match. Without a turn, time passes between requests."""
        raw = target if isinstance(target, bytes) else target.encode()
        path, _, query = raw.partition(b"?")
        fields = {name.replace("_", "-").encode(): value.encode() for name, value in headers.items()}
        request = SimpleNamespace(
            method=method.encode(),
            target=raw,
            path=path,
            query=query,
            header=fields.get,
            is_conditional=any(name.startswith(b"if-") or name == b"range" for name in fields),
        )
        if turn is None:
            self.turn = turn = float(next(self._turns)) / 1000
        return Reply(self.responder.respond(SimpleNamespace(origin=None, request=request, turn=turn)))


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    folder = tmp_path / "site"
    folder.mkdir()
    made = Site(folder)
    yield made
    made.responder.close()


@pytest.fixture
def listed(tmp_path: Path) -> Iterator[Site]:
    """A site that shows listings."""
    folder = tmp_path / "listed"
    folder.mkdir()
    made = Site(folder, listing=True)
    yield made
    made.responder.close()


@pytest.fixture(scope="session")
def long_ago() -> tuple[int, str]:
    """When a site's files were changed, in seconds and in words."""
    return LONG_AGO, LONG_AGO_TEXT


@pytest.fixture(scope="session")
def site_of() -> type[Site]:
    """For tests that make their own folder."""
    return Site


@pytest.fixture
def descriptors():
    """Counts the descriptors of this process."""
    return lambda: len(list(Path("/proc/self/fd").iterdir()))
