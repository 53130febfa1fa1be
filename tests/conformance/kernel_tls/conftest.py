"""A folder of files, and servers of it that leave sealing to the kernel where it can."""

from __future__ import annotations

import shutil
from typing import Any

import pytest

from tests.conformance.kernel_tls.sites import (
    CONTENT,
    MEDIUM,
    SMALL,
)
from tests.support.sealed import certificates
from tests.support.servers import Running, Servers


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    place = tmp_path_factory.mktemp("files")
    (place / "large.bin").write_bytes(CONTENT)
    (place / "medium.bin").write_bytes(MEDIUM)
    (place / "small.txt").write_bytes(SMALL)
    return str(place)


@pytest.fixture
def settings() -> dict[str, Any]:
    """A request may wait long: where there is a kernel with TLS may be a slow machine."""
    return {
        "certfile": certificates().chain,
        "keyfile": certificates().key,
        "kernel_tls": True,
        "queue_delay": 60.0,
    }


@pytest.fixture
def site(servers: Servers, engine: str, folder: str, settings: dict[str, Any]) -> Running:
    return servers.get(folder, engine, **settings)


@pytest.fixture
def one_site(servers: Servers, folder: str, settings: dict[str, Any]) -> Running:
    """For what no engine sees."""
    return servers.get(folder, "epoll", **settings)


@pytest.fixture
def openssl() -> str:
    found = shutil.which("openssl")
    if found is None:
        pytest.skip("no openssl here")
    return found
