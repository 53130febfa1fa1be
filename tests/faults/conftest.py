"""Faults are looked at from outside: each server is a process of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.servers import ENGINES
from tests.support.wire import close_all


@pytest.fixture(autouse=True)
def no_connection_left() -> Iterator[None]:
    """A failed test must not make the next ones fail with its open sockets."""
    yield
    close_all()


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    """The name of an engine."""
    return str(request.param)


@pytest.fixture(params=("wsgi", "asgi"))
def interface(request: pytest.FixtureRequest) -> str:
    """The name of an application interface."""
    return str(request.param)
