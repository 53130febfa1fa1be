"""The typed face of native.py."""

from typing import final

from gearshift.exchange import Application, Exchange

@final
class OpenFile:
    """Owns a descriptor: closed when nothing refers to it any more, answers still being sent included."""

    def __init__(self, fd: int) -> None: ...
    @property
    def fd(self) -> int: ...

@final
class FileSlice:
    """`length` bytes of a file from `offset` on."""

    def __init__(self, file: OpenFile, offset: int, length: int) -> None: ...
    @property
    def file(self) -> OpenFile: ...
    @property
    def offset(self) -> int: ...
    @property
    def length(self) -> int: ...

@final
class Answer:
    """A whole answer; immutable, so that one object can be given any number of times."""

    def __init__(
        self, status: int, fields: bytes, body: bytes | FileSlice | list[bytes | FileSlice] = b""
    ) -> None: ...
    @property
    def status(self) -> int: ...
    @property
    def fields(self) -> bytes: ...
    @property
    def body(self) -> bytes | FileSlice | list[bytes | FileSlice]: ...
    @property
    def length(self) -> int: ...

class Responder:
    """What answers requests; called from any thread of an engine."""

    def respond(self, exchange: Exchange) -> Answer: ...
    def close(self) -> None: ...

class NativeApplication(Application):
    """A Responder behind exchanges."""

    def __init__(self, responder: Responder) -> None: ...
    @property
    def responder(self) -> Responder: ...

@final
class NativeExchange(Exchange):
    """One request to a Responder."""
