"""What a request costs the client, beside wrk where that is installed: a client that is dear measures itself."""

from __future__ import annotations

import json
import re
import resource
import shutil
import subprocess
import sys

import pytest

from tests.support.process import environment, serving

SECONDS = 1
APPLICATION = """
def app(environ, start_response):
    start_response("200 OK", [("Content-Length", "5")])
    return [b"hello"]
"""


def cpu_of(command: list[str]) -> tuple[float, str]:
    """Seconds of processor time that it has used, and what it said."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, env=environment(), check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.stdout


@pytest.mark.skipif(shutil.which("wrk") is None, reason="wrk is not installed")
def test_a_request_costs_about_as_little_as_with_wrk(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Processor time, not throughput: who else is busy on this machine matters little to it."""
    folder = tmp_path_factory.mktemp("speed")
    (folder / "hello.py").write_text(APPLICATION)
    with serving("hello:app", "--engine", "epoll", folder=folder) as server:
        host, port = server.address[:2]
        url = f"http://{host}:{port}/"
        load = [sys.executable, "-m", "gearshift", "load", url, "--json"]
        start, _ = cpu_of([*load, "--seconds", "0.1", "--rate", "10", "--connections", "1"])
        ours, told = cpu_of([*load, "--seconds", str(SECONDS)])
        theirs, said = cpu_of(["wrk", "-t1", "-c64", f"-d{SECONDS}s", url])
    found = re.search(r"(\d+) requests in", said)
    assert found is not None
    assert (ours - start) / json.loads(told)["requests"] < 1.5 * theirs / int(found[1])
