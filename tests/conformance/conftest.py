"""Every test that asks for `engine` runs on all of them; one that asks for `interface` on WSGI and ASGI."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support.probe import AsgiProbe, Probe, WsgiProbe
from tests.support.servers import ENGINES, Running, Servers
from tests.support.wire import close_all

Serve = Callable[..., Running]


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


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """The servers that keep running between the tests of a file; each has threads that look about all the time."""
    kept = Servers(tmp_path_factory.mktemp("servers"))
    yield kept
    kept.close()


@pytest.fixture(scope="session")
def probes() -> dict[tuple[str, str], Probe]:
    """A probe for each engine and interface, so that one engine's late calls don't count for another."""
    return {
        (engine, interface): WsgiProbe() if interface == "wsgi" else AsgiProbe()
        for engine in ENGINES
        for interface in ("wsgi", "asgi")
    }


@pytest.fixture
def serve_probe(
    servers: Servers, probes: dict[tuple[str, str], Probe], engine: str, interface: str
) -> Iterator[Serve]:
    """Ask for the probe under settings of one's own."""
    probe = probes[engine, interface]

    def serve(**settings: Any) -> Running:
        return servers.get(probe, engine, **settings)

    yield serve
    probe.gate.set()


@pytest.fixture
def site(serve_probe: Serve) -> Running:
    """The probe under default settings."""
    return serve_probe()


@pytest.fixture
def early_site(site: Running) -> Running:
    """The probe where it is called before its request's body has come."""
    if site.gathers_bodies:
        pytest.skip("this engine gathers the body first")
    return site


@pytest.fixture
def serve(servers: Servers, engine: str) -> Serve:
    """Ask for any application on the engine."""

    def serve(app: Any, **settings: Any) -> Running:
        return servers.get(app, engine, **settings)

    return serve
