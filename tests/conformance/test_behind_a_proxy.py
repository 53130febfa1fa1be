"""Forwarding fields and the root path, on every engine and over both interfaces."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gearshift.settings.in_front import X_FORWARDED
from tests.support.behind import TWINS
from tests.support.servers import Running, run
from tests.support.wire import Wire, request

Serve = Callable[..., Running]
Site = Callable[..., Running]


@pytest.fixture
def site(serve: Serve, interface: str) -> Site:
    """The twin, with settings of one's own."""

    def site(**settings: Any) -> Running:
        return serve(TWINS[interface], **settings)

    return site


def seen(wire: Wire, *fields: str, target: str = "/a") -> dict[str, Any]:
    answer = wire.ask(request(target, *fields))
    assert answer.status == 200, answer
    found: dict[str, Any] = json.loads(answer.body)
    return found


def test_a_trusted_peer_names_its_clients(site: Site) -> None:
    """Each request its own, over one connection."""
    wire = site(trusted_proxies="127.0.0.1").connect()
    for _ in range(2):
        one = seen(wire, "X-Forwarded-For: 6.6.6.6, 1.2.3.4", "X-Forwarded-Proto: https")
        assert (one["client"], one["scheme"], one["row"][2]) == (["1.2.3.4", ""], "https", "1.2.3.4")
        other = seen(wire, "X-Forwarded-For: [2001:db8::1]:5", "X-Forwarded-For: 127.0.0.1")
        assert (other["client"], other["scheme"]) == (["2001:db8::1", "5"], "http")
        nobody = seen(wire)
        host, port = wire.socket.getsockname()
        assert (nobody["client"], nobody["row"]) == (
            [host, str(port)],
            [f"{host}:{port}", None, f"{host}:{port}"],
        )


@pytest.mark.parametrize("trusted", [(), ("10.0.0.0/8", "unix")], ids=["nobody", "others"])
def test_nobody_else_is_believed(site: Site, trusted: tuple[str, ...]) -> None:
    """What a stranger writes is the application's to read, and changes nothing."""
    wire = site(trusted_proxies=trusted).connect()
    found = seen(wire, "X-Forwarded-For: 1.2.3.4", "X-Forwarded-Proto: https", "Forwarded: for=garbage=")
    assert (found["client"][0], found["scheme"]) == ("127.0.0.1", "http")
    assert sorted(found["fields"]) == ["1.2.3.4", "for=garbage=", "https"]


def test_the_fields_that_are_not_named_are_not_believed(site: Site) -> None:
    """A proxy that writes X-Forwarded-For passes on what else its clients have written."""
    wire = site(trusted_proxies="127.0.0.1").connect()
    found = seen(
        wire,
        "X-Forwarded-For: 1.2.3.4",
        "X-Forwarded-Host: evil.example",
        "X-Forwarded-Port: 1",
        "X-Forwarded-Prefix: /evil",
        "Forwarded: for=6.6.6.6;proto=https;host=evil.example",
        "X_Forwarded_For: 6.6.6.6",
    )
    assert (found["client"], found["scheme"], found["host"]) == (["1.2.3.4", ""], "http", "example.test")
    assert (found["root"], found["below"]) == ("", "/a")


def test_host_port_and_prefix(site: Site) -> None:
    wire = site(trusted_proxies="127.0.0.1", forwarded_fields=X_FORWARDED, root_path="/set").connect()
    found = seen(wire, "X-Forwarded-Host: shop.example", "X-Forwarded-Port: 8443", "X-Forwarded-Proto: https")
    assert (found["host"], found["server"]) == ("shop.example:8443", ["shop.example", "8443"])
    assert (found["root"], found["below"]) == ("/set", "/a")
    found = seen(wire, "X-Forwarded-Prefix: /told/", "X-Forwarded-Port: 80")
    assert (found["host"], found["root"], found["below"]) == ("example.test", "/told", "/a")


