"""`gearshift shift` and `gearshift status` as a user types them, beside the server they are about."""

from __future__ import annotations

import contextlib
import json
import re
import signal
import socket
import stat
import threading
from collections.abc import Iterator
from pathlib import Path
from types import NoneType

import pytest

from tests.applications.served import Finished, Served, curl, gearshift_command, serving
from tests.support.servers import ENGINES
from tests.support.waiting import eventually

# What `gearshift status --json` prints: names and their types. Names are added, not changed.
KEYS = {
    "version": str,
    "interpreter": str,
    "pid": int,
    "application": str,
    "uptime_seconds": float,
    "engine": str,
    "threads_asked": int,
    "workers": list,
    "leaving": list,
    "listeners": list,
    "descriptors": {
        "open": int,
        "limit": int,
        "by_kind": dict,
        "sockets": int,
        "explained": int,
        "unexplained": int,
        "unexplained_by_kind": dict,
        "leads_to": list,
        "growing": bool,
        "age_seconds": float,
    },
    "host": dict,
    "open_connections": int,
    "requests": {"total": int, "running": int, "waiting": int, "shed": int},
    "counts": {
        "accepted": int,
        "requests": int,
        "refused_connections": int,
        "evicted_connections": int,
        "handed_over": int,
        "shed_full": int,
        "shed_overdue": int,
        "abandoned": int,
        "timed_out": int,
        "unintroduced": int,
        "handshakes": int,
        "handshakes_failed": int,
        "websockets": int,
        "websocket_messages_in": int,
        "websocket_messages_out": int,
    },
    "kinds": list,
    "endpoints": list,
    "connections": list,
    "threads": list,
    "pool": (dict, NoneType),
    "loop": (dict, NoneType),
    "times": {"kinds": list, "slowest": list},
    "stuck": list,
}


class Site:
    """A server with its control socket in the usual place, and commands to it."""

    def __init__(self, served: Served, folder: Path, runtime: Path) -> None:
        self.served, self.folder, self.runtime = served, folder, runtime

    def command(self, *arguments: str) -> Finished:
        variables = {"XDG_RUNTIME_DIR": str(self.runtime)}
        return gearshift_command(*arguments, folder=self.folder, variables=variables)

    @property
    def control(self) -> Path:
        return self.runtime / "gearshift" / f"{self.served.pid}.sock"


@contextlib.contextmanager
def site_of(folder: Path, *arguments: str) -> Iterator[Site]:
    variables = {"XDG_RUNTIME_DIR": str(folder)}
    with serving(*arguments, folder=folder, variables=variables) as served:
        yield Site(served, folder, folder)


def connected(site: Site) -> socket.socket:
    return socket.create_connection(("127.0.0.1", site.served.port))


def test_from_start_to_end(engine: str, folder: Path) -> None:
    with site_of(folder, "--engine", engine, "hello:app") as site:
        assert f"\n  control socket {site.control}\n" in site.served.out()
        assert stat.S_IMODE(site.control.stat().st_mode) == 0o600
        assert stat.S_IMODE(site.control.parent.stat().st_mode) == 0o700
        for said in ([], ["--pid", str(site.served.pid)], [f"--control={site.control}"]):
            done = site.command("status", *said)
            assert (done.code, done.err) == (0, "")
            assert f"process {site.served.pid}, serves hello:app" in done.out
            assert f"  engine {engine}, 16 threads asked for\n" in done.out
        assert site.served.stop() == 0
        assert not site.control.exists()
        assert site.command("status").line.startswith("gearshift: --pid: found no running server")


def test_a_second_signal_removes_it_too(folder: Path) -> None:
    with site_of(folder, "--engine", "pool", "hello:app") as site, connected(site) as client:
        client.sendall(b"GET /sleep/20 HTTP/1.1\r\nHost: x\r\n\r\n")
        eventually(lambda: json.loads(site.command("status", "--json").out)["requests"]["running"], "runs")
        site.served.tell(signal.SIGTERM)
        site.served.logged("draining")
        assert site.served.stop() == 1
        assert not site.control.exists()


def test_one_of_several_is_found_by_its_pid(folder: Path) -> None:
    with (
        site_of(folder, "--engine", "epoll", "hello:app") as one,
        site_of(folder, "--engine", "pool", "hello:app") as other,
    ):
        done = one.command("status")
        pids = ", ".join(map(str, sorted((one.served.pid, other.served.pid))))
        assert done.code == 2
        assert (
            done.line == f"gearshift: --pid: found nothing and several servers ({pids}), expected one of them"
        )
        for site, engine in ((one, "epoll"), (other, "pool")):
            assert f"engine {engine}," in one.command("status", "--pid", str(site.served.pid)).out


