"""Workers beside each other: what they share, what is refused, what is told of them."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from gearshift.control.client import ask
from gearshift.control.paths import ControlError
from tests.support.process import ROOT, Address, environment
from tests.support.sealed import SealedSocket, certificates
from tests.support.supervised import finish, supervised
from tests.support.waiting import eventually
from tests.support.websocket_wire import TEXT, Talk, handshake
from tests.support.wire import Wire, request

WSGI = "tests.support.processes_site:wsgi"


def started(*arguments: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """A start that is to fail."""
    return subprocess.run(
        [sys.executable, "-m", "gearshift", "serve", *arguments],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )


@pytest.mark.parametrize(
    ("arguments", "said", "code"),
    [
        (("--workers", "many"), "--workers: found 'many', expected auto, or a whole number of processes", 2),
        (("--workers", "1025"), "--workers: found 1025, expected auto, or a whole number of processes", 2),
        (("no_such_module:app", "--workers", "2"), "no_such_module", 2),
        (("no_such_module:app", "--workers", "2", "--preload-app"), "no_such_module", 2),
        (
            ("--workers", "2", "--listener-per-worker", "--bind", "unix:/tmp/x"),
            "--listener-per-worker: found unix:/tmp/x, expected HOST:PORT only",
            2,
        ),
        (("--workers", "1", "--control", "/nowhere/at/all"), "--control: /nowhere/at/all: No such file", 1),
        (("--workers", "1", "--status", "0.0.0.0:0"), "--status: found 0.0.0.0:0 and no token", 2),
    ],
)
def test_what_can_not_be_is_said_in_one_line(arguments: tuple[str, ...], said: str, code: int) -> None:
    ended = started("--bind", "127.0.0.1:0", *arguments)
    assert said in ended.stderr
    assert ended.stderr.count("\n") == 1, ended.stderr
    assert (ended.returncode, ended.stdout) == (code, "")


def test_an_application_that_raises_is_shown_once(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("raise RuntimeError('at the start')\n")
    ended = started("broken:app", "--workers", "2", "--bind", "127.0.0.1:0", folder=tmp_path)
    assert ended.returncode == 1
    assert ended.stderr.count("RuntimeError: at the start") == 2, "its traceback, and the line that says so"


def test_a_unix_socket_is_kept_over_reload_and_upgrade_and_removed_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "socket"

    def asked() -> bytes:
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(path))
            client.sendall(request("/a", *[]).replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
            answer = b""
            while piece := client.recv(65536):
                answer += piece
        return answer

    with supervised(tmp_path, WSGI, "--workers", "2", "--bind", f"unix:{path}") as server:
        inode = path.stat().st_ino
        server.reload()
        assert asked().startswith(b"HTTP/1.1 200 ")
        server.upgrade()
        assert path.stat().st_ino == inode
        assert asked().startswith(b"HTTP/1.1 200 ")
        last = Path(f"/proc/{server.pid}")
        server.signal(signal.SIGTERM)
        eventually(lambda: not last.exists(), "it has ended")
        assert not path.exists()


def test_a_listener_for_each_worker_outlives_it(tmp_path: Path) -> None:
    options = ("--workers", "2", "--listener-per-worker", "--queue-delay", "30")
    with supervised(tmp_path, WSGI, *options) as server:
        with server.load() as clients:
            server.reload()
            server.reload()
            server.upgrade()
            found = finish(clients)
        assert (found["lost"], found["closes"]) == ({}, 0), found["told"]
        assert len(server.ask()["listeners"]) == 2
        server.signal(signal.SIGTTIN)
        server.said("the number of workers stays as it is")


def test_a_plain_connection_stays_plain_though_new_ones_are_sealed(tmp_path: Path) -> None:
    settings = tmp_path / "gearshift.toml"
    settings.write_text("")
    with supervised(tmp_path, WSGI, "--workers", "1", where=tmp_path) as server, server.connect() as plain:
        former = plain.ask(request("/a")).field(b"X-Worker")
        settings.write_text(f'certfile = "{certificates().chain}"\nkeyfile = "{certificates().key}"\n')
        server.reload()
        eventually(lambda: plain.ask(request("/b")).field(b"X-Worker") != former, "the new worker has it")
        with sealed_client(server.address) as client:
            assert b"X-Worker: " in ask_sealed(client)
        assert plain.ask(request("/c")).status == 200


def test_a_websocket_goes_on_for_a_while_and_is_told_to_go(tmp_path: Path) -> None:
    site = "tests.conformance.websocket_site:app"
    with (
        supervised(tmp_path, site, "--workers", "1", "--timeout-drain", "2") as server,
        server.connect() as wire,
    ):
        wire.send(handshake("/echo"))
        assert wire.read_until(b"\r\n\r\n").startswith(b"HTTP/1.1 101 ")
        socket_of = Talk(wire)
        socket_of.send(TEXT, b"before")
        assert socket_of.message() == "before"
        server.reload()
        socket_of.send(TEXT, b"after")
        assert socket_of.message() == "after"
        assert socket_of.close_frame().code in (1001, 1012)
        assert " error: " not in server.log()


@pytest.mark.parametrize("engine", ["thread", "uring", "auto"])
def test_datagrams_are_answered_whoever_receives_them(engine: str, tmp_path: Path) -> None:
    """All workers receive from one socket, which stays while they come and go."""
    options = ("--udp", "echo", "--udp-bind", "127.0.0.1:0", "--engine", engine)
    with (
        supervised(tmp_path, WSGI, "--workers", "2", *options) as server,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client,
    ):
        client.connect(("127.0.0.1", int(server.log().split("udp://127.0.0.1:")[1].split()[0])))
        client.settimeout(10)
        asked = 0

        def ask(times: int) -> None:
            nonlocal asked
            for _ in range(times):
                asked += 1
                client.send(b"%d" % asked)
                assert client.recv(100) == b"%d" % asked

        ask(50)
        for change in (server.reload, server.upgrade, server.reload):
            thread = threading.Thread(target=change)
            thread.start()
            while thread.is_alive():
                ask(1)
            ask(50)
        (endpoint,) = server.ask()["endpoints"]
        assert endpoint["address"].startswith("udp://127.0.0.1:")
        assert " error: " not in server.log()


def test_one_more_and_one_fewer(tmp_path: Path) -> None:
    with supervised(tmp_path, WSGI, "--workers", "1") as server:
        with (
            server.connect() as wire
        ):  # PEP 3333: another may be called at the same time, if only while reloading
            assert wire.ask(request("/multiprocess")).body == b"True"
        server.signal(signal.SIGTTIN)
        eventually(lambda: len(server.workers()) == 2, "there are two")
        server.signal(signal.SIGTTOU)
        eventually(lambda: len(server.workers()) == 1, "there is one")
        server.signal(signal.SIGTTOU)
        server.reload()
        assert len(server.workers()) == 1, "never none"


def test_a_reload_with_other_addresses_is_refused(tmp_path: Path) -> None:
    (tmp_path / "gearshift.toml").write_text('health = ["/well"]\n')
    with supervised(tmp_path, WSGI, "--workers", "1", where=tmp_path) as server:
        with server.connect() as wire:
            assert wire.ask(request("/well")).status == 200
        (tmp_path / "gearshift.toml").write_text(
            'health = ["/fine"]\ntcp = "echo"\ntcp_bind = "127.0.0.1:0"\n'
        )
        server.signal(signal.SIGHUP)
        server.said("the addresses to listen on have changed, which needs a new program (SIGUSR2)")
        (tmp_path / "gearshift.toml").write_text("nonsense = 1\n")
        server.signal(signal.SIGHUP)
        server.said("there is no such setting")
        (tmp_path / "gearshift.toml").write_text('health = ["/fine"]\n')
        server.reload()
        with server.connect() as wire:
            answer = wire.ask(request("/fine"))
            assert answer.field(b"X-Worker") is None, "the server's own answer"


def test_who_never_returns_is_ended_when_the_time_is_over(tmp_path: Path) -> None:
    options = ("--workers", "1", "--engine", "epoll", "--timeout-drain", "0.4")
    with supervised(tmp_path, WSGI, *options) as server, server.connect() as wire:
        (former,) = server.workers()
        wire.send(request("/sleep?60"))
        eventually(lambda: server.ask()["requests"]["running"] == 1, "it has begun")
        server.reload()
        eventually(lambda: not Path(f"/proc/{former}").exists(), "it is ended", within=8)
        with server.connect() as other:
            assert other.ask(request("/a")).status == 200
        assert server.ask()["crashes"] == 0


def test_control_socket_and_status_page_are_where_they_were_asked_for(tmp_path: Path) -> None:
    """Of all workers, which have none of their own."""
    control, status = str(tmp_path / "control.sock"), str(tmp_path / "status.sock")
    options = ("--workers", "2", "--control", control, "--status", f"unix:{status}")
    with supervised(tmp_path, WSGI, *options) as server:
        assert len(ask(control, "status")["workers"]) == 2
        with Wire(status) as wire:
            told = wire.ask(request("/status.json", "Connection: close", host="localhost"))
        assert len(json.loads(told.body)["workers"]) == 2
        server.reload()
        assert len(ask(control, "status")["workers"]) >= 2  # the former ones may be leaving yet
        server.upgrade()
        assert ask(control, "status")["pid"] == server.pid
        with Wire(status) as wire:
            told = wire.ask(request("/status.json", "Connection: close", host="localhost"))
        assert json.loads(told.body)["pid"] == server.pid


def test_shifting_status_page_and_metrics_are_of_all(tmp_path: Path) -> None:
    options = ("--workers", "2", "--engine", "pool", "--status", "127.0.0.1:0")
    with supervised(tmp_path, WSGI, *options) as server, server.connect() as wire:
        wire.ask(request("/a"))
        assert server.ask("shift", engine="epoll")["engine"] == "epoll"
        assert {row["engine"] for row in server.ask()["workers"]} == {"epoll"}
        with pytest.raises(ControlError, match=r"0 of 2 workers have shifted, these have not: .*warp"):
            server.ask("shift", engine="warp")
        kept = eventually(
            lambda: [second for second in server.ask("history")["seconds"] if second["connections"]],
            "a second that both have seen",
        )
        assert (kept[-1]["connections"], kept[-1]["drops"]) == (1, 0)
        assert server.ask("history", since=kept[-1]["at"] + 60)["seconds"] == []
        with pytest.raises(ControlError, match="since: found 'now', expected seconds since 1970"):
            server.ask("history", since="now")
        server.reload()
        eventually(
            lambda: {row["engine"] for row in server.ask()["workers"]} == {"epoll"},
            "those that start later have it too",
        )
        page = server.log().split("status page ")[1].split()[0]
        with urllib.request.urlopen(page + "status.json") as answer:
            seen = json.load(answer)
        assert (seen["pid"], seen["open_connections"]) == (server.pid, 1)
        with urllib.request.urlopen(page + f"history.json?since={kept[0]['at']}") as answer:
            assert answer.status == 200
        with urllib.request.urlopen(page + "metrics") as answer:
            lines = answer.read().decode().splitlines()
        assert "gearshift_workers 2.0" in lines
        assert "gearshift_reloads_total 1.0" in lines
        (row,) = seen["connections"]
        server.ask("close", number=row["number"])
        eventually(wire.closed_by_peer, "it is closed")
        with pytest.raises(ControlError, match="found no worker 7, expected one of those in status"):
            server.ask("close", number=7_000_000_001)


def test_a_desk_that_is_killed_is_opened_again(tmp_path: Path) -> None:
    with supervised(tmp_path, WSGI, "--workers", "1") as server:
        (worker,) = server.workers()
        children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
        (desk,) = {int(pid) for pid in children} - {worker}
        os.kill(desk, signal.SIGKILL)
        server.said("the process that answers for all workers ended (SIGKILL)")

        def answers() -> bool:
            try:
                return server.workers() == [worker]
            except ControlError:
                return False

        eventually(answers, "another one answers")


@pytest.mark.parametrize("engine", ["thread", "uring"])
def test_sealed_connections_are_told_that_their_answer_is_the_last(engine: str, tmp_path: Path) -> None:
    """The keys of TLS are in one process. What comes before the end is announced is served by that one."""
    sealed = ("--certfile", certificates().chain, "--keyfile", certificates().key)
    with supervised(tmp_path, WSGI, "--workers", "1", "--engine", engine, *sealed) as server:
        with sealed_client(server.address) as idle, sealed_client(server.address) as fresh:
            (former,) = server.workers()
            assert b"Connection: close" not in ask_sealed(idle)
            server.reload()
            for client in (idle, fresh):
                # It may have answered before it heard that it is to leave.
                answer = ask_sealed(client)
                while b"Connection: close\r\n" not in answer:
                    answer = ask_sealed(client)
                assert b"X-Worker: %d\r\n" % former in answer
                client.close()
            eventually(lambda: not Path(f"/proc/{former}").exists(), "it has nobody left")
        with sealed_client(server.address) as client:
            assert b"X-Worker: %d\r\n" % former not in ask_sealed(client)


def test_an_answer_that_had_begun_before_the_reload_is_not_the_last(tmp_path: Path) -> None:
    """Its head said nothing of an end, so another request is answered, whose head does."""
    sealed = ("--certfile", certificates().chain, "--keyfile", certificates().key)
    sign = tmp_path / "sign"
    with (
        supervised(tmp_path, WSGI, "--workers", "1", "--engine", "thread", *sealed) as server,
        sealed_client(server.address) as client,
        sealed_client(server.address) as other,
    ):
        (former,) = server.workers()
        client.sendall(request(f"/until?{sign}"))
        answer = client.recv(65536)
        assert b"Connection: close" not in answer
        ask_sealed(other)
        server.reload()
        while b"Connection: close" not in ask_sealed(other):
            pass  # they are told in the order in which they came
        sign.touch()
        while not answer.endswith(b"az"):
            answer += client.recv(65536)
        answer = ask_sealed(client)
        assert b"Connection: close\r\n" in answer
        assert b"X-Worker: %d\r\n" % former in answer


@contextlib.contextmanager
def sealed_client(address: Address) -> Iterator[SealedSocket]:
    """A connection with TLS, shaken hands."""
    with socket.create_connection(address) as plain:
        yield SealedSocket(plain)


def ask_sealed(client: SealedSocket) -> bytes:
    """The head of an answer without a body to speak of."""
    client.sendall(request("/a"))
    answer = b""
    while not answer.endswith(b"\r\n\r\n/a"):
        piece = client.recv(65536)
        assert piece, answer
        answer += piece
    return answer


def test_systemd_hears_of_them_and_its_socket_goes_from_program_to_program(tmp_path: Path) -> None:
    """As systemd starts a service: LISTEN_PID is known only in the child, so a shell sets it and becomes the server."""
    heard = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    heard.bind(str(tmp_path / "notify"))
    heard.settimeout(10)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        passed = listening.fileno()
        script = (
            f"exec 3<&{passed}; LISTEN_PID=$$ LISTEN_FDS=1 NOTIFY_SOCKET={tmp_path}/notify WATCHDOG_USEC=400000"
            f" exec {sys.executable} -m gearshift serve {WSGI} --workers 1"
        )
        popen = subprocess.Popen(
            ["/bin/bash", "-c", script],
            cwd=ROOT,
            env=environment(),
            pass_fds=(passed,),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

        def heard_of(text: str) -> str:
            while text not in (said := heard.recv(4096).decode()):
                pass
            return said

        try:
            assert f"MAINPID={popen.pid}" in heard_of("READY=1")
            heard_of("WATCHDOG=1")
            os.kill(popen.pid, signal.SIGHUP)
            heard_of("RELOADING=1")
            heard_of("READY=1")
            os.kill(popen.pid, signal.SIGUSR2)
            heir = heard_of("MAINPID=").split("MAINPID=")[1].split()[0]
            if heir == str(popen.pid):
                heir = heard_of("MAINPID=").split("MAINPID=")[1].split()[0]
            assert heir != str(popen.pid)
            assert popen.wait(10) == 0
            os.kill(int(heir), signal.SIGHUP)
            heard_of("RELOADING=1")
            with Wire(listening.getsockname()) as wire:
                assert wire.ask(request("/a")).status == 200
            os.kill(int(heir), signal.SIGTERM)
            heard_of("STOPPING=1")
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(popen.pid, signal.SIGKILL)
            popen.wait()
            heard.close()
