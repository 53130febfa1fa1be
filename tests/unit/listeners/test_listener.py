"""Listening sockets: what they are, how they end, and why they cannot be."""

import contextlib
import errno
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from gearshift.errors import ListenError
from gearshift.kernel.backlog import somaxconn
from gearshift.listeners import Listener, open_listener, parse
from gearshift.listeners import listener as listener_module
from tests.support.descriptors import nothing_was_left_open, own_descriptors


@pytest.fixture
def tcp() -> Iterator[Listener]:
    listener = open_listener(parse("127.0.0.1:0"), 7)
    yield listener
    listener.close()


def refusal(text: str) -> str:
    with pytest.raises(ListenError) as caught:
        open_listener(parse(text), 7)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith("cannot listen on ")
    return str(caught.value)


def test_a_tcp_listener_has_the_port_that_the_kernel_chose(tcp: Listener) -> None:
    port = tcp.socket.getsockname()[1]
    assert port != 0
    assert (tcp.address, tcp.url) == (f"127.0.0.1:{port}", f"http://127.0.0.1:{port}")
    assert (tcp.fd, tcp.family) == (tcp.socket.fileno(), socket.AF_INET)
    assert (tcp.backlog_asked, tcp.backlog_effective, tcp.inherited) == (7, 7, False)
    assert repr(tcp) == f"Listener('127.0.0.1:{port}', fd={tcp.fd})"


def test_it_does_not_block_and_is_not_inherited_by_programs(tcp: Listener) -> None:
    assert not os.get_blocking(tcp.fd)
    assert not os.get_inheritable(tcp.fd)
    with pytest.raises(BlockingIOError):
        tcp.socket.accept()


def test_accepted_sockets_send_without_delay(tcp: Listener) -> None:
    with socket.create_connection(tcp.socket.getsockname()):
        accepted, _ = tcp.socket.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_accepted_sockets_hold_little_that_is_unsent(tcp: Listener) -> None:
    """A peer that reads nothing is not given megabytes: on loopback the kernel would take 2.5 at once."""
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(tcp.socket.getsockname())
        accepted, _ = tcp.socket.accept()
        with accepted:
            accepted.setblocking(False)
            taken = 0
            with contextlib.suppress(BlockingIOError):
                while True:
                    taken += accepted.send(bytes(65536))
            assert listener_module.MOST_UNSENT <= taken <= 2 * listener_module.MOST_UNSENT


def test_ipv6_and_ipv4_can_listen_on_the_same_port() -> None:
    for _ in range(20):
        first = open_listener(parse("[::]:0"), 7)
        try:
            second = open_listener(parse(f":{first.socket.getsockname()[1]}"), 7)
            break
        except ListenError:  # somebody's connection has that port over IPv4: chance, not what is tested
            first.close()
    assert first.url == f"http://[::]:{first.socket.getsockname()[1]}"
    first.close()
    second.close()


def test_a_name_that_has_both_families_gives_the_ipv4_one(monkeypatch: pytest.MonkeyPatch) -> None:
    both = [
        (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("::1", 0, 0, 0)),
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 0)),
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: both)
    listener = open_listener(parse("localhost:0"), 7)
    assert listener.address.startswith("127.0.0.1:")
    listener.close()


def test_a_large_backlog_is_clamped_as_the_kernel_does() -> None:
    listener = open_listener(parse("127.0.0.1:0"), 10_000_000)
    assert listener.backlog_effective == somaxconn()
    assert listener.backlog_in_words() == f"backlog 10000000, clamped to {somaxconn()} by net.core.somaxconn"
    listener.close()


def test_closing_frees_the_port_and_may_be_repeated(tcp: Listener) -> None:
    tcp.close()
    tcp.close()
    assert tcp.fd == -1
    again = open_listener(parse(tcp.address), 7)
    again.close()


def test_a_port_in_use_is_one_clear_line(tcp: Listener) -> None:
    port = tcp.socket.getsockname()[1]
    expected = (
        f"cannot listen on {tcp.address}: the port is in use (ss -ltnp 'sport = :{port}' shows by whom)"
    )
    assert refusal(tcp.address) == expected


def test_an_address_of_another_machine() -> None:
    assert refusal("192.0.2.1:0").endswith("192.0.2.1 is no address of this machine")


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.EACCES, "no permission for a port below "),
        (errno.EMFILE, "Too many open files"),
    ],
)
def test_other_refusals_of_the_kernel(monkeypatch: pytest.MonkeyPatch, number: int, words: str) -> None:
    def refuse(*_: object) -> None:
        raise OSError(number, "said by the kernel")

    monkeypatch.setattr(socket.socket, "bind", refuse)
    assert words in refusal("127.0.0.1:1")


