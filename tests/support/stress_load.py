"""Clients that behave as badly as clients do: `python -m tests.support.stress_load HOST PORT CLIENTS SEED`.

Each makes one connection after another. On each it sends bursts of requests of random kinds, whole or in pieces or
byte by byte, reads fast or slowly, and ends as it should, or leaves at a random moment: by a close, a reset or a
half-close. Whatever arrives must be the right answers in the right order, as far as the client stays. Until standard
input ends, new connections are made; then one line of JSON says how many answers came, the longest wait in seconds, and
what went wrong.
"""

from __future__ import annotations

import asyncio
import json
import random
import socket
import struct
import sys
import time

from tests.support.answers import MalformedAnswer, read_answer
from tests.support.stress_site import expected
from tests.support.wire import chunked

PATIENCE = 30.0  # seconds for an answer
SPOKEN = 5  # of the faults, in the report
WORDS = ("common", "usual")  # kinds that auto learns; other words are new to it
LETTERS = "abcdefghijklmnopqrstuvwxyz"


class WrongAnswer(AssertionError):
    """Another answer than the one that is owed."""


class Tally:
    """What has come of it all."""

    def __init__(self) -> None:
        self.answers = 0
        self.slowest = 0.0
        self.connections = 0
        self.wrong: list[str] = []


