"""Hosts, addresses and tokens, one by one; whole requests are in tests/status_page."""

from __future__ import annotations

import pytest

from gearshift.listeners import parse
from gearshift.observe.page.admission import Admission, host_of, is_loopback, without_token


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("127.0.0.1:8089", "127.0.0.1"),
        ("127.0.0.1", "127.0.0.1"),
        ("[::1]:8089", "::1"),
        ("[::1]", "::1"),
        ("Machine.Example.:80", "machine.example"),
        ("", ""),
    ],
)
def test_the_host_of_an_address(text: str, host: str) -> None:
    assert host_of(text) == host


@pytest.mark.parametrize("host", ["localhost", "x.localhost", "127.0.0.1", "127.255.0.9", "::1"])
def test_this_machine(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", ["", "0.0.0.0", "::", "10.0.0.1", "localhost.example", "127.0.0.1.example", "1"]
)
def test_not_this_machine_alone(host: str) -> None:
    assert not is_loopback(host)


def test_bound_to_an_address_of_the_machine_it_has_that_name_and_the_one_it_was_given() -> None:
    admission = Admission(parse("web1.example:8089"), "192.0.2.7:8089", "token")
    for host in ("web1.example", "WEB1.example:8089", "192.0.2.7:8089", "localhost:8089"):
        assert admission.host_is_ours({"HTTP_HOST": host}), host
    for host in ("web2.example", "192.0.2.8:8089", ""):
        assert not admission.host_is_ours({"HTTP_HOST": host}), host


def test_bound_to_all_addresses_it_has_every_name_but_needs_one() -> None:
    admission = Admission(parse(":8089"), "0.0.0.0:8089", "token")
    assert admission.host_is_ours({"HTTP_HOST": "web1.example:8089"})
    assert not admission.host_is_ours({})


def test_without_a_token_there_is_nothing_to_know() -> None:
    admission = Admission(parse("127.0.0.1:8089"), "127.0.0.1:8089", "")
    assert admission.knows({})
    assert not admission.says_token({"QUERY_STRING": "token="})


def test_the_token_leaves_the_query() -> None:
    assert without_token("a=1&token=secret&b=2%20") == "a=1&b=2+"
    assert without_token("token=secret") == ""
