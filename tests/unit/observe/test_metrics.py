"""observe/metrics.py: what Prometheus reads, of a documented status and of real servers on every engine."""

from __future__ import annotations

import contextlib
import math
import re
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import generate_latest
from prometheus_client.core import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_text

from gearshift import Server
from gearshift.control.client import ask
from gearshift.errors import MissingExtraError
from gearshift.observe import request_metrics
from gearshift.observe.metric_memory import MOST_KINDS, MetricMemory
from gearshift.observe.metrics import StatusCollector, exposition
from tests.support.full_status import connection, full_status, kind
from tests.support.servers import ENGINES
from tests.support.waiting import eventually
from tests.support.wire import Wire, request

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]
OPENMETRICS = "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.2"


def samples(families: Iterable[Metric]) -> Samples:
    """The value of every series."""
    found: Samples = {}
    for family in families:
        for sample in family.samples:
            series = (sample.name, tuple(sorted(sample.labels.items())))
            assert series not in found
            found[series] = sample.value
    return found


def collected(status: dict[str, Any], memory: MetricMemory | None = None) -> Samples:
    return samples(StatusCollector(status, 0.001, memory or MetricMemory()).collect())


def value(found: Samples, name: str, **labels: str) -> float:
    return found[name, tuple(sorted(labels.items()))]


def told_by(server: Server) -> Samples:
    content_type, text = exposition(observer_of(server), "")
    assert content_type.startswith("text/plain; version=0.0.4")
    return samples(read_text(text.decode()))


def observer_of(server: Server) -> Any:
    return server._serving._observer


def hello(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"hello"]