class Session:
    """One connection."""

    def __init__(self, chance: random.Random, name: str, tally: Tally) -> None:
        self.chance, self.name, self.tally = chance, name, tally
        self.fate = chance.choices(("stay", "half-close", "close", "reset"), (60, 10, 15, 15))[0]
        self.slow = chance.random() < 0.1
        self.timed = not self.slow  # how long it waits says something of the server
        self.asked = 0
        self.owed: list[tuple[bytes, bytes]] = []  # path, expected body
        self.told_to_end = False
        self.settled = asyncio.Event()
        self.socket = socket.socket()
        self.socket.setblocking(False)
        if self.slow:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)

    async def run(self, address: tuple[str, int]) -> None:
        loop = asyncio.get_running_loop()
        reading: asyncio.Task[None] | None = None
        try:
            await loop.sock_connect(self.socket, address)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            reading = asyncio.create_task(self._read())
            asking = asyncio.create_task(self._ask())
            stay = PATIENCE if self.fate in ("stay", "half-close") else self.chance.uniform(0, 0.12)
            done, pending = await asyncio.wait(
                (reading, asking), timeout=stay, return_when=asyncio.FIRST_EXCEPTION
            )
            for task in pending:
                task.cancel()
            await asyncio.gather(reading, asking, return_exceptions=True)
            for task in done:
                task.result()
            if pending and stay == PATIENCE:
                raise WrongAnswer(f"{len(self.owed)} answers never came: {self.owed[:1]}")
        except (AssertionError, OSError) as error:
            if isinstance(error, OSError) and self.fate == "half-close" and self.told_to_end:
                return  # a server may take it for a client that has left
            self.tally.wrong.append(f"{self.name} ({self.fate}): {type(error).__name__} {error}"[:400])
        finally:
            if self.fate == "reset":
                self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.socket.close()

    async def _ask(self) -> None:
        loop = asyncio.get_running_loop()
        chance = self.chance
        for _ in range(chance.randint(1, 4)):
            burst = b"".join(self._request() for _ in range(chance.choice((1, 1, 1, 2, 3, 6))))
            for piece in self._cut(burst):
                await loop.sock_sendall(self.socket, piece)
                if len(piece) < len(burst):
                    await asyncio.sleep(chance.choice((0, 0, 0, 0.001, 0.003)))
            if chance.random() < 0.7:
                self.settled.clear()
                if self.owed:
                    await self.settled.wait()
            if chance.random() < 0.2:
                await asyncio.sleep(chance.uniform(0, 0.05))
        if self.fate == "half-close":
            self.told_to_end = True
            self.socket.shutdown(socket.SHUT_WR)
        elif (
            self.fate == "reset" and chance.random() < 0.5
        ):  # half a request: a head, or a body that never ends
            await loop.sock_sendall(self.socket, self._request()[: chance.randint(1, 120)])
        self.told_to_end = True
        if not self.owed and self.fate == "stay":
            self.socket.shutdown(socket.SHUT_RD)  # ends the reading too

    def _cut(self, data: bytes) -> list[bytes]:
        way = self.chance.random()
        if way < 0.6 or len(data) > 20000:
            return [data]
        if way < 0.7 and len(data) < 1500:
            self.timed = False
            return [data[at : at + 1] for at in range(len(data))]
        places = sorted(self.chance.randrange(len(data)) for _ in range(self.chance.randint(1, 4)))
        return [data[start:end] for start, end in zip([0, *places], [*places, len(data)], strict=True)]

    def _request(self) -> bytes:
        chance = self.chance
        kind = chance.choices(
            ("quick", "block", "spin", "echo", "large", "drip", "write"), (40, 20, 5, 15, 6, 6, 8)
        )[0]
        word = (
            chance.choice(WORDS) if chance.random() < 0.6 else "".join(chance.choice(LETTERS) for _ in "....")
        )
        number = {
            "block": chance.randint(0, 30),
            "spin": chance.choice((5, 5, 5, 10, 50)),
            "large": chance.choice((1, 40, 70, 400)),
            "drip": chance.randint(1, 5),
        }.get(kind, 0)
        self.asked += 1
        path = f"/{kind}/{word}/{number}/{self.name}-{self.asked}".encode()
        body = b""
        lines = b"Host: a\r\n" + (
            b"X: " + b"x" * chance.randint(0, 300) + b"\r\n" if chance.random() < 0.3 else b""
        )
        method, sent = b"GET", b""
        if kind == "echo":
            method = b"POST"
            body = chance.randbytes(chance.choice((0, 10, 1000, 30000, 100000, 400000)))
            if chance.random() < 0.5:
                lines += b"Content-Length: %d\r\n" % len(body)
                sent = body
            else:
                lines += b"Transfer-Encoding: chunked\r\n"
                size = chance.choice((7, 4096, 65536)) if len(body) < 2000 else chance.choice((4096, 65536))
                sent = chunked(*(body[at : at + size] for at in range(0, len(body), size)))
        self.owed.append((path, expected(path, body)))
        return method + b" " + path + b" HTTP/1.1\r\n" + lines + b"\r\n" + sent

    async def _read(self) -> None:
        loop = asyncio.get_running_loop()
        buffer = b""
        asked = time.monotonic()
        while self.owed or not self.told_to_end:
            piece = await loop.sock_recv(self.socket, 4096 if self.slow else 262144)
            if not piece:
                break
            buffer += piece
            at = 0
            try:
                while (found := read_answer(buffer, start=at)) is not None:
                    answer, at = found
                    if not self.owed:
                        raise WrongAnswer(f"an answer too many: {answer}")
                    path, body = self.owed.pop(0)
                    if answer.status != 200 or answer.body != body or answer.closes:
                        raise WrongAnswer(
                            f"in answer to {path!r}: {answer.status} {answer.fields} {answer.body[:100]!r}"
                        )
                    now = time.monotonic()
                    self.tally.answers += 1
                    if self.timed:
                        self.tally.slowest = max(self.tally.slowest, now - asked)
                    asked = now
            except MalformedAnswer as error:
                raise WrongAnswer(f"malformed: {error} in answer to {self.owed[:1]}") from None
            buffer = buffer[at:]
            if not self.owed:
                self.settled.set()
            if self.slow:
                await asyncio.sleep(self.chance.choice((0, 0.001, 0.005)))
        # As above: what is owed to it need not come.
        if self.owed and not (self.fate == "half-close" and self.told_to_end):
            raise WrongAnswer(
                f"closed with {len(self.owed)} answers owed, {buffer[:100]!r} unread; {self.owed[0][0]!r}"
            )


async def main(host: str, port: str, clients: str, seed: str) -> None:
    loop = asyncio.get_running_loop()
    tally = Tally()
    asking = True

    def end() -> None:
        nonlocal asking
        asking = False
        loop.remove_reader(sys.stdin)

    loop.add_reader(sys.stdin, end)

    async def keep_asking(number: int) -> None:
        chance = random.Random(f"{seed}-{number}")
        count = 0
        while asking:
            count += 1
            await Session(chance, f"{number}-{count}", tally).run((host, int(port)))
        tally.connections += count

    print("asking", flush=True)
    await asyncio.gather(*(keep_asking(number) for number in range(int(clients))))
    report = {"answers": tally.answers, "connections": tally.connections, "slowest": round(tally.slowest, 3)}
    print(json.dumps({**report, "faults": len(tally.wrong), "wrong": tally.wrong[:SPOKEN]}), flush=True)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
