"""What the server answers itself: `OPTIONS *` (RFC 9110 section 9.3.7) and the paths of --health."""

from __future__ import annotations

from gearshift.apps.native import Answer, Responder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gearshift.exchange import Exchange

METHODS = b"Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n"
PLAIN = b"Content-Type: text/plain\r\nCache-Control: no-store\r\n"


class OwnAnswers(Responder):
    """Answered at once: before any queue, and without the application."""

    def __init__(self) -> None:
        self.leaving = False  # the server is about to drain: whoever asks is to send its requests elsewhere
        self._options = Answer(200, METHODS)
        self._well = Answer(200, PLAIN, b"ok\n")
        self._unwell = Answer(503, PLAIN, b"draining\n")

    def respond(self, exchange: Exchange) -> Answer:
        if exchange.request.path == b"*":
            return self._options
        return self._unwell if self.leaving or exchange.service.draining else self._well