def test_what_a_killed_server_left_is_no_server(folder: Path) -> None:
    with site_of(folder, "hello:app") as site:
        site.served.stop(signal.SIGKILL)
        assert site.control.exists()
        done = site.command("status", "--pid", str(site.served.pid))
        assert (done.code, done.line) == (
            1,
            f"gearshift: {site.control}: no server can be reached there: Connection refused",
        )
        assert site.command("status").line.startswith("gearshift: --pid: found no running server")
        assert not site.control.exists()


def test_a_path_of_ones_own(folder: Path) -> None:
    with site_of(folder, "--control", "own.sock", "hello:app") as site:
        assert "control socket own.sock\n" in site.served.out()
        assert site.command("status", "--control", "own.sock").code == 0
        done = site.command("serve", "--bind", "127.0.0.1:0", "--control", "own.sock", "hello:app")
        assert (done.code, done.line) == (1, "gearshift: --control: own.sock: another server listens there")
        done = site.command("serve", "--bind", "127.0.0.1:0", "--control", "hello.py", "hello:app")
        assert done.code == 1
        assert done.line == (
            "gearshift: --control: hello.py: found something that is no socket, expected a free path"
        )
        assert (folder / "hello.py").exists()
        assert site.command("status", "--control", "own.sock").code == 0


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        (0o777, "found a folder that others may write to, expected one of this user alone"),
        (None, "File exists, expected a folder for the control socket"),
    ],
)
def test_where_it_cannot_be_the_server_serves_all_the_same(
    mode: int | None, words: str, folder: Path
) -> None:
    usual = folder / "gearshift"
    if mode is None:
        usual.write_text("")
    else:
        usual.mkdir()
        usual.chmod(mode)
    with site_of(folder, "hello:app") as site:
        assert curl(site.served.url).body == b"hello"
        assert "control socket" not in site.served.out()
        assert f"no control socket: {usual}: {words}" in site.served.err()


ENGINE_NAMES = "thread, pool, epoll, uring, auto"


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ("shift", f"shift: found no engine, expected one of {ENGINE_NAMES}"),
        ("shift warp", f"shift: found 'warp', expected one of {ENGINE_NAMES}"),
        ("shift pool uring", "shift: found 'uring', expected one of --threads, --pid, --control"),
        ("shift pool --thread 8", "shift: found '--thread', expected one of --threads, --pid, --control"),
        ("shift pool --json", "shift: found '--json', expected one of --threads, --pid, --control"),
        ("shift pool --threads", "--threads: found nothing, expected a whole number of threads"),
        ("shift pool --threads=", "--threads: found nothing, expected a whole number of threads"),
        ("shift pool --threads 0", "--threads: found 0, expected a whole number of threads from 1 to 100000"),
        ("shift pool --threads -1", "--threads: found '-1', expected a whole number of threads"),
        ("shift pool --threads x", "--threads: found 'x', expected a whole number of threads"),
        ("shift pool --threads 100001", "--threads: found 100001, expected a whole number of threads"),
        ("shift pool --threads --pid 1", "--threads: found --pid, expected a whole number of threads"),
        ("shift pool --pid x", "--pid: found 'x', expected the number of a process that is a server"),
        ("status pool", "status: found 'pool', expected one of --json, --pid, --control"),
        ("status --json=yes", "--json: found 'yes', expected no value"),
        ("status --pid", "--pid: found nothing, expected the number of a process that is a server"),
        ("status --pid -5", "--pid: found '-5', expected the number of a process that is a server"),
        ("status --pid 99999999999", "--pid: found '99999999999', expected the number of a process"),
        ("status --control", "--control: found nothing, expected a path"),
        ("status --control=", "--control: found nothing, expected a path"),
        ("status --pid 1 --control x", "--pid: found --control too, expected one of them"),
        ("status", "--pid: found no running server of this user, expected one (or --control PATH)"),
        ("shift pool", "--pid: found no running server of this user, expected one (or --control PATH)"),
    ],
)
def test_wrong_use_is_one_line_and_2(arguments: str, line: str, tmp_path: Path) -> None:
    variables = {"XDG_RUNTIME_DIR": str(tmp_path)}
    done = gearshift_command(*arguments.split(), folder=tmp_path, variables=variables)
    assert done.code == 2
    assert done.line.startswith(f"gearshift: {line}")


@pytest.mark.parametrize("arguments", ["status", "status --json", "shift pool"])
def test_no_server_there_is_one_line_and_1(arguments: str, tmp_path: Path) -> None:
    done = gearshift_command(*arguments.split(), "--control", "here", folder=tmp_path)
    assert (done.code, done.line) == (
        1,
        "gearshift: here: no server can be reached there: No such file or directory",
    )


