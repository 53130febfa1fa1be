"""--traces: each request a span, on every engine, with the application's answers as they were without it."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from tests.conformance.conftest import Serve
from tests.support.routes import AsgiRoutes, WsgiRoutes, answer
from tests.support.servers import Running
from tests.support.waiting import eventually
from tests.support.wire import request

TRACE = 0x0AF7651916CD43DD8448EB211C80319C
PARENT = 0xB7AD6B7169203331
OTHER_TRACE = 0x1AF7651916CD43DD8448EB211C80319D
BLOCK = b"x" * 65536

exporter = InMemorySpanExporter()
wsgi, asgi = WsgiRoutes(), AsgiRoutes()
asgi.state["started"] = True


def traceparent(trace_id: int) -> str:
    return f"traceparent: 00-{trace_id:032x}-{PARENT:016x}-01"


def current() -> bytes:
    """The span that the handler runs in."""
    context = trace.get_current_span().get_span_context()
    return f"{context.trace_id:032x} {context.span_id:016x}".encode()


@wsgi.at("/current")
def tell_current(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [current()]


@asgi.at("/current")
async def tell_current_asgi(scope: dict[str, Any], receive: Any, send: Any) -> None:
    assert scope["state"]["started"]
    await answer(send, current())


@wsgi.at("/stream")
def stream(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    for _ in range(int(environ["QUERY_STRING"])):
        yield BLOCK
    yield current()


@asgi.at("/stream")
async def stream_asgi(scope: dict[str, Any], receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for _ in range(int(scope["query_string"])):
        await send({"type": "http.response.body", "body": BLOCK, "more_body": True})
    await send({"type": "http.response.body", "body": current()})


@wsgi.at("/raise")
def fail(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    raise LookupError("asked to raise")


@asgi.at("/raise")
async def fail_asgi(scope: dict[str, Any], receive: Any, send: Any) -> None:
    raise LookupError("asked to raise")


@wsgi.at("/exit")
def leave(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    raise SystemExit(3)


class Pieces:
    """An iterable that knows how many pieces it has, and whether it was closed."""

    closed = 0

    def __len__(self) -> int:
        return 1

    def __iter__(self) -> Iterator[bytes]:
        return iter([b"one piece"])

    def close(self) -> None:
        Pieces.closed += 1


@wsgi.at("/shape")
def shape(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    kind = environ["QUERY_STRING"]
    file_wrapper: Callable[[Any], Iterable[bytes]] = environ["wsgi.file_wrapper"]
    if kind == "file":
        file = Path(os.environ["TRACED_FILE"]).open("rb")  # noqa: SIM115 - the server closes it
        return file_wrapper(file)
    if kind == "memory":
        return file_wrapper(io.BytesIO(b"in memory"))
    if kind == "written":
        start_response("200 OK", [("Content-Type", "text/plain")], (LookupError, LookupError(), None))(
            b"written"
        )
        return []
    return {
        "list": [b"a", b"list"],
        "tuple": (b"a", b"tuple"),
        "pieces": Pieces(),
        "generator": iter([b"it"]),
    }[kind]


@pytest.fixture(scope="module", autouse=True)
def provider() -> None:
    """The program has a provider of its own already; there can be one for each process."""
    made = TracerProvider()
    made.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(made)


@pytest.fixture
def site(serve: Serve, interface: str) -> Running:
    """The application with spans."""
    exporter.clear()
    return serve(wsgi if interface == "wsgi" else asgi, traces=True)


@pytest.fixture
def wsgi_site(serve: Serve) -> Running:
    exporter.clear()
    return serve(wsgi, traces=True)


def spans(count: int) -> list[ReadableSpan]:
    """That many spans, in the order of their ends."""
    found = eventually(lambda: len(all_spans()) >= count and all_spans(), f"{count} spans")
    assert isinstance(found, list)
    assert len(found) == count
    return found


def all_spans() -> list[ReadableSpan]:
    return list(exporter.get_finished_spans())


def context_of(span: ReadableSpan) -> trace.SpanContext:
    context = span.get_span_context()
    assert context is not None
    return context


def test_a_request_is_a_span_and_the_handler_runs_in_it(site: Running) -> None:
    with site.connect() as wire:
        told = wire.ask(request("/current"))
    [span] = spans(1)
    assert span.kind is SpanKind.SERVER
    assert span.name == "GET /current"
    assert span.parent is None
    assert span.attributes is not None
    assert span.attributes["http.status_code"] == 200
    assert told.body.decode() == f"{context_of(span).trace_id:032x} {context_of(span).span_id:016x}"


def test_a_traceparent_is_honoured(site: Running) -> None:
    with site.connect() as wire:
        told = wire.ask(request("/current", traceparent(TRACE)))
    [span] = spans(1)
    assert context_of(span).trace_id == TRACE
    assert span.parent is not None
    assert span.parent.span_id == PARENT
    assert told.body.startswith(f"{TRACE:032x} ".encode())


def test_requests_of_one_connection_are_traces_of_their_own(site: Running) -> None:
    with site.connect() as wire:
        bodies = [wire.ask(request("/current")).body for _ in range(3)]
        wire.send(request("/current", traceparent(TRACE)) + request("/current"))
        bodies += [wire.answer().body for _ in range(2)]
    found = spans(5)
    assert len({body.split()[0] for body in bodies}) == 5
    assert {f"{context_of(span).trace_id:032x}".encode() for span in found} == {
        body.split()[0] for body in bodies
    }
    assert [span.parent is not None for span in found].count(True) == 1


def test_answers_that_are_written_in_turns_keep_their_spans_apart(site: Running) -> None:
    """The first waits for its reader while others are served, by the same thread where the engine has one."""
    with site.connect(receive_buffer=4096) as slow, site.connect() as quick:
        slow.send(request("/stream?200", traceparent(TRACE), "Connection: close"))
        slow.read_until(b"\r\n\r\n")
        alone = quick.ask(request("/current")).body
        other = quick.ask(request("/current", traceparent(OTHER_TRACE))).body
        first, second = spans(2)
        assert first.parent is None
        assert first.kind is SpanKind.SERVER
        assert alone.split()[0] == f"{context_of(first).trace_id:032x}".encode()
        assert context_of(second).trace_id == OTHER_TRACE
        assert other.startswith(f"{OTHER_TRACE:032x}".encode())
        end = slow.read_to_end().data
    last = spans(3)[-1]
    assert context_of(last).trace_id == TRACE
    assert f"{TRACE:032x} {context_of(last).span_id:016x}".encode() in end


def test_an_error_is_one_in_the_span_too(site: Running) -> None:
    with site.connect() as wire:
        assert wire.ask(request("/raise")).status == 500
    [span] = spans(1)
    assert span.status.status_code is StatusCode.ERROR
    assert [event.name for event in span.events] == ["exception"]
    assert "asked to raise" in site.logged("asked to raise")


def test_a_span_ends_where_its_client_has_left(site: Running) -> None:
    with site.connect(receive_buffer=4096) as wire:
        wire.send(request("/stream?2000", traceparent(TRACE)))
        wire.read_until(b"\r\n\r\n")
        wire.reset()
    [span] = spans(1)
    assert context_of(span).trace_id == TRACE
    with site.connect() as wire:
        assert wire.ask(request("/current")).body.split()[0] != f"{TRACE:032x}".encode()


# ---- WSGI's answers keep their shapes ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "body", "framing"),
    [
        ("list", b"alist", "length"),
        ("tuple", b"atuple", "length"),
        ("pieces", b"one piece", "length"),
        ("generator", b"it", "chunked"),
        ("file", b"from a file", "length"),
        ("memory", b"in memory", "chunked"),
        ("written", b"written", "chunked"),
    ],
)
def test_an_answer_is_framed_as_without_spans(
    wsgi_site: Running, serve: Serve, kind: str, body: bytes, framing: str, tmp_path: Path, monkeypatch: Any
) -> None:
    path = tmp_path / "file.txt"
    path.write_bytes(b"from a file")
    monkeypatch.setenv("TRACED_FILE", str(path))
    with wsgi_site.connect() as wire, serve(wsgi).connect() as plain:
        told = wire.ask(request(f"/shape?{kind}"))
        assert (told.body, told.framing) == (body, framing)
        untraced = plain.ask(request(f"/shape?{kind}"))
        assert (untraced.body, untraced.framing) == (body, framing)
    assert spans(1)[0].name == "GET /shape"


def test_an_iterable_is_closed_once(wsgi_site: Running) -> None:
    Pieces.closed = 0
    with wsgi_site.connect() as wire:
        assert wire.ask(request("/shape?pieces")).body == b"one piece"
        assert wire.ask(request("/shape?list")).status == 200
    assert eventually(lambda: Pieces.closed, "close() is called") == 1


def test_an_answer_that_nobody_begins_to_read_is_closed_and_its_span_ends() -> None:
    """A client may have left before the first piece was asked for."""
    from gearshift.apps.wsgi.traced import TracedWsgi

    exporter.clear()
    Pieces.closed = 0
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": "/shape",
        "QUERY_STRING": "pieces",
        "wsgi.url_scheme": "http",
    }
    environ |= {
        "SERVER_NAME": "a",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.file_wrapper": "",
    }
    answer: Any = TracedWsgi(wsgi)(environ, lambda status, headers: None)
    assert len(answer) == 1
    assert exporter.get_finished_spans() == ()
    answer.close()
    assert Pieces.closed == 1
    assert spans(1)[0].name == "GET /shape"
    assert not trace.get_current_span().get_span_context().is_valid


def test_a_span_ends_where_the_handler_leaves_by_an_exit(wsgi_site: Running) -> None:
    with wsgi_site.connect() as wire:
        assert wire.ask(request("/exit")).status == 500
    assert spans(1)[0].name == "GET /exit"


def test_head_is_answered_without_a_body_and_has_a_span(site: Running) -> None:
    with site.connect() as wire:
        told = wire.ask(request("/current", method="HEAD"), b"HEAD")
        assert told.body == b""
        assert wire.ask(request("/current")).status == 200
    assert [span.name for span in spans(2)] == ["HEAD /current", "GET /current"]