def test_the_first_unprivileged_port_is_guessed_only_where_it_cannot_be_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(listener_module, "UNPRIVILEGED_PORTS", str(tmp_path / "missing"))
    assert listener_module._first_unprivileged_port() == "1024"


def test_a_name_without_address(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    assert refusal("nowhere:1").endswith("no address for 'nowhere': Name or service not known")


def test_a_name_that_cannot_be_one() -> None:
    assert refusal("\u00fc" * 80 + ":1").endswith("not a host name")


def test_a_unix_listener_and_its_file(tmp_path: Path) -> None:
    path = tmp_path / "s"
    listener = open_listener(parse(f"unix:{path}"), 7)
    assert (listener.address, listener.url, listener.family) == (
        f"unix:{path}",
        f"unix:{path}",
        socket.AF_UNIX,
    )
    assert listener.backlog_effective == 7
    assert path.is_socket()
    listener.close()
    assert not path.exists()


def test_a_stale_unix_socket_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as killed:
        killed.bind(str(path))
        killed.listen()
    assert path.exists()
    listener = open_listener(parse(f"unix:{path}"), 7)
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
    listener.close()


def test_a_unix_socket_that_answers_is_left_alone(tmp_path: Path) -> None:
    listener = open_listener(parse(f"unix:{tmp_path / 's'}"), 7)
    assert refusal(listener.address).endswith("another program is listening there")
    assert (tmp_path / "s").exists()
    listener.close()


def test_a_unix_socket_with_a_full_accept_queue_is_left_alone(tmp_path: Path) -> None:
    listener = open_listener(parse(f"unix:{tmp_path / 's'}"), 1)
    clients = []
    while True:
        client = socket.socket(socket.AF_UNIX)
        client.setblocking(False)
        clients.append(client)
        if client.connect_ex(str(tmp_path / "s")) == errno.EAGAIN:
            break
    assert refusal(listener.address).endswith("another program is listening there")
    for client in clients:
        client.close()
    listener.close()


def test_a_file_that_is_no_socket_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "precious"
    path.write_text("data")
    assert refusal(f"unix:{path}").endswith("the file exists and is no socket")
    assert path.read_text() == "data"


def test_a_missing_folder(tmp_path: Path) -> None:
    assert refusal(f"unix:{tmp_path}/no/s").endswith("No such file or directory")


def test_closing_leaves_the_socket_file_of_a_successor(tmp_path: Path) -> None:
    path = tmp_path / "s"
    old = open_listener(parse(f"unix:{path}"), 7)
    path.rename(tmp_path / "elsewhere")
    new = open_listener(parse(f"unix:{path}"), 7)
    old.close()
    assert path.is_socket()
    new.close()


def test_closing_after_the_file_has_gone(tmp_path: Path) -> None:
    listener = open_listener(parse(f"unix:{tmp_path / 's'}"), 7)
    (tmp_path / "s").unlink()
    listener.close()


def test_an_inherited_tcp_listener() -> None:
    opener = socket.create_server(("127.0.0.1", 0), backlog=3)
    fd = opener.detach()
    os.set_inheritable(fd, True)
    listener = open_listener(parse(f"fd:{fd}"), 2048)
    assert (listener.fd, listener.inherited) == (fd, True)
    assert (listener.backlog_asked, listener.backlog_effective) == (2048, 3)
    assert listener.backlog_in_words() == "backlog 3, as set by whoever opened it"
    assert listener.url.startswith("http://127.0.0.1:")
    assert not os.get_blocking(fd)
    assert not os.get_inheritable(fd)
    assert listener.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    assert listener.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT)
    listener.close()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(fd)


def test_an_inherited_unix_listener_keeps_its_file(tmp_path: Path) -> None:
    opener = socket.socket(socket.AF_UNIX)
    opener.bind(str(tmp_path / "s"))
    opener.listen(3)
    listener = open_listener(parse(f"fd:{opener.detach()}"), 7)
    assert listener.backlog_effective is None
    listener.close()
    assert (tmp_path / "s").exists()


def test_descriptors_that_do_not_listen() -> None:
    assert refusal("fd:999999").endswith("it is not open")
    with Path("/dev/null").open() as file:
        assert refusal(f"fd:{file.fileno()}").endswith("it is not a socket")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
        assert refusal(f"fd:{datagrams.fileno()}").endswith("it is no TCP or Unix stream socket")
    with socket.socket() as idle:
        assert refusal(f"fd:{idle.fileno()}").endswith("it is a socket that does not listen")
        idle.getsockname()  # a refused descriptor stays open: it is not ours


def test_nothing_stays_open_after_a_refusal(tcp: Listener) -> None:
    before = own_descriptors()
    refusal(tcp.address)
    nothing_was_left_open(before)
