"""The typed face of response.py."""

from typing import final

from gearshift.http.states import Framing

class ResponseError(Exception):
    """An application's answer that can't be sent as HTTP; the text says what is wrong."""

@final
class Response:
    """The answer to one request; its methods are called by the compiled core only."""

    @property
    def status(self) -> int: ...
    @property
    def framing(self) -> Framing: ...
    @property
    def close(self) -> bool: ...
    @property
    def body_bytes(self) -> int: ...
