"""A template: compiled once into its fixed parts, filled anew for every request.

A placeholder is a word between double braces: `{{engine}}`, or `{{ engine }}`. `{{}}` stands for a random
number from 1 to 100, one for each request: every `{{}}` and `{{random}}` of one answer is the same. The words
are:

| word | value |
|---|---|
| random | the number of `{{}}` |
| engine, thread, process | who answers: the engine, the thread's name, the process's id |
| protocol | TCP or Unix |
| local, local_address, local_port | the server's end of this connection: both, or one part |
| peer, peer_address, peer_port | the client's end |
| fd, inode | the connection's file descriptor, and the inode of its socket |
| listener, listener_address, listener_port, listener_fd | the socket that waits for connections |
| requests | how many requests this connection has carried, this one included |
| version | Gearshift's version |

A Unix socket has a path for its address and nothing for its port. Values are escaped for HTML. What stands
between double braces and cannot be a word (a script's `{{a:1}}`) is no placeholder and stays as it is.
"""

from __future__ import annotations

from gearshift.errors import WrongValueError, did_you_mean
from gearshift.version import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from gearshift.facts import ConnectionFacts

    Value = Callable[[ConnectionFacts, int], bytes]

OPENING = b"{{"
CLOSING = b"}}"
# Bounds the search for the closing braces, so that a file full of opening ones compiles in linear time.
LONGEST_WORD = 64
_WORD = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.")


def escaped(value: str) -> bytes:
    """`value` as UTF-8 that is safe in HTML text and in quoted attributes."""
    value = value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    # A Unix socket's path may hold bytes that are no UTF-8 (surrogates here): they show as question marks.
    return value.replace('"', "&quot;").replace("'", "&#39;").encode("utf-8", "replace")


def address_of(end: str, protocol: str) -> str:
    """The address of "127.0.0.1:8088", of "[::1]:8088" without its brackets; a Unix socket's path whole."""
    if protocol == "Unix":
        return end.removeprefix("unix:")
    return end.rpartition(":")[0].removeprefix("[").removesuffix("]")


def port_of(end: str, protocol: str) -> str:
    """The port of "127.0.0.1:8088"; nothing for a Unix socket."""
    return "" if protocol == "Unix" else end.rpartition(":")[2]


def _number(_: ConnectionFacts, number: int) -> bytes:
    return b"%d" % number


_VALUES: dict[str, Value] = {
    "": _number,
    "random": _number,
    "engine": lambda facts, _: escaped(facts.engine),
    "thread": lambda facts, _: escaped(facts.thread),
    "process": lambda facts, _: b"%d" % facts.process,
    "protocol": lambda facts, _: escaped(facts.protocol),
    "local": lambda facts, _: escaped(facts.local),
    "local_address": lambda facts, _: escaped(address_of(facts.local, facts.protocol)),
    "local_port": lambda facts, _: escaped(port_of(facts.local, facts.protocol)),
    "peer": lambda facts, _: escaped(facts.peer),
    "peer_address": lambda facts, _: escaped(address_of(facts.peer, facts.protocol)),
    "peer_port": lambda facts, _: escaped(port_of(facts.peer, facts.protocol)),
    "fd": lambda facts, _: b"%d" % facts.fd,
    "inode": lambda facts, _: b"%d" % facts.inode,
    "listener": lambda facts, _: escaped(facts.listener_local),
    "listener_address": lambda facts, _: escaped(address_of(facts.listener_local, facts.protocol)),
    "listener_port": lambda facts, _: escaped(port_of(facts.listener_local, facts.protocol)),
    "listener_fd": lambda facts, _: b"%d" % facts.listener_fd,
    "requests": lambda facts, _: b"%d" % facts.requests,
    "version": lambda _facts, _number: escaped(__version__),
}

NAMES = tuple(name for name in _VALUES if name)


class Template:
    """A compiled template; immutable, so any number of threads may fill it at once."""

    __slots__ = ("_parts", "_slots")

    def __init__(self, text: bytes, file: str) -> None:
        """Compiles `text`; `file` names it in errors.

        Raises SettingError for a placeholder whose word stands for nothing.
        """
        self._parts: list[bytes] = []
        self._slots: list[tuple[int, Value]] = []
        written = start = 0
        while (start := text.find(OPENING, start)) >= 0:
            word = _word_at(text, start)
            if word is None:
                start += 1
                continue
            value = _VALUES.get(word)
            if value is None:
                raise _unknown(word, file, text.count(b"\n", 0, start) + 1)
            self._parts.append(text[written:start])
            self._slots.append((len(self._parts), value))
            self._parts.append(b"")
            written = start = text.index(CLOSING, start) + len(CLOSING)
        self._parts.append(text[written:])

    def fill(self, facts: ConnectionFacts, number: int) -> bytes:
        """The text with every placeholder's value in its place; values are not searched for placeholders."""
        parts = self._parts.copy()
        for place, value in self._slots:
            parts[place] = value(facts, number)
        return b"".join(parts)


def _word_at(text: bytes, start: int) -> str | None:
    """The word between the braces that open at `start`, "" for none; None where this is no placeholder."""
    inside = start + len(OPENING)
    end = text.find(CLOSING, inside, inside + LONGEST_WORD + len(CLOSING))
    if end < 0:
        return None
    word = text[inside:end].strip(b" ")
    return word.decode("ascii") if _WORD.issuperset(word) else None


def _unknown(word: str, file: str, line: int) -> WrongValueError:
    return WrongValueError(
        f"template file {file}, line {line}",
        f"the placeholder {{{{{word}}}}}{did_you_mean(word, NAMES)}",
        f"{{{{}}}} or one of {', '.join(NAMES)}",
    )