def test_forwarded(site: Site) -> None:
    wire = site(trusted_proxies="127.0.0.0/8", forwarded_fields="forwarded").connect()
    found = seen(
        wire,
        'Forwarded: for="6.6.6.6:1";proto=http;host=evil.example',
        'Forwarded: for="[2001:db8::1]:5";proto=https;host=shop.example, for=127.0.0.9;proto=http;host=inner',
        "X-Forwarded-For: 6.6.6.6",
    )
    assert (found["client"], found["scheme"], found["host"]) == (
        ["2001:db8::1", "5"],
        "https",
        "shop.example",
    )
    assert found["server"] == ["shop.example", "443"]


def test_a_client_that_is_hidden(site: Site) -> None:
    found = seen(site(trusted_proxies="127.0.0.1").connect(), "X-Forwarded-For: unknown")
    assert (found["client"], found["row"][2]) == (None, None)


@pytest.mark.parametrize(
    "field", ["X-Forwarded-For: 1.2.3.4, who?", "X-Forwarded-Proto: ftp", "X-Forwarded-For: 1.2.3.4:"]
)
def test_what_can_not_be_read_is_refused(serve: Serve, interface: str, field: str) -> None:
    """Once, without the application, and nothing behind it is answered."""
    called: list[object] = []
    twin = TWINS[interface]

    def counting(*arguments: Any) -> Any:
        called.append(arguments)
        return twin(*arguments)

    running = serve(counting, trusted_proxies="127.0.0.1", interface=interface)
    wire = running.connect()
    assert seen(wire)["scheme"] == "http"
    before = len(called)
    wire.send(request("/a", field) + request("/b"))
    answer = wire.answer()
    assert (answer.status, answer.body) == (400, b"what a proxy says of its client can't be read\n")
    assert wire.read_to_end().data == b""
    assert len(called) == before


def test_the_same_from_a_stranger_is_not_read(site: Site) -> None:
    assert seen(site().connect(), "X-Forwarded-For: who?")["client"][0] == "127.0.0.1"


def test_the_access_log_has_the_client(engine: str, interface: str, tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    settings: dict[str, Any] = {"trusted_proxies": "127.0.0.1", "access_log": str(log)}
    with run(TWINS[interface], engine, tmp_path, **settings) as running:
        wire = running.connect()
        seen(wire, "X-Forwarded-For: 1.2.3.4", target="/one")
        seen(wire, "X-Forwarded-For: [2001:db8::1]:5", target="/two")
        seen(wire, "X-Forwarded-For: 2001:db8::2", target="/three")
        seen(wire, "X-Forwarded-For: unknown", target="/four")
        seen(wire, target="/five")
        wire.socket.close()
    lines = log.read_text().splitlines()
    assert {line.split('"')[1].split()[1]: line.split()[0] for line in lines} == {
        "/one": "1.2.3.4",
        "/two": "2001:db8::1",
        "/three": "2001:db8::2",
        "/four": "-",
        "/five": "127.0.0.1",
    }


@pytest.mark.parametrize(
    ("kept", "target", "expected"),
    [
        (False, "/a", ("/shop", "/a")),
        (False, "/shop/a", ("/shop", "/shop/a")),
        (True, "/shop/a", ("/shop", "/a")),
        (True, "/shop", ("/shop", "")),
        (True, "/shopping", ("", "/shopping")),
    ],
)
def test_the_root_path_needs_no_trust(site: Site, kept: bool, target: str, expected: tuple[str, str]) -> None:
    found = seen(site(root_path="/shop/", root_path_kept=kept).connect(), target=target)
    assert (found["root"], found["below"]) == expected
    assert found["client"][0] == "127.0.0.1"


def test_a_folder_s_redirection_keeps_the_root_path(serve: Serve, tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    for settings, location in (({}, b"/sub/?q"), ({"root_path": "/files"}, b"/files/sub/?q")):
        answer = serve(str(tmp_path), **settings).connect().ask(request("/sub?q"))
        assert (answer.status, answer.all(b"location")) == (301, [location])
