"""Workers are replaced under constant load: no request is lost, no connection reset, whoever has them by then."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.support.servers import ENGINES
from tests.support.supervised import Supervised, finish, supervised
from tests.support.waiting import eventually
from tests.support.wire import Wire, request

WSGI = "tests.support.processes_site:wsgi"
ASGI = "tests.support.processes_site:asgi"
# What waits longer than --queue-delay may be turned away; here it must not be.
PATIENT = ("--queue-delay", "30")


def assert_nothing_lost(server: Supervised, found: dict[str, object], rounds: int) -> None:
    assert found["lost"] == {}, found["told"]
    assert found["closes"] == 0, "keep-alive connections were closed"
    answers, workers = found["answers"], found["workers"]
    assert isinstance(answers, dict)
    assert isinstance(workers, dict)
    assert answers["kept"] > 100
    assert answers["short"] > 20
    assert len(workers) > rounds, "new workers have answered in each round"
    assert " error: " not in server.log()


def test_twenty_reloads(tmp_path: Path) -> None:
    with supervised(tmp_path, WSGI, "--workers", "2", *PATIENT) as server:
        with server.load() as clients:
            for _ in range(20):
                server.reload()
            found = finish(clients)
        assert_nothing_lost(server, found, 20)
        # The desk hears of it from the supervisor, after the log has.
        assert eventually(lambda: server.ask()["reloads"] == 20, "the last one is counted")
        assert server.ask()["crashes"] == 0
        # Those of the last round may still be about to leave; what the others had counted is in.
        assert eventually(
            lambda: server.ask()["counts"]["requests"] == sum(found["answers"].values()), "all is counted"
        )


@pytest.mark.parametrize(
    ("engine", "app"),
    [*((engine, WSGI) for engine in ENGINES), *((engine, ASGI) for engine in ("pool", "epoll"))],
)
def test_reloads_and_a_new_program_on_each_engine(engine: str, app: str, tmp_path: Path) -> None:
    with supervised(tmp_path, app, "--workers", "2", "--engine", engine, *PATIENT) as server:
        with server.load() as clients:
            server.reload()
            server.reload()
            former = server.pid
            server.upgrade()
            assert server.pid != former
            found = finish(clients)
        assert_nothing_lost(server, found, 2)


@pytest.mark.parametrize(
    ("engine", "sort"), [*((engine, "reload") for engine in ENGINES), ("auto", "upgrade")]
)
def test_idle_unread_half_and_unaccepted_ones_move_on(engine: str, sort: str, tmp_path: Path) -> None:
    """Idle ones, fresh ones, half a head, a request under way; and on the engines that run handlers inline, requests
    that wait in the accept queue behind it.
    """
    with (
        supervised(tmp_path, WSGI, "--workers", "1", "--engine", engine, *PATIENT) as server,
        server.connect() as idle,
        server.connect() as fresh,
        server.connect() as half,
        server.connect() as running,
    ):
        former = idle.ask(request("/a")).field(b"X-Worker")
        half.send(b"GET /half HTTP/1.1\r\nHo")
        eventually(lambda: server.ask()["open_connections"] == 4, "all are accepted")
        running.send(request("/sleep?0.6"))
        eventually(lambda: server.ask()["requests"]["total"] == 2, "it has begun")
        late = [server.connect() for _ in range(5)]
        for each in late:
            each.send(request("/late"))
        getattr(server, sort)()
        assert_moves(idle, former)
        assert_moves(fresh, former)
        answer = half.ask(b"st: a\r\n\r\n")
        assert (answer.status, answer.body) == (200, b"/half")
        assert running.answer().field(b"X-Worker") == former
        assert_moves(running, former)
        for each in late:
            assert each.answer().status == 200
        assert " error: " not in server.log()


def assert_moves(wire: Wire, former: bytes | None) -> None:
    """Another worker answers, as soon as the former one has heard that it is to leave."""
    eventually(lambda: wire.ask(request("/b")).field(b"X-Worker") != former, "another worker has it")


def test_an_application_that_can_not_be_imported_leaves_the_former_one_serving(tmp_path: Path) -> None:
    site = tmp_path / "site.py"
    good = "import os\nfrom tests.support.processes_site import wsgi as application\n"
    site = tmp_path / "mended.py"
    site.write_text(good)
    with supervised(tmp_path, "mended:application", "--workers", "2", where=tmp_path) as server:
        before = server.workers()
        site.write_text(good + "raise RuntimeError('not today')\n")
        server.signal(signal.SIGHUP)
        log = server.said("the reload has failed, the workers of before go on")
        assert "not today" in log
        assert server.workers() == before
        with server.connect() as wire:
            assert wire.ask(request("/a")).status == 200
            server.signal(signal.SIGUSR2)
            server.said("the new program has ended (exit code 1) before it served: ours goes on")
            assert wire.ask(request("/b")).status == 200
        site.write_text(good)
        server.reload()
        assert not set(server.workers()) & set(before)


ONCE = """
import os
from tests.support.processes_site import wsgi
IMPORTED = str(os.getpid())
def application(environ, start_response):
    return wsgi(environ, lambda status, fields: start_response(status, [*fields, ("X-Imported", IMPORTED)]))
