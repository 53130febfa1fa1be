"""At three times what a server can do, nearly all that it does is of use to somebody."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.process import serving

LOAD = Path(__file__).parents[1] / "support" / "open_load.py"
TAKES = 0.05  # seconds that a request waits in the application
SECONDS = 3.0
LEAST = 0.8  # of the capacity, on a machine that has other things to do

SITE = """
import time

def app(environ, start_response):
    time.sleep(0.05)
    start_response("200 OK", [("Content-Length", "5")])
    return [b"hello"]

async def asgi(scope, receive, send):
    if scope["type"] == "lifespan":
        raise RuntimeError("none here")
    time.sleep(0.05)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
    await send({"type": "http.response.body", "body": b"hello"})
"""


@pytest.mark.parametrize(
    ("options", "interface", "at_once"),
    [
        ("pool --threads 8", "app", 8),
        ("auto --threads 8", "app", 8),
        ("thread --max-requests 8", "app", 8),
        ("epoll", "app", 1),
        ("uring", "app", 1),
        ("pool", "asgi", 1),
        ("epoll", "asgi", 1),
        ("uring", "asgi", 1),
    ],
)
def test_at_three_times_the_capacity(options: str, interface: str, at_once: int, tmp_path: Path) -> None:
    (tmp_path / "site_of_test.py").write_text(SITE)
    capacity = at_once / TAKES
    with serving("--engine", *options.split(), f"site_of_test:{interface}", folder=tmp_path) as server:
        host, port = server.address
        done = subprocess.run(
            [sys.executable, str(LOAD), str(host), str(port), str(3 * capacity), str(SECONDS)],
            capture_output=True,
            check=True,
            timeout=30,
        )
    result = json.loads(done.stdout)
    goodput = result["good"] / (capacity * SECONDS)
    print(f"\n{options}: {goodput:.2f} of {capacity:g}/s, {result}")
    assert goodput >= LEAST
    assert result["shed"] > 0
