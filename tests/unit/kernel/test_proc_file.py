"""A file of /proc is read whole, in few system calls."""

from __future__ import annotations

import contextlib
import os
import socket
from pathlib import Path

import pytest

from gearshift.kernel import proc_file


def test_a_long_table_takes_few_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    readv = os.readv

    def counted(*arguments: object) -> int:
        calls.append(arguments)
        return readv(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "readv", counted)
    with contextlib.ExitStack() as opened:
        for _ in range(400):
            opened.enter_context(socket.create_server(("127.0.0.1", 0)))
        table = proc_file.whole("/proc/net/tcp")
    assert len(table) > 400 * 150
    assert len(calls) < len(table) / 4096 / 2


def test_it_is_what_one_read_after_the_other_gives() -> None:
    for path in ("/proc/self/limits", "/proc/sys/net/core/somaxconn", "/proc/version"):
        assert proc_file.whole(path) == Path(path).read_bytes()


@pytest.mark.parametrize("size", [0, 1, proc_file.BUFFER, proc_file.BUFFER * proc_file.BUFFERS + 1])
def test_any_size(size: int, tmp_path: Path) -> None:
    content = os.urandom(size)
    (tmp_path / "f").write_bytes(content)
    assert proc_file.whole(str(tmp_path / "f")) == content


def test_nothing_stays_open(tmp_path: Path) -> None:
    before = os.listdir("/proc/self/fd")  # noqa: PTH208
    with pytest.raises(FileNotFoundError):
        proc_file.whole(str(tmp_path / "missing"))
    with pytest.raises(IsADirectoryError):
        proc_file.whole(str(tmp_path))
    assert os.listdir("/proc/self/fd") == before  # noqa: PTH208