"""


def test_an_application_imported_once_is_imported_anew_on_a_reload(tmp_path: Path) -> None:
    site = tmp_path / "once.py"
    site.write_text(ONCE)
    with supervised(
        tmp_path, "once:application", "--workers", "2", "--preload-app", where=tmp_path
    ) as server:
        first = imported(server)
        server.reload()
        second = imported(server)
        assert first != second
        site.write_text(ONCE + "raise RuntimeError('not today')")
        server.signal(signal.SIGHUP)
        assert "not today" in server.said("the reload has failed")
        victim = server.workers()[0]
        os.kill(victim, signal.SIGKILL)
        server.said(f"worker {victim} ended (SIGKILL)")
        eventually(lambda: len(server.workers()) == 2, "another one serves")
        assert imported(server) == second, "of the same import"


def imported(server: Supervised) -> bytes | None:
    """The process in which the application of both workers was: asked over many connections, so that both answer."""
    found: dict[bytes | None, bytes | None] = {}

    def both() -> bool:
        with server.connect() as wire:
            answer = wire.ask(request("/"))
            found[answer.field(b"X-Worker")] = answer.field(b"X-Imported")
        return len(found) == 2

    with server.load(4, 4) as clients:
        eventually(both, "both workers have answered")
        finish(clients)
    (process,) = set(found.values())
    assert process not in found
    return process


def test_a_killed_worker_is_replaced_and_told(tmp_path: Path) -> None:
    with supervised(tmp_path, WSGI, "--workers", "2") as server:
        victim, other = server.workers()
        os.kill(victim, signal.SIGKILL)
        log = server.said(f"worker {victim} ended (SIGKILL); another one is started in 0.1 s")
        assert "Traceback" not in log
        eventually(lambda: len(server.workers()) == 2, "another one serves")
        assert other in server.workers()
        assert server.ask()["crashes"] == 1
        with server.connect() as wire:
            assert wire.ask(request("/a")).status == 200


def test_what_kills_each_worker_is_tried_less_and_less_often(tmp_path: Path) -> None:
    with supervised(tmp_path, WSGI, "--workers", "1") as server:
        for times, seconds in enumerate(("0.1", "0.2", "0.4"), 1):
            with server.connect() as wire:
                wire.send(request("/die"))
                server.said("(exit code 9)", times)
            server.said(f"another one is started in {seconds} s")


def test_workers_are_recycled_by_requests(tmp_path: Path) -> None:
    options = ("--workers", "2", "--recycle-requests", "300", *PATIENT)
    with supervised(tmp_path, WSGI, *options) as server:
        before = set(server.workers())
        with server.load() as clients:
            server.said("is replaced after", 2)
            eventually(lambda: not before & set(server.workers()), "both have been")
            found = finish(clients)
        assert_nothing_lost(server, found, 2)


def test_everything_drains(tmp_path: Path) -> None:
    with (
        supervised(tmp_path, WSGI, "--workers", "2", "--engine", "thread") as server,
        server.connect() as running,
        server.connect() as idle,
    ):
        assert idle.ask(request("/a")).status == 200
        running.send(request("/sleep?0.4"))
        eventually(lambda: server.ask()["requests"]["total"] == 2, "it has begun")
        server.signal(signal.SIGTERM)
        assert running.answer().status == 200
        assert idle.closed_by_peer()
        assert server.popen.wait(10) == 0
        assert " error: " not in server.log()


def test_workers_do_not_outlive_their_supervisor(tmp_path: Path) -> None:
    with supervised(tmp_path, WSGI, "--workers", "2") as server:
        workers = server.workers()
        os.kill(server.pid, signal.SIGKILL)
        server.popen.wait()
        for pid in workers:
            eventually(lambda pid=pid: not Path(f"/proc/{pid}").exists(), "it has ended")  # type: ignore[misc]
        assert server.log().count("the supervisor is gone: draining") == 2
