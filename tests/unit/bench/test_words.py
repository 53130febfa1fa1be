"""The verdict in words, and the result in text, JSON and HTML."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gearshift.apps.loader import Kind
from gearshift.bench.application import Application
from gearshift.bench.measurement import Measured
from gearshift.bench.processors import Processors
from gearshift.bench.report import html
from gearshift.bench.requests import Request, Requests
from gearshift.bench.run import Ask, Outcome
from gearshift.bench.session import Result
from gearshift.bench.text import text
from gearshift.bench.verdict import judge
from gearshift.bench.words import listed, microseconds, rate, tell
from gearshift.bench.written import as_dict
from tests.unit.bench.made import measured, sample

APART = Processors(0, 1)


def result(
    *found: Measured,
    kind: Kind = Kind.WSGI,
    processors: Processors = APART,
    interrupted: bool = False,
    left_out: tuple[tuple[str, str], ...] = (),
) -> Result:
    ask = Ask(Application(kind, "shop:app"), "shop:app", "auto", 100.0, 75.0)
    common = max((one.sustained for one in found), default=0.0) * 0.6
    outcome = Outcome(list(found), list(left_out), common, 74.0, interrupted)
    verdict = judge(outcome.measured)
    told = tell(verdict, outcome, ask, processors, 64)
    return Result(ask, Requests([Request("GET", "/")], []), processors, 64, outcome, verdict, told)


def words(of: Result) -> str:
    return " ".join([of.told.headline, *of.told.why, of.told.sure, *of.told.notes])


def waiting_bench() -> list[Measured]:
    """Handlers that wait: the more threads, the better."""
    return [
        measured("epoll", 0, [], capacity=95.0, cpu_us=400.0),
        measured("pool", 16, [1500.0, 1480.0, 1520.0], cpu_us=300.0),
        measured("pool", 64, [3000.0, 2950.0, 3050.0], cpu_us=310.0),
    ]


def test_a_clear_choice_is_told_with_its_flags_its_figures_and_its_reason() -> None:
    said = words(result(*waiting_bench()))
    assert said.startswith("Use --engine pool --threads 64. ")
    assert "pool with 64 threads answers 3,000 requests a second with 99 of 100 answers within 100 ms" in said
    assert "at 310 µs of CPU time each" in said
    assert "Behind it: pool with 16 threads 1,500 and epoll 95 at full load." in said
    assert (
        "Its handlers wait: epoll, which runs them one after another, answers 95 a second with 4 % of the"
        in said
    )
    assert "Measured 3 times, between 2,950 and 3,200 a second; no other engine's range comes near" in said
    assert "several threads at once" in said


def test_no_clear_difference_is_told_with_what_decided() -> None:
    said = words(result(measured("auto", 16, [1000.0, 990.0]), measured("epoll", 0, [1010.0, 1000.0])))
    assert "Use --engine auto --threads 16, the default: nothing needs to be set." in said
    assert "No clear difference to epoll (1,000); taken because it is the default." in said
    assert "one is as good as another" in said


def test_the_processor_as_the_limit() -> None:
    busy = measured("epoll", 0, [9000.0, 9000.0], cpu_us=100.0)
    assert "The processor is what limits (99 % busy at full load)" in words(result(busy))


def test_what_limits_is_not_told_where_others_had_the_processor_too() -> None:
    busy = measured("epoll", 0, [9000.0, 9000.0], cpu_us=100.0)
    busy.closed[0] = sample(9900.0, cpu_us=100.0, foreign=0.3)
    assert "what limits" not in words(result(busy))


def test_threads_as_the_limit_and_what_to_try() -> None:
    idle = measured("pool", 64, [3000.0, 3000.0], cpu_us=100.0)
    said = words(result(idle, measured("pool", 16, [1000.0])))
    assert "Its threads are what limits (they use 33 % of the processor at full load)" in said
    assert "--connections 256" in said


def test_circumstances_that_spoil_figures_are_told() -> None:
    disturbed = measured("epoll", 0, [1000.0, 1000.0])
    disturbed.closed.append(sample(1000.0, foreign=0.9, client=0.99))
    said = words(result(disturbed, interrupted=True))
    assert re.search(r"Other programs took \d+ % of the server's processor", said)
    assert "The load was at its own limit with epoll" in said
    assert "Interrupted after 74 s" in said
    assert "shared one processor" in words(result(disturbed, processors=Processors(0, 0)))


def test_peers_stand_beside_it() -> None:
    own = measured("epoll", 0, [1000.0, 1000.0])
    peers = [
        measured("", 16, [500.0, 500.0], server="waitress"),
        measured("", 0, [1010.0], server="granian"),
        measured("", 0, [2000.0], server="faster"),
        measured("", 0, [0.0], server="hypercorn"),
    ]
    said = words(result(own, *peers))
    assert "epoll answers 2 times as much as waitress with 16 threads (500)." in said
    assert "No clear difference to granian (1,010)." in said
    assert "faster (2,000) answers 2 times as much." in said
    assert "hypercorn: at no rate." in said


def test_nothing_holds_and_nothing_measured() -> None:
    slow = measured("pool", 4, [0.0])
    slow.probes.append(sample(80.0, offered=90.0, p99=250.0))
    slow.closed = [sample(90.0, p99=400.0)]
    said = words(result(slow))
    assert said.startswith("No engine keeps 99 of 100 answers within 100 ms, at any rate that was tried.")
    assert "Nearest came pool with 4 threads: 80 a second with a 99th percentile of 250 ms" in said
    slow.probes = [sample(80.0, offered=90.0, p99=50.0, unsent=20)]
    assert "0 of 80 failed, and a queue grew; --target-ms" in words(result(slow))
    assert words(result()).startswith("Nothing was measured.")


@pytest.mark.parametrize(("kind", "cautioned"), [(Kind.WSGI, True), (Kind.ASGI, False), (Kind.STATIC, False)])
def test_one_thread_is_cautioned_of_where_handlers_may_wait(kind: Kind, cautioned: bool) -> None:
    said = words(result(measured("epoll", 0, [1000.0, 1000.0]), kind=kind))
    assert ("runs handlers one after another" in said) is cautioned


@given(st.floats(0.001, 1e7))
def test_rates_have_three_digits(value: float) -> None:
    said = rate(value)
    assert float(said.replace(",", "")) == pytest.approx(value, rel=0.006)
    assert "e" not in said or value < 0.01
    assert float(microseconds(value).replace(",", "")) == pytest.approx(value, rel=0.006)


def test_lists_in_words() -> None:
    assert listed(["a"]) == "a"
    assert listed(["a", "b", "c"]) == "a, b and c"


def test_the_text_has_every_candidate_once_in_each_table_and_why_what_is_missing_is_missing() -> None:
    bench = waiting_bench()
    bench[0].note = "not searched: its capacity is far below what another sustains"
    said = text(result(*bench, left_out=(("uring", "kernel.io_uring_disabled is 2"),)))
    assert max(map(len, said.splitlines())) <= 100
    for name in ("epoll", "pool 16", "pool 64"):
        assert len(re.findall(rf"^{name}  ", said, re.MULTILINE)) == 2
    assert "- Not tried: uring: kernel.io_uring_disabled is 2." in said
    assert "- epoll: not searched" in said


def test_json_has_everything_and_null_for_what_is_not_known() -> None:
    found = json.loads(json.dumps(as_dict(result(*waiting_bench()))))
    assert found["verdict"]["use"] == "--engine pool --threads 64"
    epoll = found["candidates"][0]
    assert (epoll["sustained"], epoll["full_load"], epoll["latency_ms"]) == (None, 95.0, None)
    assert len(found["candidates"][2]["runs"]) == 5
    assert json.loads(json.dumps(as_dict(result())))["verdict"]["use"] is None


def test_the_page_shows_names_of_applications_as_text() -> None:
    one = result(*waiting_bench())
    ask = one.ask._replace(text="<b>:app", application=Application(Kind.WSGI, "<b>:app"))
    page = html(one._replace(ask=ask))
    assert "<b>" not in page
    assert "&lt;b&gt;:app" in page
    assert page.count("<svg ") == 4
    assert "Use --engine pool --threads 64" in page


def test_a_page_without_any_measurement() -> None:
    page = html(result())
    assert "Nothing was measured." in page
    assert "<svg " not in page
