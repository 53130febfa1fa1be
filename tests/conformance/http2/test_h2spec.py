"""Every case of h2spec: all of them on epoll, and each on one of the other engines."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.conftest import Serve
from tests.conformance.http2.cases import CASES, Case
from tests.support.http2 import Http2Client

OF_H2SPEC = {"generic": 44, "http2": 95, "hpack": 8}


def hello(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Reads what comes, and answers a few bytes."""
    environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"hello"]


# Between two engines a case differs in who brings its bytes, which test_streams.py tries on all of them.
OTHERS = ("thread", "pool", "uring", "auto")
PLACES = [
    pytest.param(case, engine, id=f"{engine}-{case.name}")
    for number, case in enumerate(CASES)
    for engine in ("epoll", OTHERS[number % 4])
]


@pytest.mark.parametrize(("case", "engine"), PLACES, indirect=["engine"])
def test_h2spec(case: Case, engine: str, serve: Serve) -> None:
    site = serve(hello)
    with Http2Client(site.address, greets=case.greets) as client:
        case.run(client)
    assert "error" not in site.log()


def test_all_of_them_are_here() -> None:
    parts = [case.name.partition("/")[0] for case in CASES]
    assert {part: parts.count(part) for part in OF_H2SPEC} == OF_H2SPEC
    assert len({case.name for case in CASES}) == len(CASES)
