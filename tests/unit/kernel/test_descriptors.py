"""Open descriptors by their kinds, against ones that were opened for it."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import select
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from gearshift.kernel import descriptors as module
from gearshift.kernel.descriptors import descriptors, kind, kind_of, open_sockets, possible_descriptors


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("socket:[12]", "socket"),
        ("pipe:[12]", "pipe"),
        ("anon_inode:[eventfd]", "eventfd"),
        ("anon_inode:[eventpoll]", "epoll"),
        ("anon_inode:[io_uring]", "io_uring"),
        ("anon_inode:[timerfd]", "timerfd"),
        ("anon_inode:inotify", "inotify"),
        ("anon_inode:[pidfd]", "pidfd"),
        ("pidfd:[4]", "pidfd"),
        ("/memfd:name (deleted)", "memfd"),
        ("/dev/null", "device"),
        ("/dev/shm/x", "file"),
        ("/srv/a:b/pipe:[1]", "file"),
        ("/tmp/x (deleted)", "file"),
        ("net:[4026531840]", "other"),
    ],
)
def test_kinds_of_links(link: str, expected: str) -> None:
    assert kind(link) == expected


def test_kinds_of_real_ones(tmp_path: Path) -> None:
    with contextlib.ExitStack() as opened:

        def own(fd: int) -> int:
            opened.callback(os.close, fd)
            return fd

        reading, writing = map(own, os.pipe())
        kinds = {
            opened.enter_context(socket.socket()).fileno(): "socket",
            opened.enter_context(socket.socket(socket.AF_UNIX)).fileno(): "socket",
            reading: "pipe",
            writing: "pipe",
            own(os.eventfd(0)): "eventfd",
            opened.enter_context(select.epoll()).fileno(): "epoll",
            own(os.memfd_create("x")): "memfd",
            opened.enter_context((tmp_path / "f").open("w")).fileno(): "file",
            own(os.open(tmp_path, os.O_RDONLY)): "file",
            opened.enter_context(tempfile.TemporaryFile()).fileno(): "file",
            opened.enter_context(Path(os.devnull).open()).fileno(): "device",
            own(os.pidfd_open(os.getpid())): "pidfd",
        }
        assert {fd: kind_of(fd) for fd in kinds} == kinds
        sockets = [fd for fd, name in kinds.items() if name == "socket"]
        assert set(sockets) <= set(open_sockets())
        assert not set(open_sockets()) & (kinds.keys() - set(sockets))
        closed = os.dup(reading)
    os.close(closed)
    assert kind_of(closed) == ""


PROGRAM = """
import json, os, socket
from gearshift.kernel.descriptors import descriptors
before = descriptors()
kept = [socket.socket() for _ in range(20)] + [os.pipe(), os.eventfd(0)]
after = descriptors()
print(before.open, after.open, len(os.listdir("/proc/self/fd")) - 1, after.limit)
print(json.dumps({kind: number - before.by_kind.get(kind, 0) for kind, number in after.by_kind.items()}))
print(list(after.by_kind.items())[0])
"""


def test_all_of_them_are_counted() -> None:
    """In a process where nothing else opens any."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, close_fds=True
    )
    counts, more, first = done.stdout.splitlines()
    before, after, listed, limit = map(int, counts.split())
    assert after == listed == before + 23
    assert limit == resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    gained = {kind: number for kind, number in json.loads(more).items() if number}
    assert gained == {"socket": 20, "pipe": 2, "eventfd": 1}
    assert first == "('socket', 20)"


def test_a_very_high_number_is_found_without_trying_all_below(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_TRIED", 1)
    assert not isinstance(possible_descriptors(), range)
    with socket.socket() as sock:
        assert sock.fileno() in set(open_sockets())
        found = descriptors()
    monkeypatch.undo()
    assert isinstance(possible_descriptors(), range)
    assert found is not None
    assert found.by_kind["socket"] >= 1


def test_a_masked_proc_is_not_guessed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(module, "STATUS", str(tmp_path / "missing"))
    assert descriptors() is None