async def hello_asgi(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body", "body": b"hello"})
        return
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


@contextlib.contextmanager
def serving(app: Any, engine: str, **settings: Any) -> Iterator[tuple[Server, tuple[str, int]]]:
    with Server(app, engine=engine, bind="127.0.0.1:0", **settings) as server:
        yield server, ("127.0.0.1", int(server.url.rpartition(":")[2]))


# ---- of a documented status --------------------------------------------------------------------------------


def test_what_is_documented_is_told() -> None:
    found = collected(full_status())
    assert value(found, "gearshift_info", version="1.2.3", application="shop:app") == 1
    assert value(found, "gearshift_engine", engine="pool") == 1
    assert value(found, "gearshift_engine", engine="auto") == 0
    assert value(found, "gearshift_connections_leaving", engine="epoll") == 2
    assert value(found, "gearshift_requests_total") == 1000
    assert value(found, "gearshift_requests_shed_total", reason="overdue") == 5
    assert value(found, "gearshift_requests_timed_out_total") == 7
    assert value(found, "gearshift_tls_handshakes_total") == 40
    assert value(found, "gearshift_tls_handshakes_failed_total") == 8
    assert value(found, "gearshift_listener_accept_queue", listener="http://127.0.0.1:8088") == 3
    assert value(found, "gearshift_endpoint_receive_queue", endpoint="udp://127.0.0.1:5353") == 768
    assert value(found, "gearshift_endpoint_drops_total", endpoint="udp://127.0.0.1:5353") == 3
    assert value(found, "gearshift_host_tcp_events_total", event="ListenDrops") == 12
    assert value(found, "gearshift_descriptors_unexplained_growing") == 1
    assert value(found, "gearshift_connections_in_phase", phase="idle") == 2
    assert value(found, "gearshift_connections_in_phase", phase="reading body") == 0
    assert value(found, "gearshift_connections_in_tcp_state", tcp_state="CLOSE-WAIT") == 1
    assert value(found, "gearshift_connections_unread_bytes") == 30
    assert value(found, "gearshift_connections_rtt_max_seconds") == 0.0015
    assert value(found, "gearshift_threads", role="worker", state="idle") == 2
    assert value(found, "gearshift_pool_longest_wait_seconds") == 0.25
    assert value(found, "gearshift_loop_lag_max_seconds") == 0.05
    assert value(found, "gearshift_stuck_handler_longest_seconds") == 12.5
    assert value(found, "gearshift_auto_kinds", runs_on="thread") == 1
    assert value(found, "gearshift_status_read_seconds") == 0.001
    assert value(found, "process_open_fds") > 0


def test_a_histogram_is_cumulated_and_its_buckets_are_where_the_times_were_counted() -> None:
    found = collected(full_status())

    def up_to(bound: float, kind: str) -> float:
        return value(found, "gearshift_request_handler_seconds_bucket", kind=kind, le=f"{bound:.9g}")

    assert up_to(0.001024, "GET /orders/*") == 0
    assert up_to(0.002048, "GET /orders/*") == 6
    assert up_to(0.008192, "GET /orders/*") == 6
    assert up_to(0.016384, "GET /orders/*") == 9
    assert up_to(1.048576, "GET /orders/*") == 10
    assert up_to(0.000256, "GET /") == 1
    assert value(found, "gearshift_request_handler_seconds_count", kind="GET /orders/*") == 10
    assert value(found, "gearshift_request_handler_seconds_sum", kind="GET /orders/*") == 1.1
    assert value(found, "gearshift_request_queue_seconds", kind="GET /", quantile="0.99") == 0.05
    assert value(found, "gearshift_request_cpu_ratio", kind="GET /orders/*") == 0.4
    assert ("gearshift_request_cpu_ratio", (("kind", "GET /"),)) not in found


def test_every_half_octave_falls_into_the_bucket_that_holds_it() -> None:
    for place in range(56):
        upper = 1e-6 * pow(2.0, place / 2.0)
        counted = dict(request_metrics.histogram([kind("GET /", [[upper, 1]], 1.0, None)])[0])
        first = next(label for label, count in counted.items() if count == 1)
        assert float(first) >= upper * (1 - 1e-8)
        smaller = [label for label, count in counted.items() if count == 0]
        assert all(float(label) < upper for label in smaller)
    beyond = dict(request_metrics.histogram([kind("GET /", [[math.inf, 2]], 1.0, None)])[0])
    assert {label for label, count in beyond.items() if count} == {"+Inf"}


@pytest.mark.parametrize(
    "missing", ["connections", "threads", "pool", "loop", "times", "stuck", "workers", "descriptors", "host"]
)
def test_what_a_status_does_not_have_is_left_out(missing: str) -> None:
    status = full_status()
    del status[missing]
    without = collected(status)
    assert without.keys() < collected(full_status()).keys()
    if missing not in ("connections", "threads", "times", "stuck"):
        status[missing] = None  # null: can't be known here
        assert without.keys() - collected(status).keys() == set()


def test_words_that_nobody_knows_are_other() -> None:
    status = full_status()
    status["connections"] = [connection(number, f"phase {number}", "ESTAB") for number in range(300)]
    found = collected(status)
    assert value(found, "gearshift_connections_in_phase", phase="other") == 300
    assert value(found, "gearshift_connections_in_phase", phase="idle") == 0
    assert value(found, "gearshift_connections_unsent_bytes") == 30_000


def test_one_address_with_two_listeners_is_one_series() -> None:
    status = full_status()
    status["listeners"][1]["address"] = status["listeners"][0]["address"]
    status["listeners"][1]["drops"] = None
    found = collected(status)
    assert value(found, "gearshift_listener_accept_queue", listener="http://127.0.0.1:8088") == 6
    assert value(found, "gearshift_listener_drops_total", listener="http://127.0.0.1:8088") == 21


# ---- counters and labels over time -------------------------------------------------------------------------


def test_kinds_past_the_most_are_counted_together_for_good() -> None:
    memory, status = MetricMemory(), full_status()
    kinds = [kind(f"GET /{number:x}", [[0.001, 1]], 0.001, 0.5) for number in range(MOST_KINDS + 30)]
    status["times"]["kinds"] = kinds[:10]
    collected(status, memory)
    status["times"]["kinds"] = [*reversed(kinds), kind("other", [[0.001, 5]], 0.005, None)]
    first = collected(status, memory)
    status["times"]["kinds"] = kinds
    second = collected(status, memory)
    name = "gearshift_request_handler_seconds_count"
    named = {dict(labels)["kind"] for series, labels in first if series == name}
    assert len(named) == MOST_KINDS + 1
    assert {f"GET /{number:x}" for number in range(10)} < named
    assert value(first, name, kind="other") == 30 + 5
    assert value(second, name, kind="other") == 30
    assert not [
        series
        for series, labels in first
        if dict(labels).get("kind") == "other" and "quantile" in dict(labels)
    ]
    assert {labels for _, labels in first} == {labels for _, labels in second}


def test_leader_changes_only_rise_where_an_engine_begins_anew() -> None:
    memory = MetricMemory()
    assert [memory.leader_changes(count) for count in (3, 5, 0, 0, 2, 1)] == [3, 5, 5, 5, 7, 8]


def test_counters_do_not_fall_over_a_shift() -> None:
    with serving(hello, "epoll") as (server, address), Wire(address) as wire:
        before: Samples = {}
        for engine in ("thread", "pool", "auto", "epoll"):
            for _ in range(3):
                assert wire.ask(request()).status == 200
            now = told_by(server)
            rising = [
                series for series in before if series[0].endswith(("_total", "_count", "_sum", "_bucket"))
            ]
            assert all(series in now and now[series] >= before[series] for series in rising)
            before = now
            server.shift(engine)
        assert value(told_by(server), "gearshift_engine", engine="epoll") == 1
        assert value(told_by(server), "gearshift_requests_total") == 12
        assert value(told_by(server), "gearshift_connections_handed_over_total") >= 1


# ---- of real servers ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("app", [hello, hello_asgi], ids=["wsgi", "asgi"])
@pytest.mark.parametrize("engine", ENGINES)
def test_a_server_on_every_engine(engine: str, app: Any) -> None:
    with serving(app, engine) as (server, address), Wire(address) as wire:
        assert wire.ask(request()).status == 200
        found = eventually(
            lambda: (seen := told_by(server)) and value(seen, "gearshift_requests_running") == 0 and seen,
            "the request is over",
        )
        status = server.status()
        assert value(found, "gearshift_engine", engine=status["engine"]) == 1
        assert value(found, "gearshift_requests_total") == 1
        assert value(found, "gearshift_connections_accepted_total") == 1
        assert value(found, "gearshift_connections_open") == 1
        listener = status["listeners"][0]
        assert (
            value(found, "gearshift_listener_accept_queue_limit", listener=listener["address"])
            == listener["accept_queue_limit"]
        )
        assert value(found, "gearshift_descriptors_limit") == status["descriptors"]["limit"]


def test_every_count_of_a_real_server_is_told() -> None:
    """A count that is added to the server must be added here."""
    with serving(hello, "epoll") as (server, _):
        assert set(server.status()["counts"]) <= set(full_status()["counts"])


def test_every_count_of_a_status_is_a_metric() -> None:
    status = full_status()
    # Of requests the status tells the count beside those that run and wait.
    status["counts"] = {name: 1_000_000 + place for place, name in enumerate(status["counts"])}
    status["requests"]["total"] = status["counts"]["requests"]
    told = {count for (name, _), count in collected(status).items() if name.endswith("_total")}
    assert [name for name, count in status["counts"].items() if count not in told] == []


@pytest.mark.parametrize("app", [hello, hello_asgi], ids=["wsgi", "asgi"])
def test_the_sample_has_the_form_of_a_real_status(app: Any) -> None:
    """What a server tells, it tells with the keys that the metrics of the sample are made of."""
    with serving(app, "auto") as (server, address), Wire(address) as wire:
        assert wire.ask(request()).status == 200
        eventually(lambda: server.status()["times"]["kinds"], "the request is over")
        status, sample = server.status(), full_status()
    assert set(status) <= set(sample)
    for rows in ("connections", "threads", "listeners", "workers"):
        assert set(status[rows][0]) == set(sample[rows][0]), rows
    assert set(status["times"]["kinds"][0]) == set(sample["times"]["kinds"][0])
    assert set(status["times"]["kinds"][0]["handler"]) == set(sample["times"]["kinds"][0]["handler"])
    for part in ("pool", "loop", "requests", "times"):
        assert status[part] is None or set(status[part]) == set(sample[part]), part
    assert (status["pool"] is None, status["loop"] is None) in ((True, False), (False, True))


@pytest.mark.parametrize("engine", ENGINES)
def test_times_of_a_real_server_fill_a_histogram(engine: str) -> None:
    def sleeping(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        time.sleep(0.02 if environ["PATH_INFO"] == "/slow" else 0)
        return hello(environ, start_response)

    with serving(sleeping, engine) as (server, address), Wire(address) as wire:
        for _ in range(3):
            assert wire.ask(request("/slow")).status == 200
            assert wire.ask(request("/quick")).status == 200
        name = "gearshift_request_handler_seconds"
        found = eventually(
            lambda: (
                (seen := told_by(server))
                and seen.get((f"{name}_count", (("kind", "GET /quick"),))) == 3
                and seen
            ),
            "all requests are over",
        )
    assert value(found, f"{name}_count", kind="GET /slow") == 3
    assert value(found, f"{name}_bucket", kind="GET /slow", le="0.016384") == 0
    assert value(found, f"{name}_bucket", kind="GET /slow", le="+Inf") == 3
    assert 0.06 <= value(found, f"{name}_sum", kind="GET /slow") < 10
    assert value(found, "gearshift_request_queue_seconds_count", kind="GET /slow") == 3
    assert value(found, "gearshift_connections_in_tcp_state", tcp_state="ESTAB") == 1


def test_a_request_that_runs_is_seen_running() -> None:
    called, go_on = threading.Event(), threading.Event()

    def holding(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        called.set()
        go_on.wait(10)
        return hello(environ, start_response)

    with serving(holding, "pool") as (server, address), Wire(address) as wire:
        try:
            wire.send(request())
            assert called.wait(5)
            assert value(told_by(server), "gearshift_requests_running") == 1
        finally:
            go_on.set()
        assert wire.answer().status == 200


def test_the_same_of_what_the_control_socket_tells(tmp_path: Path) -> None:
    path = str(tmp_path / "control.sock")
    with serving(hello, "epoll", control=path) as (server, address), Wire(address) as wire:
        assert wire.ask(request()).status == 200
        told = ask(path, "status")
        assert collected(told).keys() == collected(server.status()).keys()


# ---- formats -----------------------------------------------------------------------------------------------


def test_openmetrics_where_it_is_asked_for() -> None:
    with serving(hello, "epoll") as (server, _):
        content_type, text = exposition(observer_of(server), OPENMETRICS)
        assert content_type.startswith("application/openmetrics-text; version=1.0.0")
        assert text.endswith(b"# EOF\n")
        told = samples(read_openmetrics(text.decode()))
        assert told.keys() == told_by(server).keys()


@pytest.mark.parametrize(
    "accept",
    ["", "*/*", "text/html", "application/openmetrics-text;version=newest", "text/plain;version=x.y"],
)
def test_the_plain_text_for_everybody_else(accept: str) -> None:
    with serving(hello, "epoll") as (server, _):
        content_type, text = exposition(observer_of(server), accept)
        assert content_type == "text/plain; version=0.0.4; charset=utf-8"
        assert samples(read_text(text.decode()))


def test_both_formats_of_a_full_status_can_be_read() -> None:
    from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics

    collector: Any = StatusCollector(full_status(), 0.001, MetricMemory())
    plain = samples(read_text(generate_latest(collector).decode()))
    assert plain.keys() == samples(read_openmetrics(generate_openmetrics(collector).decode())).keys()


def test_names_and_help() -> None:
    for family in StatusCollector(full_status(), 0.001, MetricMemory()).collect():
        assert re.fullmatch(r"(gearshift|process)(_[a-z0-9]+)*", family.name)
        assert family.documentation.endswith(".")
        assert not re.search(r"_(ms|milliseconds|kb|total)$", family.name)


def test_without_the_extra_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(hello, "epoll") as (server, _):
        monkeypatch.setitem(sys.modules, "prometheus_client.exposition", None)
        with pytest.raises(MissingExtraError) as raised:
            exposition(observer_of(server), "")
    assert str(raised.value) == (
        "/metrics: found no prometheus-client, expected it: pip install 'gearshift[metrics]'"
    )


# ---- at the status listener --------------------------------------------------------------------------------


def test_the_status_listener_answers_at_metrics(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = str(tmp_path / "status.sock")
    with serving(hello, "epoll", status=f"unix:{path}"):
        with Wire(path) as wire:
            told = wire.ask(
                request("/metrics", f"Accept: {OPENMETRICS}", "Connection: close", host="localhost")
            )
        assert told.status == 200
        assert (told.field(b"content-type") or b"").startswith(b"application/openmetrics-text")
        assert value(samples(read_openmetrics(told.body.decode())), "gearshift_engine", engine="epoll") == 1
        monkeypatch.setitem(sys.modules, "prometheus_client.exposition", None)
        with Wire(path) as wire:
            told = wire.ask(request("/metrics", "Connection: close", host="localhost"))
        assert told.status == 501
        assert b"pip install 'gearshift[metrics]'" in told.body
