"""gearshift.Server and gearshift.serve: from tests, notebooks and programs, on every engine."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import httpx
import pytest

import gearshift
from gearshift.errors import GearshiftError, ListenError, SettingError
from tests.applications.served import PLAIN, curl, environment
from tests.support.descriptors import nothing_was_left_open, own_descriptors
from tests.support.waiting import eventually

ANYWHERE = "127.0.0.1:0"


def wsgi(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    if environ["PATH_INFO"] == "/broken":
        raise LookupError("the application broke")
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"hello"]


async def asgi(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return
    await asyncio.sleep(0)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": b"hello"})


async def refuses_to_start(scope: dict[str, Any], receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "lifespan.startup.failed", "message": "no licence"})


@pytest.fixture(params=[wsgi, asgi], ids=["wsgi", "asgi"])
def app(request: pytest.FixtureRequest) -> Any:
    """The same application behind each interface."""
    return request.param


def get(url: str) -> str:
    return httpx.get(url, **PLAIN).text


def test_with_statement(engine: str, app: Any) -> None:
    with gearshift.Server(app, engine=engine, bind=ANYWHERE) as server:
        assert server.url == server.urls[0]
        assert get(server.url) == "hello"
        assert curl(server.url).body == b"hello"
    with pytest.raises(httpx.ConnectError):
        get(server.url)


def test_several_addresses(engine: str, app: Any, tmp_path: Path) -> None:
    addresses = [ANYWHERE, ANYWHERE, f"unix:{tmp_path}/s"]
    with gearshift.Server(app, engine=engine, bind=addresses) as server:
        first, second, third = server.urls
        assert first != second
        assert [get(first), get(second)] == ["hello", "hello"]
        assert third == f"unix:{tmp_path}/s"
        with httpx.Client(transport=httpx.HTTPTransport(uds=f"{tmp_path}/s", verify=False)) as client:
            assert [client.get("http://anything/").text for _ in range(3)] == ["hello"] * 3
        assert curl("--unix-socket", f"{tmp_path}/s", "http://anything/").body == b"hello"
    assert not Path(tmp_path, "s").exists()


def test_inherited_socket(engine: str, app: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        descriptor = os.dup(listening.fileno())
    with gearshift.Server(app, engine=engine, bind=f"fd:{descriptor}") as server:
        assert server.url == f"http://127.0.0.1:{port}"
        assert get(server.url) == "hello"
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)


def test_stop_may_be_called_again(engine: str, app: Any) -> None:
    server = gearshift.Server(app, engine=engine, bind=ANYWHERE)
    server.stop()  # before there is anything to stop
    server.start()
    assert get(server.url) == "hello"
    for _ in range(3):
        server.stop()
    with gearshift.Server(app, engine=engine, bind=ANYWHERE) as server:
        server.stop()


def test_starting_what_runs_already_is_an_error(engine: str, app: Any) -> None:
    with gearshift.Server(app, engine=engine, bind=ANYWHERE) as server:
        with pytest.raises((GearshiftError, RuntimeError)):
            server.start()
        assert get(server.url) == "hello"


def test_before_it_is_started_it_has_no_address(engine: str, app: Any) -> None:
    with pytest.raises(gearshift.errors.ServerStateError, match="once it is started"):
        _ = gearshift.Server(app, bind="127.0.0.1:0", engine=engine).url


def test_port_in_use(engine: str, app: Any) -> None:
    """Nothing is left of a start that failed, not even the address that could be had."""
    with socket.create_server(("127.0.0.1", 0)) as holder, socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        free = other.getsockname()[1]
        other.close()
        taken = holder.getsockname()[1]
        before, threads = own_descriptors(), threading.active_count()
        server = gearshift.Server(app, engine=engine, bind=[f"127.0.0.1:{free}", f"127.0.0.1:{taken}"])
        with pytest.raises(ListenError, match=f"127.0.0.1:{taken}.* in use"):
            server.start()
        nothing_was_left_open(before)
        assert threading.active_count() == threads
        server.stop()
    with gearshift.Server(app, engine=engine, bind=f"127.0.0.1:{free}") as server:
        assert get(server.url) == "hello"


def test_application_that_cannot_start(engine: str) -> None:
    server = gearshift.Server(refuses_to_start, engine=engine, bind=ANYWHERE)
    with pytest.raises(GearshiftError, match="no licence"):
        server.start()
    server.stop()


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"engine": "steam"}, "engine"),
        ({"threads": 0}, "threads"),
        ({"workers": 4}, "workers"),
        ({"bind": "nowhere"}, "nowhere"),
        ({"timeout_head": -1}, "timeout_head"),
    ],
)
def test_wrong_settings(settings: dict[str, Any], named: str) -> None:
    with pytest.raises(SettingError, match=named):
        gearshift.Server(wsgi, **settings)


def test_what_may_be_served(engine: str, tmp_path: Path) -> None:
    """Text as on the command line, a path, or nothing."""
    (tmp_path / "index.html").write_text("a file")
    module = f"{__name__}:wsgi"
    for application, expected in ((module, "hello"), (str(tmp_path), "a file"), (tmp_path, "a file")):
        with gearshift.Server(application, engine=engine, bind=ANYWHERE) as server:
            assert get(server.url) == expected
    with gearshift.Server(engine=engine, bind=ANYWHERE) as server:
        assert "<html" in get(server.url)


def test_settings_of_the_environment_do_not_count(engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program says what it wants; only the command line asks the environment."""
    monkeypatch.setenv("GEARSHIFT_BIND", "nonsense")
    with gearshift.Server(wsgi, engine=engine, bind=ANYWHERE) as server:
        assert get(server.url) == "hello"


