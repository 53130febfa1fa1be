"""WebSockets of FastAPI and Starlette, to the client that most programs in Python use."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.applications.served import Served, Sites
from tests.support.waiting import eventually


@pytest.fixture
def site(engine: str, sites: Sites) -> Served:
    return sites.get("websocket_site:app", engine)


def to(site: Served, path: str, **options: Any) -> ClientConnection:
    return connect(site.url.replace("http", "ws").rstrip("/") + path, proxy=None, max_size=None, **options)


def test_echo(site: Served) -> None:
    with to(site, "/echo") as client:
        for message in ("hello", "grüße " * 10_000, b"", bytes(range(256)) * 8192):
            client.send(message)
            assert client.recv(timeout=10) == message
        client.send(iter(["in ", "three ", "pieces"]))
        assert client.recv(timeout=10) == "in three pieces"
        assert client.ping().wait(10)
    assert (client.close_code, client.close_reason) == (1000, "")


def test_a_room(site: Served) -> None:
    with to(site, "/room/ada") as ada, to(site, "/room/bob") as bob:
        for speaker, said in ((ada, "ada: hello"), (bob, "bob: hi")):
            speaker.send(said.partition(" ")[2])
            assert [one.recv(timeout=10) for one in (ada, bob)] == [said, said]


def test_a_task_beside_the_handler(site: Served) -> None:
    with to(site, "/ticks") as client:
        assert [client.recv(timeout=10) for _ in range(5)] == list("01234")
        client.send("enough")
        with pytest.raises(ConnectionClosed) as closed:
            list(client)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4000


def test_subprotocol_and_json(site: Served) -> None:
    with to(site, "/shout", subprotocols=[Subprotocol("whisper"), Subprotocol("shout")]) as client:
        assert client.subprotocol == "shout"
        assert client.response is not None
        assert client.response.headers["x-kind"] == "endpoint"
        client.send(json.dumps({"say": "hi"}))
        assert json.loads(client.recv(timeout=10)) == {"say": "HI"}
        client.close(1001)
    eventually(lambda: "shouting ended with 1001" in site.out(), "it is told")


def test_denied(site: Served) -> None:
    for path, status in (("/guarded", 403), ("/denied", 451), ("/nowhere", 403)):
        with pytest.raises(InvalidStatus) as refused:
            to(site, path)
        assert refused.value.response.status_code == status
    with to(site, "/guarded?token=ada") as client:
        assert client.recv(timeout=10) == "welcome ada"


def test_many_clients(site: Served) -> None:
    def chat(number: int) -> None:
        with to(site, "/echo") as client:
            for turn in range(20):
                client.send(f"{number} {turn}")
                assert client.recv(timeout=10) == f"{number} {turn}"
        done.append(number)

    done: list[int] = []
    threads = [threading.Thread(target=chat, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == list(range(12))
    assert "Traceback" not in site.err()
