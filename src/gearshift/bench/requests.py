"""The requests that are sent: paths from the command line, a file of requests, or a recorded access log."""

from __future__ import annotations

import json
import re
from collections import Counter
from itertools import islice
from typing import NamedTuple

from gearshift.errors import SettingError
from gearshift.load.requests import TOKEN, read_lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MOST_LINES = 1_000_000  # of a log; what the load takes in turn has to fit into memory
MOST_REQUESTS = 50_000
WITHOUT_BODY = ("GET", "HEAD")  # a log has no bodies, and repeating what changes something would do harm
TARGET = re.compile(r"/[!-~]*")  # in origin form, of printable ASCII (RFC 9112 section 3.2.1)
# The request as NCSA's formats quote it: quotes and backslashes escaped, other bytes as \xNN.
QUOTED_REQUEST = re.compile(r'\] "((?:[^"\\]|\\.)*)" \d{3} ')
ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|(.))")


class Request(NamedTuple):
    method: str
    target: str

    @property
    def line(self) -> str:
        """As in a file of requests."""
        return f"{self.method} {self.target}"


class Requests(NamedTuple):
    """sent: taken in turn, over and over. notes: what was left out and why, a line each."""

    sent: list[Request]
    notes: list[str]

    @property
    def commonest(self) -> list[Request]:
        """Each once, those first that come most often."""
        return [request for request, _ in Counter(self.sent).most_common()]


def from_paths(paths: Iterable[str]) -> Requests:
    """GET of each path. Raises SettingError."""
    sent = [Request("GET", path) for path in paths]
    for request in sent:
        if not TARGET.fullmatch(request.target):
            raise SettingError(f"--path: found {request.target!r}, expected a path that begins with /")
    return Requests(sent, [])


def from_file(path: str) -> Requests:
    """A file of requests as `gearshift load` reads it: `METHOD PATH` or a path on each line. Raises SettingError."""
    return _shortened([Request(line.method, line.path) for line in read_lines(path, "GET")], [])


def from_access_log(path: str) -> Requests:
    """What an access log has recorded: common, combined or json, of Gearshift or any other server.

    Raises SettingError. GET and HEAD only; requests that were answered 5xx are kept, lines that tell none are not.
    """
    sent = []
    others: Counter[str] = Counter()
    unread = 0
    for line in islice(_lines(path, "--access-log"), MOST_LINES):
        request = _recorded(line)
        if request is None:
            unread += 1 if line.strip() else 0
        elif request.method in WITHOUT_BODY:
            sent.append(request)
        else:
            others[request.method] += 1
    if not sent:
        found = f"no GET or HEAD in {path}" if others else f"no request in {path}"
        raise SettingError(
            f"--access-log: found {found}, expected lines as common, combined or json has them"
        )
    notes = []
    if others:
        told = ", ".join(f"{count} {method}" for method, count in others.most_common())
        notes.append(
            f"left out of the log: {told} (a log has no bodies, and what changes something isn't repeated)"
        )
    if unread:
        notes.append(
            f"left out of the log: {unread} line{'s' if unread > 1 else ''} without a request that can be sent"
        )
    return _shortened(sent, notes)


def _shortened(sent: list[Request], notes: list[str]) -> Requests:
    if len(sent) <= MOST_REQUESTS:
        return Requests(sent, notes)
    notes.append(f"sent: the first {MOST_REQUESTS:,} of {len(sent):,}, over and over")
    return Requests(sent[:MOST_REQUESTS], notes)


def _recorded(line: str) -> Request | None:
    """The request of a log's line; None where it has none that can be sent again."""
    if line.startswith("{"):
        return _of_json(line)
    quoted = QUOTED_REQUEST.search(line)
    words = ESCAPE.sub(_unescaped, quoted[1]).split(" ") if quoted else []
    return _sendable(words[0], words[1]) if len(words) == 3 and words[2].startswith("HTTP/") else None


def _of_json(line: str) -> Request | None:
    try:
        entry = json.loads(line)
        return _sendable(entry["method"], entry["target"])
    except (ValueError, KeyError, TypeError):
        return None


def _sendable(method: str, target: str) -> Request | None:
    if TOKEN.fullmatch(method) and TARGET.fullmatch(target):
        return Request(method, target)
    return None


def _unescaped(escape: re.Match[str]) -> str:
    return chr(int(escape[1], 16)) if escape[1] else escape[2]


def _lines(path: str, flag: str) -> Iterator[str]:
    """Bytes as code points: a log may hold any."""
    try:
        with open(path, encoding="latin-1", newline="\n") as file:  # noqa: PTH123 - as everywhere in the command line
            yield from file
    except OSError as error:
        raise SettingError(f"{flag}: {path}: {error.strerror}, expected a readable file") from None
