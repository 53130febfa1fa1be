"""The typed face of turns.py; turns are made by compiled modules only."""

from collections.abc import Generator
from types import TracebackType
from typing import Any, NoReturn, final

from gearshift.apps.asgi.call import Call

class Conversing(Call):
    """A call of an application to which messages come, and which sends some, for as long as it lasts."""

class Turn:
    """One call of receive() or send()."""

    def __await__(self) -> Generator[Any, None, Any]: ...
    def __iter__(self) -> Turn: ...
    def send(self, value: None) -> Any: ...
    def throw(
        self,
        kind: type[BaseException] | BaseException,
        value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> NoReturn: ...
    def close(self) -> None: ...

@final
class Receiving(Turn):
    """Awaited, it answers the next message."""

    def __next__(self) -> Any: ...

@final
class Sending(Turn):
    """Awaited, it answers once there is room."""

    def __next__(self) -> Any: ...
