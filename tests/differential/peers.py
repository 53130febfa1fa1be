"""What other parsers make of the same bytes: h11 (pure Python, strict) and httptools (llhttp, in C)."""

from __future__ import annotations

from typing import NamedTuple

import h11
import httptools

from tests.properties.reading import Message, read

Headers = tuple[tuple[bytes, bytes], ...]


class Seen(NamedTuple):
    """The first message as one parser saw it; `body` is None where its end never came."""

    method: bytes
    target: bytes
    headers: Headers  # names in lower case
    body: bytes | None


class Verdict(NamedTuple):
    """`seen` is None where no head was accepted; `fault` says what was wrong with head or body, if anything."""

    seen: Seen | None
    fault: str


def by_gearshift(data: bytes) -> Verdict:
    outcome = read([data])
    if not outcome.messages:
        return Verdict(None, outcome.refusal.name)
    first: Message = outcome.messages[0]
    seen = Seen(first.method, first.target, lowered(first.headers), first.body)
    # What is wrong behind the first message is another message's fault.
    return Verdict(seen, "" if first.body is not None else outcome.refusal.name)


def by_h11(data: bytes) -> Verdict:
    connection = h11.Connection(h11.SERVER, max_incomplete_event_size=1 << 20)
    connection.receive_data(data)
    seen: Seen | None = None
    body = b""
    try:
        while True:
            event = connection.next_event()
            if isinstance(event, h11.Request):
                headers = tuple((bytes(name), bytes(value)) for name, value in event.headers)
                seen = Seen(bytes(event.method), bytes(event.target), headers, None)
            elif isinstance(event, h11.Data):
                body += event.data
            elif isinstance(event, h11.EndOfMessage):
                assert seen is not None
                return Verdict(seen._replace(body=body), "")
            else:
                return Verdict(seen, "")
    except h11.RemoteProtocolError as error:
        return Verdict(seen, str(error))


class Listener:
    """Collects what httptools calls back with."""

    def __init__(self) -> None:
        self.target = b""
        self.headers: list[tuple[bytes, bytes]] = []
        self.body = b""
        self.head_is_whole = self.is_whole = False

    def on_url(self, url: bytes) -> None:
        if not self.is_whole:
            self.target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self.head_is_whole:
            self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        if not self.head_is_whole:
            self.head_is_whole = True
            self.method = self.parser.get_method()

    def on_body(self, body: bytes) -> None:
        if not self.is_whole:
            self.body += body

    def on_message_complete(self) -> None:
        self.is_whole = True

    parser: httptools.HttpRequestParser
    method = b""


def by_httptools(data: bytes) -> Verdict:
    listener = Listener()
    listener.parser = httptools.HttpRequestParser(listener)
    fault = ""
    try:
        listener.parser.feed_data(data)
    except httptools.HttpParserUpgrade:
        return Verdict(None, "Upgrade")
    except httptools.HttpParserError as error:
        fault = str(error) or type(error).__name__
    if not listener.head_is_whole:
        return Verdict(None, fault)
    body = listener.body if listener.is_whole else None
    seen = Seen(listener.method, listener.target, lowered(tuple(listener.headers)), body)
    return Verdict(seen, "" if listener.is_whole else fault)


def lowered(headers: Headers) -> Headers:
    return tuple((name.lower(), value) for name, value in headers)
