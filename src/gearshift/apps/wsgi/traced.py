"""OpenTelemetry's WSGI middleware, made fit for engines that answer several requests in one thread.

The middleware leaves its context attached until the answer has been iterated, so a request that runs meanwhile in the
same thread would be taken for a child of the first: here each has a context of its own. It makes a generator of every
answer: here lists and files stay what they are, for they are sent by their length and by the kernel. And a generator
that was never begun ends neither its span nor the application's iterable: here close() does.
"""

from __future__ import annotations

from contextvars import Context, ContextVar, copy_context

from opentelemetry.instrumentation.wsgi import OpenTelemetryMiddleware

from gearshift.apps.wsgi.file_wrapper import FileWrapper

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from opentelemetry.trace import Span

_call: ContextVar[TracedCall] = ContextVar("gearshift.traced_call")


class TracedCall:
    """What the middleware keeps to itself. result: what the application returned."""

    __slots__ = ("result", "span")

    result: Any
    span: Span

    def end(self) -> None:
        if self.span.is_recording():
            self.span.end()


class TracedWsgi:
    """A WSGI application whose requests are spans."""

    def __init__(self, application: Any) -> None:
        self._application = application
        self._middleware = OpenTelemetryMiddleware(self._noted, request_hook=_note_span)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        context, call = copy_context(), TracedCall()
        context.run(_call.set, call)
        try:
            answer = context.run(self._middleware, environ, start_response)
        except Exception:
            raise  # the middleware has ended the span
        except BaseException:
            call.end()
            raise
        if type(call.result) in (list, tuple):
            return context.run(list, answer)
        if type(call.result) is FileWrapper:
            call.end()
            file: FileWrapper = call.result
            return file
        kind = SizedAnswer if hasattr(call.result, "__len__") else TracedAnswer
        return kind(context, call, answer)

    def _noted(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        result: Iterable[bytes] = self._application(environ, start_response)
        _call.get().result = result
        return result


def _note_span(span: Span, environ: dict[str, Any]) -> None:
    _call.get().span = span


class TracedAnswer:
    """An iterable answer; its span ends with it."""

    def __init__(self, context: Context, call: TracedCall, answer: Any) -> None:
        self._context = context
        self._call = call
        self._answer = answer
        self._begun = False

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        self._begun = True
        piece: bytes = self._context.run(next, self._answer)
        return piece

    def close(self) -> None:
        if self._begun:
            self._context.run(self._answer.close)
            return
        try:
            close = getattr(self._call.result, "close", None)
            if close is not None:
                self._context.run(close)
        finally:
            self._call.end()


class SizedAnswer(TracedAnswer):
    """One that says how many pieces it has: of a single one the server can tell the length (PEP 3333)."""

    def __len__(self) -> int:
        return len(self._call.result)
