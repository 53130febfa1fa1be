"""The page that stands where an application can't be imported: HTML for browsers, the plain traceback for others.

Everything of it is in one answer: no script, no image, nothing from elsewhere, and it says so in its policy.
"""

from __future__ import annotations

from html import escape

from gearshift.development.style import STYLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from gearshift.development.failure import Cause, Failure, Frame

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
STATUS = "500 Internal Server Error"


class FailurePage:
    """A WSGI application that answers every request with why there is no other."""

    def __init__(self, failure: Failure) -> None:
        self.__qualname__ = f"a page that says why {failure.app} can't be served"
        self._html = page(failure).encode()
        self._text = text(failure).encode()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
        html = wants_html(environ.get("HTTP_ACCEPT", ""))
        body = self._html if html else self._text
        start_response(
            STATUS,
            [
                ("Content-Type", f"text/{'html' if html else 'plain'}; charset=utf-8"),
                ("Content-Length", str(len(body))),
                ("Content-Security-Policy", POLICY),
                ("X-Content-Type-Options", "nosniff"),
                ("Cache-Control", "no-store"),
                ("Vary", "Accept"),
            ],
        )
        return [body]


def wants_html(accept: str) -> bool:
    """Whether an Accept field (RFC 9110 section 12.5.1) names HTML: browsers do, curl and API clients say */*."""
    for entry in accept.lower().split(","):
        name, _, parameters = entry.partition(";")
        if name.strip() in ("text/html", "application/xhtml+xml"):
            weight = parameters.replace(" ", "").partition("q=")[2]
            return weight.rstrip("0") not in ("0.", "") if weight else True
    return False


def text(failure: Failure) -> str:
    """The failure for terminals and programs."""
    return f"{failure.trace}{failure.what}\n\nMend it: Gearshift starts anew when a file changes.\n"


def page(failure: Failure) -> str:
    """The failure as a document."""
    causes = "".join(map(_cause, failure.causes))
    trace = _details("The whole traceback", f"<pre>{escape(failure.trace)}</pre>") if failure.trace else ""
    last = failure.causes[-1] if failure.causes else None
    kind = last.kind if last else "It can't be served"
    message = last.message if last else failure.what
    return (
        "<!doctype html>\n<html lang=en><meta charset=utf-8>"
        '<meta name=viewport content="width=device-width, initial-scale=1">'
        '<meta name=color-scheme content="light dark">'
        f"<title>{escape(kind)}: {escape(failure.app)}</title><style>{STYLE}</style>"
        f"<header><p class=app>{escape(failure.app)} can't be served</p>"
        f"<h1><span>{escape(kind)}</span> {escape(message)}</h1>"
        f"<p class=hint>{escape(failure.what)}</p></header><main>{causes}{trace}</main>"
        "<footer>Save a file and Gearshift starts anew; then load this page again. Connections wait meanwhile.</footer>"
        "</html>\n"
    )


def _cause(cause: Cause) -> str:
    """One error: the user's own code open, the innermost first; what libraries did can be opened."""
    own = [frame for frame in reversed(cause.frames) if frame.own]
    others = [frame for frame in reversed(cause.frames) if not frame.own]
    if not own:
        own, others = others[:1], others[1:]
    link = f"<p class=link>{escape(cause.link)}</p>" if cause.link else ""
    rest = ""
    if others:
        noun = "frame" if len(others) == 1 else "frames"
        rest = _details(f"{len(others)} {noun} of libraries", "".join(map(_frame, others)))
    return (
        f"<section>{link}<h2><span>{escape(cause.kind)}</span> {escape(cause.message)}</h2>"
        f"{''.join(map(_frame, own))}{rest}</section>"
    )


def _frame(frame: Frame) -> str:
    where = f"<b>{escape(frame.file)}</b>, line {frame.number}"
    if frame.function:
        where += f", in {escape(frame.function)}"
    rows = []
    for line in frame.lines:
        blamed = " class=blamed" if line.blamed else ""
        rows.append(f"<li value={line.number}{blamed}><code>{escape(line.text) or ' '}</code>")
        if line.blamed and frame.caret >= 0:
            rows.append(f"<li class=caret aria-hidden=true><code>{' ' * frame.caret}^</code>")
    source = f"<ol>{''.join(rows)}</ol>" if rows else "<p class=none>no source to be had</p>"
    return f"<article><h3>{where}</h3>{source}</article>"


def _details(summary: str, body: str) -> str:
    return f"<details><summary>{escape(summary)}</summary>{body}</details>"
