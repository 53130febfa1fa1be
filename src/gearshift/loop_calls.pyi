"""The typed face of loop_calls.py."""

from asyncio import AbstractEventLoop

class LoopCalls:
    """Calls that an event loop is to begin for engines of other threads."""

    def __init__(self, loop: AbstractEventLoop) -> None: ...