def test_in_a_running_loop(engine: str, app: Any) -> None:
    """As a notebook has it: the cell runs inside a loop, the server beside it."""

    async def cell() -> list[str]:
        with gearshift.Server(app, engine=engine, bind=ANYWHERE) as server:
            async with httpx.AsyncClient(base_url=server.url, **PLAIN) as client:
                answers = await asyncio.gather(*(client.get("/") for _ in range(10)))
        return [answer.text for answer in answers]

    assert asyncio.run(cell()) == ["hello"] * 10


def test_in_a_thread(engine: str, app: Any) -> None:
    texts: list[str] = []

    def work() -> None:
        with gearshift.Server(app, engine=engine, bind=ANYWHERE) as server:
            texts.append(get(server.url))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(10)
    assert texts == ["hello"]


def test_two_servers_at_once(app: Any) -> None:
    with (
        gearshift.Server(app, engine="epoll", bind=ANYWHERE) as first,
        gearshift.Server(app, engine="pool", bind=ANYWHERE) as second,
        gearshift.Server(app, engine="thread", bind=ANYWHERE) as third,
    ):
        assert [get(server.url) for server in (first, second, third)] == ["hello"] * 3


def test_interrupted_by_an_exception(engine: str, app: Any) -> None:
    """The with-statement ends the server however it is left, and the exception goes on."""
    server = gearshift.Server(app, engine=engine, bind=ANYWHERE)
    with pytest.raises(ZeroDivisionError), server:
        print(1 // len(get(server.url)[5:]))
    with pytest.raises(httpx.ConnectError):
        get(server.url)


def test_logs_in_files(engine: str, tmp_path: Path) -> None:
    logs = {"access_log": str(tmp_path / "access"), "error_log": str(tmp_path / "errors")}
    with gearshift.Server(wsgi, engine=engine, bind=ANYWHERE, **logs) as server:
        assert get(f"{server.url}/a?b") == "hello"
        assert httpx.get(f"{server.url}/broken", **PLAIN).status_code == 500
    first, second = (tmp_path / "access").read_text().splitlines()
    assert '"GET /a?b HTTP/1.1" 200 5 ' in first
    assert '"GET /broken HTTP/1.1" 500 ' in second
    assert "LookupError: the application broke" in (tmp_path / "errors").read_text()


SERVING = """
import signal, sys
sys.path.insert(0, {folder!r})
import gearshift
from hello import app

before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)]
gearshift.serve(app, bind="127.0.0.1:{port}", engine={engine!r})
after = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)]
print("served,", "handlers restored" if before == after else "handlers kept")
"""


def test_serve_returns_after_a_signal(engine: str, tmp_path: Path) -> None:
    """And gives the signals back to the program that called it."""
    (tmp_path / "hello.py").write_text(
        "def app(environ, start_response):\n    start_response('200 OK', [])\n    return [b'hello']\n"
    )
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    program = SERVING.format(folder=str(tmp_path), port=port, engine=engine)
    with subprocess.Popen(
        [sys.executable, "-c", program], env=environment({}), stdout=subprocess.PIPE, text=True
    ) as popen:
        eventually(lambda: curl_or_nothing(port) == b"hello", "it serves")
        popen.send_signal(signal.SIGINT)
        said, _ = popen.communicate(timeout=10)
    assert popen.returncode == 0
    assert said == "served, handlers restored\n"


def curl_or_nothing(port: int) -> bytes:
    """What is answered on a port; nothing where nobody listens yet."""
    try:
        return httpx.get(f"http://127.0.0.1:{port}/", **PLAIN).content
    except httpx.ConnectError:
        return b""
