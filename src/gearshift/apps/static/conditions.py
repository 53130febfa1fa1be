"""Preconditions in the order that RFC 9110 section 13.2.2 gives them."""

from __future__ import annotations

from enum import Enum
from time import time

from gearshift.apps.static.dates import parse_date

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gearshift.apps.static.cache import Representation
    from gearshift.http.request import Request


class Verdict(Enum):
    """What the preconditions of a request mean for its answer."""

    PROCEED = "proceed"
    NOT_MODIFIED = "304"
    FAILED = "412"


def judge(request: Request, chosen: Representation) -> Verdict:
    """Evaluate the preconditions of a GET or HEAD request against what it would be answered with."""
    if_match = request.header(b"if-match")
    if if_match is not None:
        if not _lists(if_match, chosen.etag, weakly=False):
            return Verdict.FAILED
    else:
        since = request.header(b"if-unmodified-since")
        if since is not None and _modified_after(since, chosen) is True:
            return Verdict.FAILED
    if_none_match = request.header(b"if-none-match")
    if if_none_match is not None:
        return Verdict.NOT_MODIFIED if _lists(if_none_match, chosen.etag, weakly=True) else Verdict.PROCEED
    since = request.header(b"if-modified-since")
    if since is not None and _modified_after(since, chosen) is False:
        return Verdict.NOT_MODIFIED
    return Verdict.PROCEED


def range_holds(request: Request, chosen: Representation) -> bool:
    """Whether If-Range (RFC 9110 section 13.1.5), where there is one, lets the Range count."""
    validator = request.header(b"if-range")
    if validator is None:
        return True
    if b'"' in validator:
        return validator == chosen.etag  # strong comparison: a W/ makes it differ
    # A date is a strong validator only once its second is over and nothing can happen in it (8.8.2.2).
    is_over = chosen.modified < int(time())
    return is_over and validator == chosen.last_modified


def _modified_after(date: bytes, chosen: Representation) -> bool | None:
    """None where `date` is no HTTP date, because such a condition has to be ignored."""
    if date == chosen.last_modified:
        return False
    seconds = parse_date(date, int(time()))
    return None if seconds is None else chosen.modified > seconds


def _lists(value: bytes, etag: bytes, *, weakly: bool) -> bool:
    """Whether an If-Match or If-None-Match field names `etag` (ours, always strong) or is `*`.

    Entity tags may contain commas, so the list is walked, not split. A syntax error ends it: what follows
    names nothing.
    """
    if value in (etag, b"*"):
        return True
    position = 0
    while position < len(value):
        if value[position : position + 1] in (b" ", b"\t", b","):
            position += 1
            continue
        weak = value.startswith(b"W/", position)
        opening = position + 2 if weak else position
        closing = value.find(b'"', opening + 1)
        if value[opening : opening + 1] != b'"' or closing < 0:
            return False
        if value[opening : closing + 1] == etag and (weakly or not weak):
            return True
        position = closing + 1
    return False
