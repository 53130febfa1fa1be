"""A small server of the Redis protocol (RESP 2): PING, ECHO, SET, GET, DEL.

gearshift serve --tcp redis_server:Redis --bind 127.0.0.1:6390
redis-cli -p 6390 set colour green
"""

from __future__ import annotations

LONGEST = 1_048_576  # bytes of one request
KNOWN = {
    b"PING": (1, 2),
    b"ECHO": (2, 2),
    b"SET": (3, 3),
    b"GET": (2, 2),
    b"DEL": (2, 1024),
}  # words, at least and most

stored: dict[bytes, bytes] = {}


class Malformed(Exception):
    """What came is no request of the protocol."""


class Redis:
    """One client. Requests may come in pieces, or many at once: what is not whole yet is kept."""

    def __init__(self) -> None:
        self.kept = b""

    def connected(self, connection) -> None:
        self.connection = connection

    def received(self, data: bytes) -> bytes:
        self.kept += data
        answers = []
        try:
            while (found := request_in(self.kept)) is not None:
                words, length = found
                self.kept = self.kept[length:]
                if words:
                    answers.append(answer_to(words))
            if len(self.kept) > LONGEST:
                raise Malformed("too big a request")
        except Malformed as error:
            answers.append(b"-ERR Protocol error: %s\r\n" % str(error).encode())
            self.connection.close()
        return b"".join(answers)


def request_in(data: bytes) -> tuple[list[bytes], int] | None:
    """The words of the first request and its length; None where it has not come whole."""
    line, end, _ = data.partition(b"\r\n")
    if not end:
        return None
    if not line.startswith(b"*"):
        return line.split(), len(line) + 2  # as people type it
    at = len(line) + 2
    words = []
    for _ in range(number(line[1:])):
        line, end, _ = data[at:].partition(b"\r\n")
        if not end:
            return None
        if not line.startswith(b"$"):
            raise Malformed("expected '$'")
        start = at + len(line) + 2
        at = start + number(line[1:]) + 2
        if len(data) < at:
            return None
        words.append(data[start : at - 2])
    return words, at


def number(digits: bytes) -> int:
    if not digits.isdigit() or int(digits) > LONGEST:
        raise Malformed("invalid length")
    return int(digits)


def answer_to(words: list[bytes]) -> bytes:
    name = words[0].upper()
    least, most = KNOWN.get(name, (0, 0))
    if not most:
        return b"-ERR unknown command '%s'\r\n" % words[0]
    if not least <= len(words) <= most:
        return b"-ERR wrong number of arguments for '%s' command\r\n" % name.lower()
    if name == b"PING":
        return bulk(words[1]) if len(words) == 2 else b"+PONG\r\n"
    if name == b"ECHO":
        return bulk(words[1])
    if name == b"SET":
        stored[words[1]] = words[2]
        return b"+OK\r\n"
    if name == b"GET":
        return bulk(stored.get(words[1]))
    return b":%d\r\n" % sum(stored.pop(key, None) is not None for key in words[1:])


def bulk(value: bytes | None) -> bytes:
    return b"$-1\r\n" if value is None else b"$%d\r\n%s\r\n" % (len(value), value)
