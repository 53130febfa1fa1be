"""The accept queue's length: asked, clamped, read back, said."""

import socket
from pathlib import Path

import pytest

from gearshift.kernel import backlog


def test_somaxconn_is_read(tmp_path: Path) -> None:
    (tmp_path / "somaxconn").write_text("4096\n")
    assert backlog.somaxconn(str(tmp_path / "somaxconn")) == 4096


def test_a_masked_proc_is_not_guessed(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("")
    assert backlog.somaxconn(str(tmp_path / "missing")) is None
    assert backlog.somaxconn(str(tmp_path / "empty")) is None


def test_clamping() -> None:
    assert backlog.clamped(5000, 4096) == 4096
    assert backlog.clamped(100, 4096) == 100
    assert backlog.clamped(5000, None) == 5000


@pytest.mark.parametrize("asked", [1, 7, 10_000_000])
def test_the_kernel_agrees_with_the_arithmetic(asked: int) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=asked) as listener:
        assert backlog.accept_queue_limit(listener) == backlog.clamped(asked, backlog.somaxconn())


def test_a_unix_listener_does_not_tell(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        listener.listen(3)
        assert backlog.accept_queue_limit(listener) is None


@pytest.mark.parametrize(
    ("asked", "effective", "inherited", "words"),
    [
        (2048, 2048, False, "backlog 2048"),
        (5000, 4096, False, "backlog 5000, clamped to 4096 by net.core.somaxconn"),
        (2048, 128, True, "backlog 128, as set by whoever opened it"),
        (2048, None, True, "backlog as set by whoever opened it"),
    ],
)
def test_words(asked: int, effective: int | None, inherited: bool, words: str) -> None:
    assert backlog.in_words(asked, effective, inherited) == words
