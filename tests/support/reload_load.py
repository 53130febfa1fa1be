"""Clients that never stop asking while processes change, in a process of their own, and what they have lost.

`python reload_load.py HOST PORT KEPT SHORT`: so many keep-alive connections ask all the time (every fourth with a pause
between two requests, so that it is idle when it is handed over; every eighth sends its head in two pieces), and so many
others make a connection for each request. Each request has a number of its own, which the answer must repeat. Until
standard input ends it asks; then it waits for what is owed and prints one line of JSON: answers by kind, answers by the
worker that `X-Worker` names, what was reset, refused, closed without an answer, wrong or never came.

A keep-alive connection may be closed by its server in answer (`Connection: close`) or while it is idle: a request that
meets such a close is counted (`met_close`), for a client can't tell whether it was served.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import selectors
import socket
import sys
import time

LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
WORKER = re.compile(rb"x-worker: *(\d+)", re.IGNORECASE)
PATIENCE = 15.0  # seconds for the last answers
PAUSE = 0.02  # between two requests of a client that rests


class Client:
    """One that asks, over one connection after another."""

    def __init__(self, number: int, address: tuple[str, int], kept: bool) -> None:
        self.number = number
        self.address = address
        self.kept = kept
        self.rests = kept and number % 4 == 0
        self.in_pieces = kept and number % 8 == 1
        self.socket: socket.socket | None = None
        self.asked = 0
        self.owed = b""
        self.unsent = b""
        self.buffer = b""
        self.due = 0.0
        self.connecting = False
        self.used = 0  # answers on this connection

    def connect(self) -> None:
        self.socket = socket.socket(socket.AF_INET6 if ":" in self.address[0] else socket.AF_INET)
        self.socket.setblocking(False)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.connecting = True
        self.buffer = b""
        self.used = 0
        with contextlib.suppress(BlockingIOError):
            self.socket.connect(self.address)


class Load:
    """All clients, and what has come of it."""

    def __init__(self, address: tuple[str, int], kept: int, short: int) -> None:
        self.selector = selectors.DefaultSelector()
        self.clients = [Client(number, address, number < kept) for number in range(kept + short)]
        self.answers = {"kept": 0, "short": 0}
        self.workers: dict[str, int] = {}
        self.lost: dict[str, int] = {}
        self.told: list[str] = []
        self.closes = self.connections = 0
        self.asking = True
        self.resting: list[Client] = []

    def loses(self, client: Client, why: str) -> None:
        self.lost[why] = self.lost.get(why, 0) + 1
        if len(self.told) < 20:
            kind = "kept" if client.kept else "short"
            self.told.append(
                f"{kind} client {client.number}, request {client.asked}, after {client.used} answers: {why}"
            )

    def begin(self, client: Client) -> None:
        """The next request, on a new connection where there is none."""
        client.asked += 1
        client.owed = b"/%d-%d" % (client.number, client.asked)
        ending = b"" if client.kept else b"Connection: close\r\n"
        client.unsent = b"GET %s HTTP/1.1\r\nHost: a\r\n%s\r\n" % (client.owed, ending)
        if client.socket is None:
            client.connect()
            self.connections += 1
            assert client.socket is not None
            self.selector.register(client.socket, selectors.EVENT_WRITE, client)
        else:
            self.send(client)

    def send(self, client: Client) -> None:
        assert client.socket is not None
        size = 20 if client.in_pieces and len(client.unsent) > 20 else len(client.unsent)
        sent = client.socket.send(client.unsent[:size])
        client.unsent = client.unsent[sent:]
        if client.unsent:
            client.due = time.monotonic() + PAUSE
            self.resting.append(client)

    def ready(self, client: Client, events: int) -> None:
        try:
            if client.connecting:
                assert client.socket is not None
                error = client.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                if error:
                    raise OSError(error, os.strerror(error))
                client.connecting = False
                self.selector.modify(client.socket, selectors.EVENT_READ, client)
                self.send(client)
            elif events & selectors.EVENT_READ:
                self.receive(client)
        except ConnectionResetError:
            self.give_up(client, "reset")
        except ConnectionRefusedError:
            self.give_up(client, "refused")
        except BrokenPipeError:
            self.give_up(client, "met_close" if client.used else "broken pipe")
        except OSError as error:
            self.give_up(client, f"error {error.errno}")

    def receive(self, client: Client) -> None:
        assert client.socket is not None
        piece = client.socket.recv(65536)
        if not piece:
            if not client.owed:
                self.closes += 1
                self.drop(client)
            else:
                self.give_up(
                    client, "met_close" if client.used and not client.buffer else "closed without an answer"
                )
            return
        client.buffer += piece
        at = client.buffer.find(b"\r\n\r\n")
        if at < 0:
            return
        head = client.buffer[:at]
        found = LENGTH.search(head)
        if not head.startswith(b"HTTP/1.1 200 ") or found is None:
            self.give_up(client, f"answered {head[:20].decode('latin-1')!r}")
            return
        end = at + 4 + int(found[1])
        if len(client.buffer) < end:
            return
        body, client.buffer = client.buffer[at + 4 : end], client.buffer[end:]
        if body != client.owed or client.buffer:
            self.give_up(client, "wrong answer")
            return
        self.answered(client, head)

    def answered(self, client: Client, head: bytes) -> None:
        self.answers["kept" if client.kept else "short"] += 1
        named = WORKER.search(head)
        if named is not None:
            worker = named[1].decode()
            self.workers[worker] = self.workers.get(worker, 0) + 1
        client.used += 1
        client.owed = b""
        if b"connection: close" in head.lower():
            self.closes += client.kept
            self.drop(client)
        self.again(client)

    def again(self, client: Client) -> None:
        if not self.asking:
            return
        if client.rests:
            client.due = time.monotonic() + PAUSE
            self.resting.append(client)
        else:
            self.try_to(self.begin, client)

    def try_to(self, do: object, client: Client) -> None:
        try:
            do(client)  # type: ignore[operator]
        except (BrokenPipeError, ConnectionResetError):
            self.give_up(client, "met_close" if client.used else "broken pipe")

    def give_up(self, client: Client, why: str) -> None:
        self.loses(client, why)
        client.owed = client.unsent = b""
        self.drop(client)
        self.again(client)

    def drop(self, client: Client) -> None:
        if client.socket is not None:
            self.selector.unregister(client.socket)
            client.socket.close()
            client.socket = None

    def wake_the_resting(self) -> None:
        now = time.monotonic()
        due = [client for client in self.resting if client.due <= now]
        self.resting = [client for client in self.resting if client.due > now]
        for client in due:
            if client.unsent and client.socket is not None:
                self.try_to(self.send, client)
            elif self.asking and not client.owed:
                self.try_to(self.begin, client)

    def run(self) -> dict[str, object]:
        for client in self.clients:
            self.begin(client)
        self.selector.register(0, selectors.EVENT_READ, None)
        print("asking", flush=True)
        deadline = 0.0
        while self.asking or (any(client.owed for client in self.clients) and time.monotonic() < deadline):
            for key, events in self.selector.select(PAUSE / 2):
                if key.data is None:
                    self.asking, deadline = False, time.monotonic() + PATIENCE
                    self.selector.unregister(0)
                elif key.data.socket is not None:
                    self.ready(key.data, events)
            self.wake_the_resting()
        for client in self.clients:
            if client.owed:
                self.loses(client, "never answered")
        return {
            "answers": self.answers,
            "connections": self.connections,
            "closes": self.closes,
            "lost": self.lost,
            "told": self.told,
            "workers": self.workers,
        }


def main(host: str, port: str, kept: str, short: str) -> None:
    os.set_blocking(0, False)
    print(json.dumps(Load((host, int(port)), int(kept), int(short)).run()), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
