"""The answer to a connection that there is no room for."""

import contextlib
import socket
import ssl
from types import SimpleNamespace

import h11
import pytest

from gearshift.engines.refusal import ANSWER, refuse_connection

HTTP = SimpleNamespace(handler=None, keyring=None)  # what it asks of a listener


@pytest.fixture
def pair():
    """The client's socket, and the descriptor of the server's, which is given away."""
    client, server = socket.socketpair()
    client.settimeout(10)
    with client:
        yield client, server.detach()


def test_the_answer_is_whole_and_valid() -> None:
    connection = h11.Connection(h11.CLIENT)
    connection.send(h11.Request(method="GET", target="/", headers=[("Host", "a")]))
    connection.send(h11.EndOfMessage())
    connection.receive_data(ANSWER)
    answer = connection.next_event()
    assert isinstance(answer, h11.Response)
    assert answer.status_code == 503
    assert (b"retry-after", b"1") in list(answer.headers)
    data = connection.next_event()
    assert isinstance(data, h11.Data)
    assert isinstance(connection.next_event(), h11.EndOfMessage)
    assert connection.trailing_data == (b"", False)
    assert connection.our_state is h11.MUST_CLOSE


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"])
def test_it_is_sent_and_the_connection_ends(pair, sent: bytes) -> None:
    client, server = pair
    client.sendall(sent)
    refuse_connection(server, HTTP)
    answer = b""
    while piece := client.recv(65536):
        answer += piece
    assert answer == ANSWER


def test_a_client_that_is_gone_is_no_error(pair) -> None:
    client, server = pair
    client.close()
    refuse_connection(server, HTTP)
    with pytest.raises(OSError, match="Bad file descriptor"):
        socket.socket(fileno=server)


def test_a_client_that_takes_nothing_is_not_waited_for() -> None:
    client, server = socket.socketpair()
    with client:
        server.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while server.send(b"x" * 65536):
                pass
        server.setblocking(True)
        refuse_connection(server.detach(), HTTP)


def test_where_tls_is_spoken_it_is_an_alert(pair) -> None:
    client, server = pair
    refuse_connection(server, SimpleNamespace(handler=None, keyring=object()))
    outgoing, incoming = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname="localhost")
    incoming.write(client.recv(100))
    with pytest.raises(ssl.SSLError, match=r"(?i)internal.error"):
        tls.do_handshake()


def test_where_no_http_is_spoken_it_only_ends(pair) -> None:
    client, server = pair
    refuse_connection(server, SimpleNamespace(handler=object(), keyring=None))
    assert client.recv(100) == b""