@pytest.mark.parametrize(
    ("command", "parts"),
    [
        ("shift", ["ENGINE [--threads N] [--pid PID | --control PATH]", "--threads N", "--pid PID"]),
        ("status", ["[--json] [--pid PID | --control PATH]", "--json", "--control PATH"]),
    ],
)
def test_help(command: str, parts: list[str], tmp_path: Path) -> None:
    for flag in ("--help", "-h"):
        done = gearshift_command(command, flag, folder=tmp_path)
        assert (done.code, done.err) == (0, "")
        assert done.out.startswith(f"usage: gearshift {command} {parts[0]}\n")
        for part in parts[1:]:
            assert f"\n  {part} " in done.out
    assert f"\n  {command} " in gearshift_command("--help", folder=tmp_path).out


def shape(value: object, keys: object) -> None:
    """The value has these names and types, and no others."""
    if isinstance(keys, dict):
        assert isinstance(value, dict)
        assert list(value) == list(keys)
        for name, kind in keys.items():
            shape(value[name], kind)
    elif isinstance(keys, tuple):
        assert type(value) in keys
    else:
        assert type(value) is keys


def test_status_for_programs(engine: str, folder: Path) -> None:
    with site_of(folder, "--engine", engine, "--threads", "3", "hello:app") as site:
        for _ in range(20):
            curl(f"{site.served.url}/thread")
        done = site.command("status", "--json")
        assert (done.code, done.err) == (0, "")
        seen = json.loads(done.out)
    shape(seen, KEYS)
    assert (seen["pid"], seen["application"]) == (site.served.pid, "hello:app")
    assert (seen["engine"], seen["threads_asked"], seen["leaving"]) == (engine, 3, [])
    assert 0 <= seen["uptime_seconds"] < 60
    (listener,) = seen["listeners"]
    assert listener["address"] == site.served.url
    assert type(listener["fd"]) is int
    assert seen["requests"] == {"total": 20, "running": 0, "waiting": 0, "shed": 0}
    assert seen["counts"]["accepted"] == 20
    if engine == "auto":
        (kind,) = seen["kinds"]
        assert (kind["kind"], kind["runs_on"]) == ("GET /thread", "the polling thread")
        assert 1 <= kind["runs"] <= 20
        assert 0 <= kind["mean_seconds"] < 1
        assert "waiting_share" in kind
    else:
        assert seen["kinds"] == []


def test_status_in_words(folder: Path) -> None:
    with site_of(folder, "--engine", "auto", "--threads", "3", "hello:app") as site:
        for _ in range(3):
            curl(f"{site.served.url}/sleep/0.05")
        done = site.command("status")
        assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    expected = [
        rf"Gearshift \S+, process {site.served.pid}, serves hello:app for 0:00:\d\d",
        rf"  listens on {site.served.url} \(descriptor \d+\): accept queue 0 of \d+, SYN queue 0, 0 dropped",
        r"  engine auto, 3 threads asked for",
        r"  CPython 3\.\d+\.\S+( free-threaded, .*)?",
        r"  connections: \d open, 3 accepted, 0 idle ones closed to make room, 0 refused,"
        r" 0 handed from engine to engine",
        r"  requests: 3 so far, 0 running, 0 waiting",
        r"  turned away: 0 with the queue full, 0 overdue, 0 whose client had left",
        r"  pool: \d of at most \d threads, 0 busy, \d idle; 0 in the queue(; leader changes: \d)?",
        r"  threads: \d: \d .*",
        r"  descriptors: \d+ of \d+ open: \d+ \w+, .*",
        r"  host \(all servers, since it started\): .*",
        r"",
        r"  kind of request  +runs  +mean  +waits  +runs on",
        r"  GET /sleep/\S+  +\d  +\d+\.\d ms  +(\?|\d+%)  +a thread of its own",
        r"",
        r"  time by kind  +count  handler mean  p50  +p95  +p99  +max  +cpu  +queue p95  write p95",
        r"  GET /sleep/\S+  +3  +\S+ms  +\S+ms  +\S+ms  +\S+ms  +\S+ms  +(-|\d+%)  +\S+s  +\S+s",
        r"",
        r"  slowest requests  +status  total  +queue  +handler  on cpu  +write",
        *[r"  GET /sleep/\S+  +200  +\S+ms  +\S+s  +\S+ms  +(-|\S+s)  +\S+s"] * 3,
    ]
    assert len(lines) == len(expected)
    for line, pattern in zip(lines, expected, strict=True):
        assert re.fullmatch(pattern, line), (line, pattern)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("application", ["hello:app", "hello:asgi"])
