"""The lines that the access log's formats make of an entry."""

from __future__ import annotations

from gearshift.observe.escaping import JSON_TABLE, escape_bytes
from gearshift.observe.stamps import SecondText, ncsa_time, universal_time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from gearshift.observe.access_entry import AccessEntry

# What is remembered is bounded, because clients choose it: 2 MiB at the very most.
MOST_REMEMBERED = 4096
LONGEST_REMEMBERED = 256


class Remembered(dict[bytes | str, str]):
    """What `make` made of values that come again and again: methods, user agents, peers."""

    __slots__ = ("_make",)

    def __init__(self, make: Callable[[Any], str]) -> None:
        self._make = make

    def __missing__(self, value: bytes | str) -> str:
        text = self._make(value)
        if len(value) <= LONGEST_REMEMBERED:
            if len(self) >= MOST_REMEMBERED:
                self.clear()
            self[value] = text
        return text


def common_format() -> Callable[[AccessEntry], str]:
    """NCSA's common log format, and the duration in seconds as one more field, as nginx's $request_time."""
    request = _common_part()

    def line(entry: AccessEntry) -> str:
        return f"{request(entry)} {entry.duration:.6f}\n"

    return line


def combined_format() -> Callable[[AccessEntry], str]:
    """The common one with referer and user agent, and the duration in seconds as one more field."""
    request = _common_part()
    known = Remembered(_text_or_dash)

    def line(entry: AccessEntry) -> str:
        referer = known[entry.referer or b""]
        user_agent = known[entry.user_agent or b""]
        return f'{request(entry)} "{referer}" "{user_agent}" {entry.duration:.6f}\n'

    return line


def json_format() -> Callable[[AccessEntry], str]:
    """One JSON object a line: durations in milliseconds, time in UTC, bytes as code points 0 to 255."""
    clock = SecondText(universal_time)
    known = Remembered(_json_string)

    def line(entry: AccessEntry) -> str:
        second, millisecond = divmod(int(entry.wall_time * 1000), 1000)
        referer = "null" if entry.referer is None else known[entry.referer]
        user_agent = "null" if entry.user_agent is None else known[entry.user_agent]
        return (
            f'{{"time":"{clock.text(second)}.{millisecond:03d}Z","peer":{known[entry.peer]}'
            f',"method":{known[entry.method]},"target":{_json_string(entry.target)}'
            f',"protocol":"{entry.protocol}","status":{entry.status},"body_bytes":{entry.body_bytes}'
            f',"duration_ms":{entry.duration * 1000:.3f}'
            f',"application_ms":{entry.application_seconds * 1000:.3f}'
            f',"referer":{referer},"user_agent":{user_agent}'
            f',"engine":"{entry.engine}","requests":{entry.requests}}}\n'
        )

    return line


FORMATS = {"common": common_format, "combined": combined_format, "json": json_format}


def _common_part() -> Callable[[AccessEntry], str]:
    """The fields of the common log format."""
    clock = SecondText(ncsa_time)
    hosts = Remembered(_host)
    methods = Remembered(escape_bytes)

    def fields(entry: AccessEntry) -> str:
        request = "-"
        if entry.method:
            request = f"{methods[entry.method]} {escape_bytes(entry.target)} {entry.protocol}"
        return (
            f"{hosts[entry.peer]} - - [{clock.text(int(entry.wall_time))}]"
            f' "{request}" {entry.status} {entry.body_bytes or "-"}'
        )

    return fields


def _host(peer: str) -> str:
    """The client's address without its port, as log tools expect it."""
    host, colon, _ = peer.rpartition(":")
    if not colon or (":" in host and not host.startswith("[")):
        host = peer  # a proxy has told no port
    return escape_bytes(_octets(host.strip("[]"))) if host else "-"


def _text_or_dash(value: bytes) -> str:
    return escape_bytes(value) or "-"


def _json_string(value: bytes | str) -> str:
    return f'"{escape_bytes(_octets(value), JSON_TABLE)}"'


def _octets(value: bytes | str) -> bytes:
    """The name of a Unix client's socket, which is text, may hold any byte."""
    return value if isinstance(value, bytes) else value.encode("utf-8", "surrogateescape")
