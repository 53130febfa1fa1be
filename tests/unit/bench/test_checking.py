"""Requests are asked once before they are measured, of a real server."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest

import gearshift
from gearshift.bench import checking
from gearshift.bench.checking import NothingAnsweredError, checked
from gearshift.bench.requests import Request, Requests


def site(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
    """Answers with the status that the path names."""
    start_response(f"{environ['PATH_INFO'][1:]} Words", [("Content-Length", "0")])
    return [b""]


def requests(*targets: str) -> Requests:
    return Requests([Request("GET", target) for target in targets], ["as before"])


def test_what_is_answered_5xx_is_left_out_and_4xx_is_told() -> None:
    with gearshift.Server(site, bind="127.0.0.1:0") as server:
        found = checked(server.url, requests("/200", "/500", "/404", "/500", "/304"))
    assert [request.target for request in found.sent] == ["/200", "/404", "/304"]
    assert found.notes == [
        "as before",
        "left out, as they can't be measured: GET /500 (answered 500)",
        "measured, though perhaps not meant: GET /404 (answered 404)",
    ]


def test_where_nothing_is_left() -> None:
    with (
        gearshift.Server(site, bind="127.0.0.1:0") as server,
        pytest.raises(
            NothingAnsweredError, match="GET /503: answered 503, expected an answer that is no 5xx"
        ),
    ):
        checked(server.url, requests("/503", "/500"))


def test_the_commonest_are_checked_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "MOST_CHECKED", 1)
    with gearshift.Server(site, bind="127.0.0.1:0") as server:
        found = checked(server.url, requests("/500", "/200", "/200"))
    assert [request.target for request in found.sent] == ["/500", "/200", "/200"]
