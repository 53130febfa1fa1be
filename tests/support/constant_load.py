"""Keep-alive clients that never stop asking, in a process of their own: `python constant_load.py HOST PORT CLIENTS`.

One thread, one epoll instance. Every fourth client sends three requests at a time. Each request has a number of its
own, which the answer must repeat: so a lost, a doubled and a misplaced answer are all told. Until standard input ends,
it asks; then it waits for what is owed and prints one line of JSON: how many answers, and what went wrong.
"""

from __future__ import annotations

import json
import os
import re
import selectors
import socket
import sys
import time

LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
PATIENCE = 20.0  # seconds for the last answers


class Client:
    """One connection and what it is owed."""

    def __init__(self, number: int, address: tuple[str, int]) -> None:
        self.number = number
        self.socket = socket.create_connection(address, PATIENCE)
        self.socket.setblocking(False)
        self.at_once = 3 if number % 4 == 0 else 1
        self.slow = number % 8 == 1
        self.asked = 0
        self.owed: list[bytes] = []
        self.buffer = b""

    def ask(self) -> None:
        lines = []
        for _ in range(self.at_once):
            self.asked += 1
            path = b"/%s/%d-%d" % (b"slow" if self.slow else b"quick", self.number, self.asked)
            self.owed.append(path)
            lines.append(b"GET %s HTTP/1.1\r\nHost: a\r\n\r\n" % path)
        self.socket.send(b"".join(lines))

    def receive(self) -> int:
        """Takes answers in; how many were whole and right. Raises AssertionError for one that is not."""
        piece = self.socket.recv(65536)
        assert piece, f"closed with {len(self.owed)} answers owed"
        self.buffer += piece
        whole = 0
        while (at := self.buffer.find(b"\r\n\r\n")) >= 0:
            head = self.buffer[:at]
            assert head.startswith(b"HTTP/1.1 200 "), head
            found = LENGTH.search(head)
            assert found is not None, head
            end = at + 4 + int(found[1])
            if len(self.buffer) < end:
                break
            body = self.buffer[at + 4 : end]
            self.buffer = self.buffer[end:]
            assert self.owed, f"an answer too many: {body!r}"
            assert body == self.owed[0], f"{body!r} in answer to {self.owed[0]!r}"
            del self.owed[0]
            whole += 1
        return whole


def main(host: str, port: str, number_of_clients: str) -> None:
    selector = selectors.DefaultSelector()
    clients = [Client(number, (host, int(port))) for number in range(int(number_of_clients))]
    for client in clients:
        selector.register(client.socket, selectors.EVENT_READ, client)
        client.ask()
    os.set_blocking(0, False)
    selector.register(0, selectors.EVENT_READ, None)
    print("asking", flush=True)
    answers, wrong, asking, deadline = 0, [], True, 0.0
    owing = set(clients)
    while owing and (asking or time.monotonic() < deadline):
        for key, _ in selector.select(1.0):
            client = key.data
            if client is None:
                asking, deadline = False, time.monotonic() + PATIENCE
                selector.unregister(0)
                owing = {client for client in owing if client.owed}
                continue
            try:
                answers += client.receive()
                if not client.owed and asking:
                    client.ask()
            except (AssertionError, OSError) as error:
                wrong.append(f"client {client.number}: {error}")
                client.owed.clear()
                selector.unregister(client.socket)
                client.socket.close()
                owing.discard(client)
                continue
            if not client.owed:
                owing.discard(client)
    wrong += [f"client {client.number}: {len(client.owed)} answers never came" for client in owing]
    print(json.dumps({"answers": answers, "wrong": wrong}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
