"""--traces as a user has it: spans reach a collector by OTLP over HTTP; what can't be is one line and exit code 2."""

from __future__ import annotations

import contextlib
import gzip
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from tests.support.process import environment, serving
from tests.support.waiting import eventually
from tests.support.wire import request

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = "b7ad6b7169203331"


class Collector:
    """What OTLP exporters send to, with what has come."""

    def __init__(self) -> None:
        self.received: list[ExportTraceServiceRequest] = []
        self.paths: list[str] = []
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                assert self.headers["Content-Type"] == "application/x-protobuf"
                collector.received.append(ExportTraceServiceRequest.FromString(body))
                collector.paths.append(self.path)
                answer = ExportTraceServiceResponse().SerializeToString()
                self.send_response(200)
                self.send_header("Content-Type", "application/x-protobuf")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, format: str, *arguments: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def spans(self) -> dict[str, tuple[str, str, str]]:
        """By trace id: name, parent and the service's name."""
        found = {}
        for message in list(self.received):
            for resource in message.resource_spans:
                names = {each.key: each.value.string_value for each in resource.resource.attributes}
                for scope in resource.scope_spans:
                    for span in scope.spans:
                        told = (span.name, span.parent_span_id.hex(), names["service.name"])
                        found[span.trace_id.hex()] = told
        return found


@pytest.fixture
def collector() -> Iterator[Collector]:
    made = Collector()
    thread = threading.Thread(target=made.server.serve_forever)
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


@contextlib.contextmanager
def variables(monkeypatch: pytest.MonkeyPatch, **values: str) -> Iterator[None]:
    with monkeypatch.context() as patched:
        for name, value in values.items():
            patched.setenv(name, value)
        yield


@pytest.mark.parametrize("interface", ["wsgi", "asgi"])
def test_spans_reach_a_collector(
    collector: Collector, interface: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
        "OTEL_SERVICE_NAME": "shop",
        "OTEL_BSP_SCHEDULE_DELAY": "100",
    }
    app = f"tests.support.standalone:{interface}"
    with variables(monkeypatch, **said), serving("--traces", app) as site:
        with site.connect() as wire:
            assert wire.ask(request("/orders", f"traceparent: 00-{TRACE}-{PARENT}-01")).status == 200
        assert eventually(lambda: collector.spans().get(TRACE), "the span has come", within=20) == (
            "GET /orders",
            PARENT,
            "shop",
        )
    assert set(collector.paths) == {"/v1/traces"}


def test_what_is_not_sent_yet_is_sent_at_the_end(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    import signal

    said = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_BSP_SCHEDULE_DELAY": "600000"}
    with variables(monkeypatch, **said), serving("--traces", "tests.support.standalone:wsgi") as site:
        with site.connect() as wire:
            assert wire.ask(request("/", f"traceparent: 00-{TRACE}-{PARENT}-01")).status == 200
        assert collector.spans() == {}
        site.signal(signal.SIGTERM)
        assert site.ended(30)[0] == 0
    assert TRACE in collector.spans()


def refused(*arguments: str, **extra: str) -> str:
    """What is said of a start that can't be, which is one line."""
    done = subprocess.run(
        [sys.executable, "-m", "gearshift", "serve", "--bind", "127.0.0.1:0", "--traces", *arguments],
        env={**environment(), **extra},
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode == 2
    assert done.stdout == ""
    [line] = done.stderr.splitlines()
    return line


def test_pages_and_folders_have_no_spans(tmp_path: Path) -> None:
    assert refused() == "gearshift: --traces: found the built-in page, expected a WSGI or ASGI application"
    folder = f"{tmp_path}/"
    assert refused(folder) == f"gearshift: --traces: found {folder}, expected a WSGI or ASGI application"


@pytest.mark.parametrize("interface", ["wsgi", "asgi"])
def test_without_the_extra_one_line_says_what_to_install(tmp_path: Path, interface: str) -> None:
    (tmp_path / "opentelemetry.py").write_text(
        "raise ModuleNotFoundError(\"No module named 'opentelemetry'\", name='opentelemetry')\n"
    )
    path = f"{tmp_path}:{environment()['PYTHONPATH']}"
    line = refused(f"tests.support.standalone:{interface}", PYTHONPATH=path)
    assert line == "gearshift: --traces: found no opentelemetry, expected it: pip install 'gearshift[traces]'"


def test_an_exporter_that_is_not_there() -> None:
    app = "tests.support.standalone:wsgi"
    line = refused(app, OTEL_TRACES_EXPORTER="jaeger")
    assert line.startswith(
        "gearshift: OTEL_TRACES_EXPORTER: found 'jaeger', expected an exporter that is installed: "
    )
    assert "otlp_proto_http" in line
    line = refused(app, OTEL_EXPORTER_OTLP_PROTOCOL="carrier-pigeon")
    assert line == (
        "gearshift: OTEL_EXPORTER_OTLP_PROTOCOL: found 'carrier-pigeon', expected one of http/protobuf, grpc"
    )


def test_a_start_without_it_imports_nothing_of_it() -> None:
    program = (
        "import sys, gearshift\n"
        "def app(environ, start_response): pass\n"
        "with gearshift.Server(app, bind='127.0.0.1:0') as server: server.status()\n"
        "print(sorted({name.partition('.')[0] for name in sys.modules} & {'opentelemetry', 'prometheus_client'}))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment(), capture_output=True, text=True, timeout=30
    )
    assert done.stdout == "[]\n", done.stderr
