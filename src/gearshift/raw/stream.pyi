"""The typed face of stream.py."""

from collections.abc import Callable
from typing import Any, final

from gearshift.conversation import Conversation, RawApplication
from gearshift.exchange import Exchange
from gearshift.observe.error_log import ErrorLog

CALLS: tuple[bytes, ...]

def is_awaitable(value: object) -> bool: ...

class StreamApplication(RawApplication):
    """What `--tcp` serves."""

    def __init__(
        self,
        factory: Callable[[], Any],
        name: str,
        asynchronous: bool,
        error_log: ErrorLog,
        most_unsent: int = 4194304,
    ) -> None: ...
    @property
    def greets(self) -> bool: ...
    @property
    def most_unsent(self) -> int: ...

@final
class StreamConversation(Conversation):
    """A connection as its raw handler knows it. Every method may be called from any thread."""

    def send(self, data: bytes | bytearray | memoryview) -> bool: ...
    def close(self) -> None: ...
    @property
    def unsent(self) -> int: ...
    @property
    def closed(self) -> bool: ...
    @property
    def peer(self) -> str: ...
    @property
    def number(self) -> int: ...
    def read(self) -> dict[str, Any]: ...
    def __getitem__(self, key: str) -> Any: ...

@final
class StreamExchange(Exchange):
    """One call of a handler, and what it says."""

    @property
    def conversation(self) -> StreamConversation: ...
    def returned(self, result: object, error: BaseException | None) -> None: ...
