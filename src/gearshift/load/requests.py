"""The bytes of the requests: from the command line, or from a file that names one on each line."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from gearshift.errors import SettingError, WrongValueError
from gearshift.load.target import is_target

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 section 5.6.2
VALUE = re.compile(r"[\t -~\x80-\U0010ffff]*")
HEADER = "'Name: value', printable"
LINE = "METHOD PATH, or a path that begins with /"
OF_THE_LOAD = ("content-length", "transfer-encoding")  # they follow from the body
WITH_A_BODY = (
    "POST",
    "PUT",
    "PATCH",
)  # expected to say its length even where it is empty (RFC 9110 section 8.6)


class Line(NamedTuple):
    """A request line: what is asked."""

    method: str
    path: str


def checked_method(method: str) -> str:
    """Raises SettingError."""
    if not TOKEN.fullmatch(method) or method == "CONNECT":
        raise WrongValueError("--method", repr(method), "a method's name, not CONNECT")
    return method


def checked_headers(said: Sequence[str]) -> list[tuple[str, str]]:
    """Names and values of `Name: value` texts. Raises SettingError."""
    found = []
    for text in said:
        name, colon, value = text.partition(":")
        if not colon or not TOKEN.fullmatch(name) or not VALUE.fullmatch(value):
            raise WrongValueError("--header", repr(text), HEADER)
        if name.lower() in OF_THE_LOAD:
            raise WrongValueError(
                "--header", name, "no field that frames the request: it follows from --body"
            )
        found.append((name, value.strip(" \t")))
    return found


def body_of(said: str) -> bytes:
    """A body given as text, or as @FILE. Raises SettingError."""
    if not said.startswith("@"):
        return said.encode()
    try:
        return Path(said[1:]).read_bytes()
    except OSError as error:
        raise WrongValueError(
            "--body", f"{said[1:]!r}: {error.strerror}", "a file that can be read"
        ) from None


def read_lines(path: str, method: str) -> list[Line]:
    """The requests of a file: on each line METHOD PATH, or a path alone, for which `method` counts. Blank lines and
    those that begin with # are passed over. Raises SettingError.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise SettingError(f"--requests: found {path!r}: {why}, expected a file that can be read") from None
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        request = Line(method, words[0]) if len(words) == 1 else Line(words[0], words[1])
        if len(words) > 2 or not TOKEN.fullmatch(request.method) or not is_target(request.path):
            raise SettingError(f"{path}:{number}: found {line.strip()!r}, expected {LINE}")
        found.append(request)
    if not found:
        raise SettingError(f"{path}: found no request, expected {LINE} on each line")
    return found


def message(line: Line, host: str, headers: Sequence[tuple[str, str]], body: bytes, closes: bool) -> bytes:
    """A request as it goes over the wire. closes: it says that its connection is to end."""
    named = {name.lower() for name, _ in headers}
    fields = [f"{line.method} {line.path} HTTP/1.1"]
    if "host" not in named:
        fields.append(f"Host: {host}")
    fields += [f"{name}: {value}" for name, value in headers]
    if closes and "connection" not in named:
        fields.append("Connection: close")
    if body or line.method in WITH_A_BODY:
        fields.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*fields, "", ""]).encode() + body
