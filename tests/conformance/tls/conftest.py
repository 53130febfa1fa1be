"""A server with a certificate, on every engine."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.sealed import certificates
from tests.support.servers import Running


@pytest.fixture
def pair() -> dict[str, Any]:
    """The settings of a server with a certificate."""
    return {"certfile": certificates().chain, "keyfile": certificates().key}


@pytest.fixture
def site(serve_probe: Any, pair: dict[str, Any]) -> Running:
    running: Running = serve_probe(**pair)
    return running
