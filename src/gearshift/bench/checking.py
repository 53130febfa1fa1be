"""Whether the requests are answered at all, before anything is measured: each is sent once, alone."""

from __future__ import annotations

import http.client
import time
from contextlib import closing

from gearshift.bench.requests import Requests
from gearshift.errors import GearshiftError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gearshift.bench.requests import Request

MOST_CHECKED = 50  # different ones, those first that come most often
LONGEST = 6.0  # seconds, for all of them
PATIENCE = 5.0  # seconds, for one
MOST_NAMED = 3


class NothingAnsweredError(GearshiftError):
    """Not one request is answered by anything but an error of the server's."""


def checked(url: str, requests: Requests) -> Requests:
    """Without those that are answered 5xx or not at all, and a note of what was left out or looks like a mistake.

    url: of a server that serves the application. Raises NothingAnsweredError.
    """
    statuses: dict[Request, int] = {}
    deadline = time.monotonic() + LONGEST
    for request in requests.commonest[:MOST_CHECKED]:
        if time.monotonic() > deadline:
            break
        statuses[request] = _status(url, request)
    broken = {request: status for request, status in statuses.items() if not 0 < status < 500}
    sent = [request for request in requests.sent if request not in broken]
    if not sent:
        request, status = next(iter(broken.items()))
        raise NothingAnsweredError(f"{request.line}: {_in_words(status)}, expected an answer that is no 5xx")
    notes = list(requests.notes)
    if broken:
        notes.append(f"left out, as they can't be measured: {_named(broken)}")
    unfound = {request: status for request, status in statuses.items() if 400 <= status < 500}
    if unfound:
        notes.append(f"measured, though perhaps not meant: {_named(unfound)}")
    return Requests(sent, notes)


def _status(url: str, request: Request) -> int:
    """Of its answer; 0 where there is none."""
    host, _, port = url.removeprefix("http://").rpartition(":")
    with closing(http.client.HTTPConnection(host, int(port), timeout=PATIENCE)) as connection:
        try:
            connection.request(request.method, request.target)
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            return 0
        return answer.status


def _named(statuses: dict[Request, int]) -> str:
    named = [f"{request.line} ({_in_words(status)})" for request, status in statuses.items()]
    more = f", and {len(named) - MOST_NAMED} more" if len(named) > MOST_NAMED else ""
    return ", ".join(named[:MOST_NAMED]) + more


def _in_words(status: int) -> str:
    return f"answered {status}" if status else f"not answered within {PATIENCE:g} s"
