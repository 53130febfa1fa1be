"""The status page as a WSGI application: what may be asked, and what is answered."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path
from threading import Lock, current_thread
from urllib.parse import parse_qs

from gearshift.errors import GearshiftError, MissingExtraError
from gearshift.observe.page.admission import without_token
from gearshift.observe.page.events import Events
from gearshift.observe.page.rows import Selection, WrongQuery
from gearshift.observe.page.written import in_pieces, text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from gearshift.observe.page.admission import Admission
    from gearshift.observe.page.seen import Seen
    from gearshift.observe.page.snapshots import Snapshots

    Environ = dict[str, Any]
    StartResponse = Callable[[str, list[tuple[str, str]]], object]

SITE = Path(__file__).with_name("site")
KINDS = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
MOST_VIEWERS = 32  # streams at once; each holds a thread
TEXT, JSON, STREAM = "text/plain; charset=utf-8", "application/json", "text/event-stream"
FIELDS = [
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    (
        "Content-Security-Policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
        " base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
]


class Refusal(Exception):
    """The answer is a status and a sentence."""

    def __init__(self, status: HTTPStatus, said: str, *fields: tuple[str, str]) -> None:
        super().__init__(said)
        self.status = status
        self.fields = fields


class Answer:
    """What is answered: kind of content, body, further fields, status."""

    __slots__ = ("body", "fields", "kind", "status")

    def __init__(
        self, kind: str, body: Iterable[bytes], *fields: tuple[str, str], status: HTTPStatus = HTTPStatus.OK
    ) -> None:
        self.kind = kind
        self.body = body
        self.fields = fields
        self.status = status


class StatusApplication:
    """Of one status listener; called by the threads of its engine."""

    def __init__(self, observer: Seen, snapshots: Snapshots, admission: Admission) -> None:
        self._observer = observer
        self._snapshots = snapshots
        self._admission = admission
        self._viewers = 0
        self._lock = Lock()
        self._files = {
            f"/{path.name}": (KINDS[path.suffix], path.read_bytes())
            for path in SITE.iterdir()
            if path.suffix in KINDS
        }
        self._files["/"] = self._files["/index.html"]

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        thread = current_thread()
        thread.name = f"status-{thread.name.removeprefix('status-')}"  # not to be taken for one that serves
        try:
            answer = self._answer(environ)
        except Refusal as refusal:
            text = f"{refusal.status.value}: {refusal}\n".encode("utf-8", "replace")
            answer = Answer(TEXT, [text], *refusal.fields, status=refusal.status)
        status = f"{answer.status.value} {answer.status.phrase}"
        start_response(status, [("Content-Type", answer.kind), *FIELDS, *answer.fields])
        return answer.body

    def _answer(self, environ: Environ) -> Answer:
        path, method = environ["PATH_INFO"], environ["REQUEST_METHOD"]
        self._admit(environ)
        number = closed_number(path)
        if number is not None:
            return self._close(number, environ)
        if method not in ("GET", "HEAD"):
            raise Refusal(HTTPStatus.METHOD_NOT_ALLOWED, "this can only be read", ("Allow", "GET, HEAD"))
        answer = self._read(path, environ)
        if self._admission.says_token(environ):
            cookie = ("Set-Cookie", self._admission.cookie())
            if path == "/":  # so that the token stands neither in the address bar nor in the history
                left = without_token(environ.get("QUERY_STRING", ""))
                return Answer(
                    TEXT,
                    [],
                    ("Location", f"/?{left}" if left else "/"),
                    cookie,
                    status=HTTPStatus.SEE_OTHER,
                )
            answer.fields = (*answer.fields, cookie)
        return answer

    def _admit(self, environ: Environ) -> None:
        if not self._admission.host_is_ours(environ):
            said = "this status page has another name: ask for it by the address that it listens on"
            raise Refusal(HTTPStatus.FORBIDDEN, said)
        if self._admission.is_of_another_site(environ):
            raise Refusal(HTTPStatus.FORBIDDEN, "pages of other sites may not ask this")
        if not self._admission.knows(environ):
            said = "this status page asks for its token: once as /?token=TOKEN, or as Authorization: Bearer TOKEN"
            raise Refusal(HTTPStatus.UNAUTHORIZED, said, ("WWW-Authenticate", "Bearer"))

    def _read(self, path: str, environ: Environ) -> Answer:
        if path in self._files:
            kind, content = self._files[path]
            return Answer(kind, [content])
        if path == "/status.json":
            return Answer(JSON, in_pieces(self._observer.status()))
        if path == "/connections.json":
            return self._connections(environ)
        if path == "/history.json":
            return self._history(environ.get("QUERY_STRING", ""))
        if path == "/stacks.json":
            return Answer(JSON, [text_of(self._can("stacks", "stacks")())])
        if path == "/events":
            return self._events(environ)
        if path == "/metrics":
            return self._metrics(environ.get("HTTP_ACCEPT", ""))
        raise Refusal(HTTPStatus.NOT_FOUND, "there is nothing here; the status page is at /")

    def _metrics(self, accept: str) -> Answer:
        from gearshift.observe.metrics import exposition

        try:
            kind, text = exposition(self._observer, accept)
        except MissingExtraError as missing:
            raise Refusal(HTTPStatus.NOT_IMPLEMENTED, str(missing)) from None
        return Answer(kind, [text])

    def _connections(self, environ: Environ) -> Answer:
        """All that are selected: the limit is for a page."""
        selection = selection_in(environ)
        connections = self._observer.status().get("connections")
        if connections is None:
            raise Refusal(HTTPStatus.NOT_FOUND, "connections: this server does not list them")
        selection.limit = len(connections)
        rows, _ = selection.rows(connections)
        return Answer(JSON, in_pieces({"connections": rows}))

    def _history(self, query: str) -> Answer:
        history = self._can("history", "history")
        since = parse_qs(query).get("since", ["0"])[-1]
        try:
            moment = float(since)
        except ValueError:
            raise Refusal(HTTPStatus.BAD_REQUEST, f"since: found {since!r}, expected a Unix time") from None
        return Answer(JSON, in_pieces(history(moment)))

    def _events(self, environ: Environ) -> Answer:
        selection = selection_in(environ)
        if environ["REQUEST_METHOD"] == "HEAD":
            return Answer(STREAM, [])
        with self._lock:
            if self._viewers >= MOST_VIEWERS:
                said = f"{MOST_VIEWERS} watch already, and more may not"
                raise Refusal(HTTPStatus.SERVICE_UNAVAILABLE, said, ("Retry-After", "5"))
            self._viewers += 1
        return Answer(STREAM, Events(self._snapshots, selection, self._viewer_has_left))

    def _viewer_has_left(self) -> None:
        with self._lock:
            self._viewers -= 1

    def _close(self, number: int, environ: Environ) -> Answer:
        """Ends a connection of the server that is watched."""
        if environ["REQUEST_METHOD"] != "POST":
            raise Refusal(
                HTTPStatus.METHOD_NOT_ALLOWED, "closing a connection is asked with POST", ("Allow", "POST")
            )
        if not self._admission.has_same_origin(environ):
            raise Refusal(
                HTTPStatus.FORBIDDEN, "only this page may close a connection: Origin is missing or another"
            )
        try:
            self._can("close_connection", "closing connections")(number)
        except GearshiftError as error:
            raise Refusal(HTTPStatus.NOT_FOUND, str(error)) from None
        return Answer(JSON, [text_of({"closed": number})])

    def _can(self, verb: str, name: str) -> Callable[..., Any]:
        """The Observer's verb; where it has none, that is said."""
        found: Callable[..., Any] | None = getattr(self._observer, verb, None)
        if found is None:
            raise Refusal(HTTPStatus.NOT_FOUND, f"{name}: this server can't")
        return found


def selection_in(environ: Environ) -> Selection:
    try:
        return Selection.of(environ.get("QUERY_STRING", ""))
    except WrongQuery as wrong:
        raise Refusal(HTTPStatus.BAD_REQUEST, str(wrong)) from None


def closed_number(path: str) -> int | None:
    """The number of /connections/NUMBER/close; None for another path."""
    parts = path.split("/")
    if len(parts) == 4 and parts[1] == "connections" and parts[3] == "close":
        digits = parts[2]
        if digits.isascii() and digits.isdigit() and len(digits) < 19:
            return int(digits)
    return None
