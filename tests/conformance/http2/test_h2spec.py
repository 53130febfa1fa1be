"""Every case of h2spec, on every engine."""

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


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in CASES])
def test_h2spec(case: Case, serve: Serve) -> None:
    site = serve(hello)
    with Http2Client(site.address, greets=case.greets) as client:
        case.run(client)
    assert "error" not in site.log()


def test_all_of_them_are_here() -> None:
    parts = [case.name.partition("/")[0] for case in CASES]
    assert {part: parts.count(part) for part in OF_H2SPEC} == OF_H2SPEC
    assert len({case.name for case in CASES}) == len(CASES)
