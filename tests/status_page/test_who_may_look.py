"""Who may look: the address, the Host, the token, the other sites."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import gearshift
from gearshift.errors import SettingError
from tests.support.status_client import ask

TOKEN = "s3cret-token+/="


def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    start_response("200 OK", [])
    return [b""]


def server(**settings: Any) -> gearshift.Server:
    return gearshift.Server(app, bind="127.0.0.1:0", **settings)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with server(status="127.0.0.1:0") as running:
        yield running.status_url


@pytest.fixture(scope="module")
def guarded() -> Iterator[str]:
    with server(status="127.0.0.1:0", status_token=TOKEN) as running:
        yield running.status_url


@pytest.mark.parametrize("address", ["0.0.0.0:0", ":0", "[::]:0", "192.0.2.1:0", "example.test:0", "fd:0"])
def test_beyond_this_machine_only_with_a_token(address: str) -> None:
    with pytest.raises(SettingError) as raised:
        server(status=address).start()
    assert str(raised.value) == (
        f"status=: found {address} and no token, expected an address of this machine alone"
        " (127.0.0.1:PORT, [::1]:PORT, unix:PATH), or a --status-token too"
    )


def test_with_a_token_anywhere() -> None:
    with server(status="0.0.0.0:0", status_token=TOKEN) as running:
        url = running.status_url.replace("0.0.0.0", "127.0.0.1")
        assert ask(url).status == 401
        assert ask(url, Host="machine.example", Authorization=f"Bearer {TOKEN}").status == 200


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost:9", "LOCALHOST.", "[::1]:8089", "me.localhost", "127.8.8.8"]
)
def test_hosts_of_this_machine(url: str, host: str) -> None:
    assert ask(url, "/status.json", Host=host).status == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8089", "127.0.0.1.evil.example", "10.0.0.1", "localhost.evil"]
)
def test_other_hosts_are_refused(url: str, host: str) -> None:
    """DNS rebinding: the name of a page of somebody else's leads here."""
    for path in ("/", "/status.json", "/events", "/main.js"):
        got = ask(url, path, Host=host)
        assert got.status == 403
        assert got.text.startswith("403: this status page has another name")


def test_the_name_that_it_was_bound_by_is_its_own() -> None:
    with server(status="localhost:0") as running:
        assert ask(running.status_url).status == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_pages_of_other_sites_begin_nothing(url: str, site: str) -> None:
    assert ask(url, "/events", Sec_Fetch_Site=site, Sec_Fetch_Mode="cors").status == 403
    assert ask(url, "/", Sec_Fetch_Site=site, Sec_Fetch_Mode="navigate").status == 200
    assert ask(url, "/status.json", Sec_Fetch_Site="same-origin", Sec_Fetch_Mode="cors").status == 200


def test_without_the_token_nothing_is_told(guarded: str) -> None:
    for path in ("/", "/status.json", "/events", "/history.json", "/main.js", "/nothing"):
        got = ask(guarded, path)
        assert got.status == 401
        assert got.fields["WWW-Authenticate"] == "Bearer"
        assert "shown" not in got.text
        assert TOKEN not in got.text


@pytest.mark.parametrize(
    "said", ["", "Bearer", "Bearer wrong", "Bearer s3cret", f"Basic {TOKEN}", "Bearer \xe4"]
)
def test_a_wrong_token_is_none(guarded: str, said: str) -> None:
    assert ask(guarded, "/status.json", Authorization=said).status == 401


def test_the_token_as_a_bearer(guarded: str) -> None:
    got = ask(guarded, "/status.json", Authorization=f"bearer {TOKEN}")
    assert got.status == 200
    assert got.fields["Set-Cookie"] is None


def test_the_token_once_and_then_a_cookie(guarded: str) -> None:
    got = ask(guarded, "/?token=s3cret-token%2B%2F%3D&x=1")
    assert (got.status, got.fields["Location"]) == (303, "/?x=1")
    cookie, _, how = got.fields["Set-Cookie"].partition(";")
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= {part.strip() for part in how.split(";")}
    assert TOKEN not in cookie
    assert ask(guarded, "/status.json", Cookie=f"other=1; {cookie}").status == 200
    assert ask(guarded, "/status.json", Cookie=cookie[:-1]).status == 401


def test_a_script_may_send_the_token_in_the_query(guarded: str) -> None:
    got = ask(guarded, "/status.json?token=s3cret-token%2B%2F%3D")
    assert got.status == 200
    assert "version" in got.json()


def test_the_cookie_of_one_page_is_not_that_of_another(guarded: str) -> None:
    cookie = ask(guarded, "/?token=s3cret-token%2B%2F%3D").fields["Set-Cookie"].partition(";")[0]
    with server(status="127.0.0.1:0", status_token="another") as running:
        assert ask(running.status_url, Cookie=cookie).status == 401


@pytest.mark.parametrize("token", ["with space", "tab\t", "gear\xe4"])
def test_a_token_that_cannot_be_sent(token: str) -> None:
    with pytest.raises(SettingError) as raised:
        server(status="127.0.0.1:0", status_token=token)
    assert str(raised.value) == "status_token=: found another, expected printable ASCII without spaces"
