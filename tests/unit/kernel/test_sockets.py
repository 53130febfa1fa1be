"""Facts of sockets by their descriptors."""

import socket
from pathlib import Path

import pytest

from gearshift.kernel import sockets


def test_a_tcp_connection_has_two_addresses() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.create_connection(listener.getsockname()) as client,
    ):
        server, _ = listener.accept()
        with server:
            found = sockets.facts(server.fileno())
            assert (found.fd, found.protocol) == (server.fileno(), "TCP")
            assert found.local == f"127.0.0.1:{listener.getsockname()[1]}"
            assert found.peer == f"127.0.0.1:{client.getsockname()[1]}"
            assert str(Path(f"/proc/self/fd/{found.fd}").readlink()) == f"socket:[{found.inode}]"
            server.getsockname()  # asking has not closed it


def test_a_listener_has_no_peer() -> None:
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as listener:
        found = sockets.facts(listener.fileno())
        assert found.local == f"[::1]:{listener.getsockname()[1]}"
        assert found.peer == ""


def test_unix_sockets(tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as client:
        listener.bind(path)
        listener.listen()
        client.connect(path)
        server, _ = listener.accept()
        with server:
            found = sockets.facts(server.fileno())
            assert (found.protocol, found.local, found.peer) == ("Unix", path, "")
            assert sockets.facts(client.fileno()).peer == path


@pytest.mark.parametrize(
    ("address", "text"),
    [
        (("127.0.0.1", 80), "127.0.0.1:80"),
        (("::1", 80, 0, 0), "[::1]:80"),
        ("/run/x", "/run/x"),
        ("", ""),
        (b"", ""),
        (b"\0name", "@name"),
        (b"\0\xff", "@\\xff"),
    ],
)
def test_address_texts(address: object, text: str) -> None:
    assert sockets.address_text(address) == text


def test_what_is_no_socket_is_an_error() -> None:
    with Path("/dev/null").open() as file, pytest.raises(OSError, match="socket"):
        sockets.facts(file.fileno())
