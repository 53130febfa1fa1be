"""The short answers that are no file: prebuilt, so that refusing costs nothing."""

from __future__ import annotations

from gearshift.apps.native import Answer

ALLOW = b"Allow: GET, HEAD, OPTIONS\r\n"
# Types come from a table, so a browser has no reason to guess that an uploaded text might be a script.
NO_SNIFFING = b"X-Content-Type-Options: nosniff\r\n"
VARY = b"Vary: Accept-Encoding\r\n"
HTML = b"Content-Type: text/html; charset=utf-8\r\n" + NO_SNIFFING
# A listing shows names that strangers may have chosen: whatever slips into it, nothing runs.
LISTING = HTML + b"Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'\r\n"

_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{status} {title}</title>
<style>:root{{color-scheme:light dark}}
body{{font:1.1rem/1.6 system-ui,sans-serif;max-width:34rem;margin:18vh auto;padding:0 1.5rem}}
h1{{font-size:1.5rem;margin:0}}p{{margin:.4rem 0;opacity:.75}}</style>
<h1>{title}</h1><p>{text}</p><p>{status}</p></html>
"""
_TEXTS = {
    301: ("Moved", "The address of this folder ends with a slash."),
    400: (
        "Bad request",
        "The address is not well-formed: a percent sign in it is not followed by two hexadecimal digits.",
    ),
    403: ("Not readable", "The server lacks the permission to read this file."),
    404: ("Not found", "There is nothing at this address."),
    405: ("Method not allowed", "Files can be read here, with GET and HEAD, and nothing else."),
    406: ("Not acceptable", "This file is not available in any of the encodings that were asked for."),
    412: ("Precondition failed", "The file is not the one that the request was made for."),
    416: ("Range not satisfiable", "The file is shorter than the part that was asked for."),
    503: ("Busy", "The file cannot be read just now. Please try again in a moment."),
}
_FIELDS = {405: ALLOW, 503: b"Retry-After: 1\r\n"}


class Refused(Exception):
    """A request that is answered with one of the texts above."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def notice(status: int, fields: bytes = b"") -> Answer:
    """The answer for one of the statuses above, with more field lines where a case has some."""
    return Answer(status, HTML + fields, _BODIES[status])


_BODIES = {
    status: _PAGE.format(status=status, title=title, text=text).encode()
    for status, (title, text) in _TEXTS.items()
}
PREBUILT: dict[int, Answer] = {status: notice(status, _FIELDS.get(status, b"")) for status in _TEXTS}
OPTIONS = Answer(204, ALLOW)
