"""A listener's accept queue and drops, against a real queue that is filled and overflows."""

from __future__ import annotations

import contextlib
import errno
import socket
from pathlib import Path

import pytest

from gearshift.kernel import backlog, unix_table
from gearshift.kernel.listening import Listening, accept_queue_depth, listening
from tests.support.namespaced import told
from tests.support.sockets import connected, ss
from tests.support.waiting import eventually

BACKLOG = 3


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_one_more_than_the_backlog_fits_and_the_rest_is_dropped(host: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with (
        socket.create_server((host, 0), family=family, backlog=BACKLOG) as listener,
        contextlib.ExitStack() as clients,
    ):
        fd, address = listener.fileno(), listener.getsockname()
        assert listening(fd) == Listening(0, BACKLOG, 0)
        for number in range(BACKLOG + 1):
            assert not listening(fd).full
            clients.enter_context(socket.create_connection(address[:2]))
            eventually(lambda expected=number + 1: listening(fd).accept_queue == expected, "it waits")
        assert listening(fd) == Listening(BACKLOG + 1, BACKLOG, 0)
        assert listening(fd).full
        late = clients.enter_context(socket.socket(family))
        late.setblocking(False)
        assert late.connect_ex(address) == errno.EINPROGRESS
        dropped = eventually(lambda: listening(fd).drops, "its SYN is dropped")
        assert dropped >= 1
        # Somebody's listener on another address may have the same port.
        [row] = ss("-Oltm", "src", f"[{host}]:{address[1]}" if ":" in host else f"{host}:{address[1]}")
        assert row[1:3] == [str(BACKLOG + 1), str(BACKLOG)]
        # It sends its SYN again and again, so the number may have risen meanwhile.
        shown = int(row[-1].rstrip(")").rpartition(",d")[2])
        assert dropped <= shown <= (listening(fd).drops or 0)
        assert accept_queue_depth(listener) == BACKLOG + 1
        listener.accept()[0].close()
        assert listening(fd).accept_queue == accept_queue_depth(listener) == BACKLOG
    with pytest.raises(OSError, match="descriptor"):
        accept_queue_depth(listener)


def test_depth_limit_drops_and_counters_are_what_ss_and_nstat_say() -> None:
    found = told("overflow")
    ours, counts, counted = found["ours"], found["counts"], found["nstat"]
    assert [str(ours["accept_queue"]), str(ours["limit"])] == found["ss"] == ["4", "3"]
    assert ours["drops"] >= 5
    assert ours["drops"] == counted["ListenOverflows"] == counted["ListenDrops"]
    assert counts == {name: counted[name] for name in counts}


def test_drops_are_each_listener_s_own() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as other,
        socket.create_server(("127.0.0.1", 0), backlog=0) as listener,
        socket.create_connection(listener.getsockname()),
        socket.socket() as late,
    ):
        late.setblocking(False)
        late.connect_ex(listener.getsockname())
        eventually(lambda: listening(listener.fileno()).drops, "its SYN is dropped")
        assert listening(other.fileno()).drops == 0


def test_the_limit_is_the_clamped_backlog() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=10_000_000) as listener:
        assert listening(listener.fileno()).limit == backlog.clamped(10_000_000, backlog.somaxconn())


@pytest.mark.parametrize("abstract", [False, True])
def test_a_unix_listener_tells_its_depth(abstract: bool, tmp_path: Path) -> None:
    path = f"\0{tmp_path}/s" if abstract else str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as listener, contextlib.ExitStack() as clients:
        listener.bind(path)
        listener.listen(BACKLOG)
        assert listening(listener.fileno()) == Listening(0, None, None)
        for _ in range(BACKLOG + 1):
            client = clients.enter_context(socket.socket(socket.AF_UNIX))
            client.setblocking(False)
            client.connect(path)
        late = clients.enter_context(socket.socket(socket.AF_UNIX))
        late.setblocking(False)
        assert late.connect_ex(path) == errno.EAGAIN
        assert listening(listener.fileno()) == Listening(BACKLOG + 1, None, None)
        accepted = clients.enter_context(listener.accept()[0])
        assert listening(listener.fileno()).accept_queue == BACKLOG
        name = path.replace("\0", "@")
        [row] = [row for row in ss("-xl") if row[4] == name]
        assert row[2] == str(BACKLOG)
        assert accepted.getsockname()


def test_two_unix_listeners_of_one_path_cannot_be_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as former, socket.socket(socket.AF_UNIX) as listener:
        former.bind(str(path))
        former.listen()
        path.unlink()
        listener.bind(str(path))
        listener.listen()
        assert listening(listener.fileno()).accept_queue is None
        former.close()
        assert listening(listener.fileno()).accept_queue == 0


def test_a_unix_table_that_cannot_be_read(tmp_path: Path) -> None:
    assert unix_table.accept_queue(1, str(tmp_path / "missing")) is None
    (tmp_path / "empty").write_text("")
    assert unix_table.accept_queue(1, str(tmp_path / "empty")) is None


def test_a_line_break_in_a_path_confuses_nobody_else(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as odd, socket.socket(socket.AF_UNIX) as listener:
        odd.bind(str(tmp_path / "a\nb c d e f g h i"))
        odd.listen()
        listener.bind(str(tmp_path / "s"))
        listener.listen()
        assert listening(listener.fileno()).accept_queue == 0


def test_what_does_not_listen() -> None:
    with connected() as (_, client, _server), pytest.raises(OSError, match="does not listen"):
        listening(client.fileno())
    with pytest.raises(OSError, match="Bad file"):
        listening(1_000_000)
