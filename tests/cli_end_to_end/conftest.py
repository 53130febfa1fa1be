"""The command line as a user types it; every test that asks for `engine` runs on all of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.servers import ENGINES

HELLO = """
import threading
import time


def app(environ, start_response):
    path = environ["PATH_INFO"]
    if path.startswith("/sleep/"):
        time.sleep(float(path.removeprefix("/sleep/")))
    if path == "/broken":
        raise LookupError("the application broke")
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [threading.current_thread().name.encode() if path == "/thread" else b"hello"]


async def asgi(scope, receive, send):
    if scope["type"] == "lifespan":
        raise NotImplementedError
    if scope["path"] == "/broken":
        raise LookupError("the application broke")
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": b"hello"})


def factory():
    return app


def needy(environment):
    return app


def failing():
    raise LookupError("no configuration")


number = 7
"""


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    """The name of an engine."""
    return str(request.param)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a module `hello` in it, as a user would have."""
    (tmp_path / "hello.py").write_text(HELLO)
    return tmp_path
