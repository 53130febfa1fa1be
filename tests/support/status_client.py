"""Clients of a status page: plain requests with exactly these fields, and the stream of events."""

from __future__ import annotations

import http.client
import json
from typing import Any, NamedTuple
from urllib.parse import urlsplit


class Got(NamedTuple):
    """An answer."""

    status: int
    fields: http.client.HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    def json(self) -> Any:
        return json.loads(self.body)


def ask(url: str, path: str = "/", method: str = "GET", within: float = 10.0, **fields: str) -> Got:
    """One request. fields: with underscores for hyphens; Host too, if it is to be another."""
    connection = _connection(url, within)
    try:
        connection.putrequest(method, path, skip_host="Host" in fields)
        for name, value in fields.items():
            connection.putheader(name.replace("_", "-"), value)
        if method == "POST":
            connection.putheader("Content-Length", "0")
        connection.endheaders()
        answer = connection.getresponse()
        return Got(answer.status, answer.headers, answer.read())
    finally:
        connection.close()


def _connection(url: str, within: float) -> http.client.HTTPConnection:
    where = urlsplit(url)
    assert where.hostname is not None
    return http.client.HTTPConnection(where.hostname, where.port, timeout=within)


class Event(NamedTuple):
    """A server-sent event."""

    kind: str
    number: int
    data: Any


class Viewer:
    """Somebody who watches."""

    def __init__(self, url: str, query: str = "") -> None:
        self._connection = _connection(url, 10.0)
        self._connection.request("GET", f"/events?{query}")
        self.answer = self._connection.getresponse()

    def next(self) -> Event | None:
        """The next event; None where the stream has ended."""
        kind, number, data = "message", 0, ""
        while line := self.answer.readline().decode():
            name, _, value = line.rstrip("\n").partition(": ")
            if name == "event":
                kind = value
            elif name == "id":
                number = int(value)
            elif name == "data":
                data = value
            elif not name and data:
                return Event(kind, number, json.loads(data))
        return None

    def close(self) -> None:
        self.answer.close()
        self._connection.close()

    def __enter__(self) -> Viewer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
