"""What a load is to be, checked."""

from __future__ import annotations

from dataclasses import dataclass

from gearshift.errors import SettingError, WrongValueError
from gearshift.load.requests import Line, body_of, checked_headers, checked_method, message, read_lines
from gearshift.load.target import Target, parse_target

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_IN_FLIGHT = 1_000_000  # requests


@dataclass(frozen=True)
class Options:
    """target: the server. messages: the requests as bytes, taken in turn; to_head: of each whether it is a HEAD.

    connections: at once. pipeline: requests at once on each. rate: due a second; 0.0 for a closed loop. seconds: of
    what counts; warmup: seconds before that. timeout: seconds for a connection, and for an answer. closes: whether
    each request has a connection of its own.
    """

    target: Target
    messages: list[bytes]
    to_head: list[bool]
    connections: int = 64
    pipeline: int = 1
    rate: float = 0.0
    seconds: float = 10.0
    warmup: float = 0.0
    timeout: float = 5.0
    closes: bool = False


def options_from(flags: Mapping[str, object]) -> Options:
    """From what the command line says: texts by the flags' names, True for a switch. Raises SettingError."""
    if "url" not in flags:
        raise SettingError("load: found no URL, expected one, as in gearshift load http://127.0.0.1:8088/")
    target = parse_target(str(flags["url"]))
    closes = "close" in flags
    connections = _whole(flags, "connections", 64, 1, 100_000)
    pipeline = _whole(flags, "pipeline", 1, 1, 1024)
    if closes and pipeline > 1:
        raise SettingError("--pipeline: found --close too, expected one of them")
    if connections * pipeline > MOST_IN_FLIGHT:
        raise WrongValueError(
            "--pipeline", f"{connections * pipeline} requests at once", f"at most {MOST_IN_FLIGHT}"
        )
    method = checked_method(str(flags.get("method", "GET")))
    body = body_of(str(flags.get("body", "")))
    said = flags.get("header", [])
    assert isinstance(said, list)
    headers = checked_headers(said)
    lines = read_lines(str(flags["requests"]), method) if "requests" in flags else [Line(method, target.path)]
    return Options(
        target,
        [message(line, target.host, headers, body, closes) for line in lines],
        [line.method == "HEAD" for line in lines],
        connections,
        pipeline,
        _number(flags, "rate", 0.0, 0.01, 10_000_000),
        _number(flags, "seconds", 10.0, 0.1, 86_400),
        _number(flags, "warmup", 0.0, 0.0, 3600),
        _number(flags, "timeout", 5.0, 0.001, 3600),
        closes,
    )


def _whole(flags: Mapping[str, object], name: str, default: int, least: int, most: int) -> int:
    said = str(flags.get(name, default))
    if not (said.isascii() and said.isdigit() and len(said) < 10 and least <= int(said) <= most):
        raise WrongValueError(f"--{name}", repr(said), f"a whole number from {least} to {most}")
    return int(said)


def _number(flags: Mapping[str, object], name: str, default: float, least: float, most: float) -> float:
    if name not in flags:
        return default
    said = str(flags[name])
    try:
        value = float(said)
    except ValueError:
        value = -1.0
    if not least <= value <= most:
        raise WrongValueError(f"--{name}", repr(said), f"a number from {least:g} to {most:,.0f}")
    return value
