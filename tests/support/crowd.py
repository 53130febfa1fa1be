"""A crowd that wears a server out, in a process of its own: `python crowd.py HOST PORT KIND NUMBER`.

KIND is one of
  loris     NUMBER connections, each of which sends a byte of a request's head a second
  silent    NUMBER connections that send nothing
  readers   NUMBER connections that ask for a large answer (/flood?160) and take a kilobyte of it ten times a second
  connects  NUMBER new connections a minute, each for one quick request

It says `crowded` once it is whole (connects: once the first are answered), goes on until standard input ends, and then
prints one line of JSON: how many connections it has made, how many answers it had, and what failed.
"""

from __future__ import annotations

import collections
import json
import os
import selectors
import socket
import sys
import time

HEAD = b"GET /hello HTTP/1.1\r\nHost: a\r\nX-Slow: " + b"x" * 4000
QUICK = b"GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
LARGE = b"GET /flood?160 HTTP/1.1\r\nHost: a\r\n\r\n"
PIECE = 1024
FIRST = 20  # connects that are answered before the crowd is one
TICK = 0.01


class Crowd:
    """Connections, and what has come of them."""

    def __init__(self, address: tuple[str, int], kind: str, number: int) -> None:
        self.address, self.kind, self.number = address, kind, number
        self.selector = selectors.DefaultSelector()
        self.sockets: list[socket.socket] = []
        self.made = self.answers = 0
        self.failures: collections.Counter[str] = collections.Counter()

    def make(self) -> socket.socket:
        client = socket.socket()
        if self.kind == "readers":
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        client.setblocking(self.kind != "connects")
        client.connect_ex(self.address)
        client.setblocking(False)
        self.made += 1
        return client

    def gather(self) -> None:
        """Everyone of a crowd that stays."""
        for _ in range(self.number):
            client = self.make()
            if self.kind == "readers":
                client.send(LARGE)
            self.sockets.append(client)

    def act(self, index: int) -> None:
        """Once a tick: those whose turn it is do the little that they do."""
        every = {"loris": 1.0, "readers": 0.1, "silent": 1.0}[self.kind]
        parts = round(every / TICK)
        for client in self.sockets[index % parts :: parts]:
            try:
                if self.kind == "loris":
                    client.send(HEAD[index // parts :][:1])
                elif self.kind == "readers":
                    self.answers += not client.recv(PIECE)
            except BlockingIOError:
                pass
            except OSError as error:
                self.failures[type(error).__name__] += 1
                self.sockets.remove(client)
                client.close()

    def connect(self, due: int) -> None:
        """As many new ones as are due by now; those that have connected ask, those that were answered leave."""
        while self.made < due:
            self.selector.register(self.make(), selectors.EVENT_WRITE)
        for key, event in self.selector.select(TICK):
            client = key.fileobj
            assert isinstance(client, socket.socket)
            try:
                if event & selectors.EVENT_WRITE:
                    client.send(QUICK)
                    self.selector.modify(client, selectors.EVENT_READ)
                    continue
                head = client.recv(4096)
                if head.startswith(b"HTTP/1.1 200 "):
                    self.answers += 1
                else:
                    self.failures[head[:12].decode("latin-1") or "closed"] += 1
            except OSError as error:
                self.failures[type(error).__name__] += 1
            self.selector.unregister(client)
            client.close()


def main(host: str, port: str, kind: str, number: str) -> None:
    crowd = Crowd((host, int(port)), kind, int(number))
    if kind != "connects":
        crowd.gather()
        print("crowded", flush=True)
    os.set_blocking(0, False)
    began = time.monotonic()
    tick = 0
    while os.read(0, 1) if readable() else True:
        passed = time.monotonic() - began
        if kind == "connects":
            crowd.connect(int(passed * crowd.number / 60))
            if tick >= 0 and crowd.answers >= FIRST:
                tick = -1
                print("crowded", flush=True)
            continue
        while tick * TICK < passed:
            crowd.act(tick)
            tick += 1
        time.sleep(TICK)
    result = {"made": crowd.made, "answers": crowd.answers, "failures": dict(crowd.failures)}
    print(json.dumps(result), flush=True)


def readable() -> bool:
    """Whether standard input has something, or has ended."""
    with selectors.DefaultSelector() as selector:
        selector.register(0, selectors.EVENT_READ)
        return bool(selector.select(0))


if __name__ == "__main__":
    main(*sys.argv[1:])
