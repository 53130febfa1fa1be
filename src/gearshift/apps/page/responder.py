"""Serves the built-in page, or the templates and files of a folder of the user's."""

from __future__ import annotations

from pathlib import Path

from gearshift.apps.native import Answer, Responder
from gearshift.apps.page.numbers import Numbers
from gearshift.apps.page.template import Template

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from gearshift.exchange import Exchange

SITE = Path(__file__).with_name("site")
# Signed copies are kept of so many answers with bodies of so many bytes, which holds on to 2 MiB at most.
SIGNED_ANSWERS = 128
SIGNED_BODY = 16384

_READING = (b"GET", b"HEAD")
_HTML = b"Content-Type: text/html; charset=utf-8\r\nCache-Control: no-store\r\n"
_TEXT = b"Content-Type: text/plain; charset=utf-8\r\nCache-Control: no-store\r\n"
_ICON = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">'
    b'<rect width="32" height="32" rx="7" fill="#191b1c"/>'
    b'<path d="M10 7v18M22 7v18M10 16h12" stroke="#ece4d4" stroke-width="4" stroke-linecap="round"/>'
    b'<circle cx="22" cy="8" r="5" fill="#ff6a3d"/></svg>'
)
_FAVICON = Answer(200, b"Content-Type: image/svg+xml\r\nCache-Control: max-age=86400\r\n", _ICON)
_NOT_FOUND = Answer(404, _TEXT, b"404: there is nothing here. Gearshift's page is at /\n")
_NOT_ALLOWED = Answer(
    405, b"Allow: GET, HEAD\r\n" + _TEXT, b"405: this page can only be read, with GET or HEAD\n"
)


class Page(Responder):
    """The page that Gearshift serves when it is given no application.

    `template` is a folder of the user's, or "" for the built-in page: its `*.html` files are filled for
    every request (see `gearshift.apps.page.template`), the others are served as they are. `numbers` draws
    what stands for `{{}}`. Every answer names the engine in `X-Server`.

    Raises SettingError for a missing folder or an unknown placeholder in it.
    """

    def __init__(self, template: str = "", numbers: Callable[[], int] | None = None) -> None:
        super().__init__()
        self._numbers = Numbers() if numbers is None else numbers
        self._source = _Folder(template) if template else _BuiltIn()
        self._signed: dict[tuple[str, Answer], Answer] = {}

    def respond(self, exchange: Exchange) -> Answer:
        facts = exchange.facts()
        found = self._source.find(exchange)
        if not isinstance(found, Template):
            return self._sign(found, facts.engine)
        return Answer(200, _HTML + _signature(facts.engine), found.fill(facts, self._numbers()))

    def close(self) -> None:
        self._source.close()

    def _sign(self, answer: Answer, engine: str) -> Answer:
        """`answer` with X-Server; made once for an answer that is kept and given again."""
        signed = self._signed.get((engine, answer))
        if signed is None:
            signed = Answer(answer.status, answer.fields + _signature(engine), answer.body)
            # An answer out of an open file is never kept: it would hold the descriptor.
            if isinstance(answer.body, bytes) and len(answer.body) <= SIGNED_BODY:
                if len(self._signed) >= SIGNED_ANSWERS:
                    self._signed.clear()
                self._signed[engine, answer] = signed
        return signed


class _BuiltIn:
    """Gearshift's own page."""

    def __init__(self) -> None:
        index = SITE / "index.html"
        self._page = Template(index.read_bytes(), index.name)

    def find(self, exchange: Exchange) -> Template | Answer:
        request = exchange.request
        if request.path not in (b"/", b"/index.html", b"/favicon.ico"):
            return _NOT_FOUND
        if request.method not in _READING:
            return _NOT_ALLOWED
        return _FAVICON if request.path == b"/favicon.ico" else self._page

    def close(self) -> None:
        """Nothing is held open."""


class _Folder:
    """The user's templates, and the other files beside them."""

    def __init__(self, folder: str) -> None:
        from gearshift.apps.page.folder import TemplateFolder, template_name
        from gearshift.apps.static.notices import PREBUILT
        from gearshift.apps.static.responder import StaticFiles

        self._template_name = template_name
        self._templates = TemplateFolder(folder)
        self._files = StaticFiles(folder, listing=False)
        self._not_found = PREBUILT[404]

    def find(self, exchange: Exchange) -> Template | Answer:
        request = exchange.request
        name = self._template_name(request.path)
        if name is None or request.method not in _READING:
            return self._files.respond(exchange)
        entry = self._templates.find(name, exchange.turn)
        if entry is None:
            return self._not_found
        if entry.template is None:
            return Answer(500, _TEXT, f"500: {entry.problem}\n".encode())
        return entry.template

    def close(self) -> None:
        self._files.close()


def _signature(engine: str) -> bytes:
    return b"X-Server: gearshift-%s\r\n" % engine.encode("ascii")
