"""Many clients that send pipelined requests byte by byte: no thread drives a connection that another one has."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

from tests.support.answers import read_all
from tests.support.servers import run

CLIENTS = 6
ROUNDS = 15


async def asgi(scope, receive, send):
    assert scope["type"] == "http"
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


def wsgi(environ, start_response):
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]


def test_pipelined_requests_byte_by_byte(engine: str, interface: str, tmp_path: Path) -> None:
    failures: list[bytes] = []
    data = (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 50 + b"\r\n\r\n") * 3

    def ask(address) -> None:
        for _ in range(ROUNDS):
            with socket.create_connection(address, timeout=10) as client:
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                for at in range(len(data)):
                    client.send(data[at : at + 1])
                received = b""
                while received.count(b"\r\n\r\nok") < 3:
                    piece = client.recv(65536)
                    received += piece
                    if not piece:
                        break
            if [answer.status for answer in read_all(received)] != [200, 200, 200]:
                failures.append(received)

    with run(wsgi if interface == "wsgi" else asgi, engine, tmp_path, threads=4) as site:
        clients = [threading.Thread(target=ask, args=(site.address,)) for _ in range(CLIENTS)]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
        assert failures == []
        assert site.log() == ""
