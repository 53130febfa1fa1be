"""Turns what `--tcp` and `--udp` name into a handler's class."""

from __future__ import annotations

from gearshift.apps.loader import find
from gearshift.errors import SettingError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

# Flags of a code object (dis.COMPILER_FLAG_NAMES).
COROUTINE = 0x80
BUILT_IN = {
    "--tcp": {"echo": "Echo", "discard": "Discard", "chat": "Chat"},
    "--udp": {"echo": "Echo", "discard": "Discard"},
}
NEEDED = {"--tcp": "received", "--udp": "datagram"}
TOLD = ("connected", "received", "eof", "closed", "opened", "datagram")


class LoadedHandler:
    """factory: makes a handler, without arguments. name: as shown to users. asynchronous: it has coroutines."""

    __slots__ = ("asynchronous", "factory", "name")

    def __init__(self, factory: Callable[[], Any], name: str, asynchronous: bool) -> None:
        self.factory = factory
        self.name = name
        self.asynchronous = asynchronous


def load_handler(named: object, flag: str) -> LoadedHandler:
    """The handler that a setting names. flag: "--tcp" or "--udp".

    named: a built-in handler's short name, "module:Handler", or the class itself.
    Raises SettingError for what is no handler, ApplicationLoadError where it can't be imported.
    """
    name = named if isinstance(named, str) else getattr(named, "__qualname__", type(named).__qualname__)
    factory = named
    if isinstance(named, str):
        built_in = BUILT_IN[flag]
        if named in built_in:
            from gearshift import handlers

            factory = getattr(handlers, built_in[named])
        else:
            factory = find(named, flag, ", ".join(built_in))
    if not callable(factory):
        raise SettingError(
            f"{flag}: found {name}, an object of the class {type(factory).__name__}, expected a class of handlers"
        )
    needed = NEEDED[flag]
    if isinstance(factory, type) and not callable(getattr(factory, needed, None)):
        raise SettingError(
            f"{flag}: found {name}, a class without {needed}(), expected one with it{_other(flag, factory)}"
        )
    return LoadedHandler(factory, name, any(_is_coroutine(factory, method) for method in TOLD))


def _other(flag: str, factory: type) -> str:
    other = "--udp" if flag == "--tcp" else "--tcp"
    return f" (did you mean {other}?)" if callable(getattr(factory, NEEDED[other], None)) else ""


def _is_coroutine(factory: object, method: str) -> bool:
    code = getattr(getattr(factory, method, None), "__code__", None)
    return code is not None and bool(code.co_flags & COROUTINE)