def test_shift(engine: str, application: str, folder: Path) -> None:
    former = "epoll" if engine == "pool" else "pool"
    with site_of(folder, "--engine", former, application) as site:
        done = site.command("shift", engine, "--threads", "4")
        assert (done.code, done.err) == (0, "")
        threads = " with 4 threads" if engine in ("pool", "auto") else ""
        assert done.out == (
            f"shifted from {former} to {engine}{threads}; every connection has been handed over\n"
        )
        assert curl(site.served.url).body == b"hello"
        assert f"  engine {engine}, 4 threads asked for\n" in site.command("status").out
        assert site.served.stop() == 0
        assert f"shifted from {former} to {engine}\n" in site.served.err()
        assert "Traceback" not in site.served.err()


def test_a_shift_tells_who_has_not_left_yet(folder: Path) -> None:
    with site_of(folder, "--engine", "pool", "hello:app") as site, connected(site) as client:
        client.sendall(b"GET /sleep/2.5 HTTP/1.1\r\nHost: x\r\n\r\n")
        eventually(lambda: "1 running" in site.command("status").out, "it runs")
        done = site.command("shift", "epoll")
        assert done.out == (
            "shifted from pool to epoll; 1 connection follows as soon as what runs on it is answered\n"
        )
        assert "  1 connection is leaving the engine pool\n" in site.command("status").out
        assert client.recv(1000).startswith(b"HTTP/1.1 200 ")
        eventually(lambda: "leaving" not in site.command("status").out, "it has left")


def test_a_shift_while_it_drains_is_refused(folder: Path) -> None:
    with site_of(folder, "--engine", "pool", "hello:app") as site, connected(site) as client:
        client.sendall(b"GET /sleep/2 HTTP/1.1\r\nHost: x\r\n\r\n")
        eventually(lambda: "1 running" in site.command("status").out, "it runs")
        site.served.tell(signal.SIGTERM)
        site.served.logged("draining")
        done = site.command("shift", "epoll")
        assert (done.code, done.line) == (1, "gearshift: the server is being stopped")
        assert client.recv(1000).startswith(b"HTTP/1.1 200 ")
        assert site.served.wait() == 0


def test_a_larger_pool_runs_more_at_once(folder: Path) -> None:
    (folder / "gate.py").write_text(
        "import threading\n"
        "barrier = threading.Barrier(5)\n"
        "def app(environ, start_response):\n"
        "    together = True\n"
        "    try:\n"
        "        barrier.wait(3)\n"
        "    except threading.BrokenBarrierError:\n"
        "        together = False\n"
        "    start_response('200 OK', [])\n"
        "    return [b'together' if together else b'not']\n"
    )
    with site_of(folder, "--engine", "pool", "--threads", "2", "gate:app") as site:
        assert site.command("shift", "pool", "--threads", "5").out.startswith(
            "shifted from pool to pool with 5"
        )
        answers: list[bytes] = []
        threads = [
            threading.Thread(target=lambda: answers.append(curl(site.served.url).body)) for _ in range(5)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert answers == [b"together"] * 5
        done = site.command("shift", "auto")
        assert done.out.startswith("shifted from pool to auto with 5 threads")


@pytest.mark.parametrize(
    ("engine", "threads", "words"),
    [
        ("warp", 4, f"engine=: found 'warp', expected one of {ENGINE_NAMES}"),
        (None, 4, f"engine=: found None, expected one of {ENGINE_NAMES}"),
        (["pool"], 4, f"engine=: found ['pool'], expected one of {ENGINE_NAMES}"),
        ("", 4, f"engine=: found '', expected one of {ENGINE_NAMES}"),
        ("pool", 0, "threads=: found 0, expected a whole number of threads from 1 to 100000"),
        ("pool", -1, "threads=: found -1, expected a whole number of threads from 1 to 100000"),
        ("pool", "x", "threads=: found 'x', expected a whole number of threads from 1 to 100000"),
        ("pool", True, "threads=: found true, expected a whole number of threads from 1 to 100000"),
        ("pool", 2.5, "threads=: found 2.5, expected a whole number of threads from 1 to 100000"),
        ("pool", 1e400, "threads=: found inf, expected a whole number of threads from 1 to 100000"),
    ],
)
def test_wrong_values_from_another_client(engine: object, threads: object, words: str, shared: Site) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(5)
        client.connect(str(shared.control))
        line = json.dumps({"command": "shift", "engine": engine, "threads": threads})
        client.sendall(line.encode() + b"\n")
        with client.makefile("rb") as stream:
            assert json.loads(stream.readline()) == {"ok": False, "error": words}
    assert "  engine pool, 2 threads asked for\n" in shared.command("status").out
    assert "Traceback" not in shared.served.err()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server that no test changes."""
    with site_of(tmp_path_factory.mktemp("shared"), "--engine", "pool", "--threads", "2") as site:
        yield site
