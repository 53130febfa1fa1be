"""Real applications in real server processes; every test that asks for `engine` runs on all of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.applications.served import Sites
from tests.support.servers import ENGINES


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    """The name of an engine."""
    return str(request.param)


@pytest.fixture(scope="session")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sites]:
    """The servers that are shared between tests; all must end well, and none may have warned."""
    kept = Sites(tmp_path_factory.mktemp("files"))
    yield kept
    assert kept.close() == []
