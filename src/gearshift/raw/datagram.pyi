"""The typed face of datagram.py."""

from collections.abc import Callable
from struct import Struct
from typing import Any, final

from gearshift.conversation import Conversation, RawApplication
from gearshift.exchange import Exchange
from gearshift.observe.error_log import ErrorLog

MOST_AT_ONCE: int
IPV4: Struct
IPV6: Struct

class DatagramApplication(RawApplication):
    """What `--udp` serves."""

    def __init__(
        self,
        factory: Callable[[], Any],
        name: str,
        asynchronous: bool,
        error_log: ErrorLog,
        most_at_once: int = 32,
    ) -> None: ...
    @property
    def most_at_once(self) -> int: ...

@final
class DatagramConversation(Conversation):
    """A socket that receives datagrams, as its raw handler knows it. Every method may be called from any thread."""

    def __init__(self, most: int) -> None: ...
    def send(
        self, data: bytes | bytearray | memoryview, peer: tuple[str, int] | tuple[str, int, int, int]
    ) -> None: ...
    @property
    def address(self) -> str: ...
    @property
    def closed(self) -> bool: ...
    @property
    def received(self) -> int: ...
    @property
    def sent(self) -> int: ...
    @property
    def unsent(self) -> int: ...
    def returned(self, address: bytes | None, result: object, error: BaseException | None) -> None: ...

@final
class DatagramExchange(Exchange):
    """The calls for one batch."""
