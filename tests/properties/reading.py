"""Drives the protocol core as an engine would, and tells what it said in a form that can be compared."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from gearshift.http.limits import Limits
from gearshift.http.protocol import Protocol
from gearshift.http.refusals import Refusal
from gearshift.http.states import Event, Reading

# Where the core may stand after it has told of an event.
STATES_AFTER = {
    Event.NEED_DATA: set(Reading) - {Reading.COMPLETE, Reading.BROKEN, Reading.ENDED},
    Event.REQUEST: {Reading.SIZED_BODY, Reading.CHUNK_SIZE, Reading.COMPLETE},
    Event.BODY: {Reading.SIZED_BODY, Reading.CHUNK_DATA, Reading.CHUNK_END},
    Event.END_OF_BODY: {Reading.COMPLETE},
    Event.PAUSED: {Reading.COMPLETE},
    Event.REFUSED: {Reading.BROKEN},
    Event.CLOSED: {Reading.ENDED},
}


class Message(NamedTuple):
    """One request as the events told it; `body` is None where its end never came."""

    method: bytes
    target: bytes
    path: bytes
    query: bytes
    minor: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes | None


class Outcome(NamedTuple):
    """All that came of some bytes: whole and begun requests, and how it ended."""

    messages: tuple[Message, ...]
    refusal: Refusal
    last: Event

    @property
    def bodies(self) -> list[bytes | None]:
        return [message.body for message in self.messages]


class Reader:
    """A protocol that is asked for events after every piece, its requests being answered at once."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.protocol = Protocol(limits or Limits())
        self.messages: list[Message] = []
        self._body: list[bytes] = []

    def receive(self, piece: bytes) -> Event:
        """Hands on a piece; the event that stopped the reading: NEED_DATA, REFUSED or CLOSED."""
        self.protocol.receive(piece)
        return self._events()

    def receive_eof(self) -> Event:
        self.protocol.receive_eof()
        return self._events()

    def _events(self) -> Event:
        while True:
            event = self.protocol.next_event()
            assert self.protocol.reading in STATES_AFTER[event]
            if event == Event.REQUEST:
                self._begin()
            elif event == Event.BODY:
                piece = self.protocol.body_piece
                assert piece, "an empty piece of body would look like its end"
                self._body.append(piece)
            elif event == Event.END_OF_BODY:
                self._end(b"".join(self._body))
            elif event == Event.PAUSED:
                self.protocol.finish()
            else:
                return event

    def _begin(self) -> None:
        request = self.protocol.request
        assert request is not None
        self._body = []
        self.messages.append(
            Message(
                request.method,
                request.target,
                request.path,
                request.query,
                request.minor,
                tuple(request.headers),
                None,
            )
        )
        if not request.chunked and request.content_length <= 0:
            self._end(b"")

    def _end(self, body: bytes) -> None:
        self.messages[-1] = self.messages[-1]._replace(body=body)


def read(pieces: Iterable[bytes], limits: Limits | None = None, *, eof: bool = False) -> Outcome:
    """What the core makes of these pieces; with `eof`, of the end behind them too."""
    reader = Reader(limits)
    last = Event.NEED_DATA
    for piece in pieces:
        last = reader.receive(piece)
    if eof:
        last = reader.receive_eof()
    return Outcome(tuple(reader.messages), reader.protocol.refusal, last)


def bytewise(data: bytes) -> list[bytes]:
    """One piece a byte."""
    return [data[at : at + 1] for at in range(len(data))]


def split(data: bytes, places: Sequence[int]) -> list[bytes]:
    """The data cut at these places."""
    edges = [0, *sorted(place for place in places if place <= len(data)), len(data)]
    return [data[start:end] for start, end in pairwise(edges)]
