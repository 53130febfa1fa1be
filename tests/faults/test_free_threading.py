"""On a free-threaded CPython (PEP 703): the server does not turn the interpreter lock on; handlers run side by side."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from gearshift.control.client import ask
from gearshift.observe.interpreter import has_lock, interpreter_in_words, is_free_threaded
from tests.support.process import ROOT, environment, serving
from tests.support.servers import ENGINES

UNLOCKED = "free-threaded, no interpreter lock"
needs_free_threading = pytest.mark.skipif(
    not is_free_threaded() or has_lock(),
    reason="this interpreter has its lock: it is an ordinary build, or the lock was turned on",
)
COMPILED = """
import importlib, pathlib, sys
root = pathlib.Path("src")
for declarations in sorted(root.rglob("*.pxd")):
    if declarations.with_suffix(".py").exists():
        importlib.import_module(".".join(declarations.relative_to(root).with_suffix("").parts))
print(len([module for module in sys.modules if module.startswith("gearshift")]), sys._is_gil_enabled())
"""


@needs_free_threading
def test_importing_everything_compiled_leaves_the_lock_off() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", COMPILED],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    modules, locked = done.stdout.split()
    assert int(modules) > 60
    assert locked == "False"


@needs_free_threading
@pytest.mark.parametrize("interface", ["wsgi", "asgi"])
@pytest.mark.parametrize("engine", ENGINES)
def test_a_server_that_has_answered_has_not_turned_the_lock_on(
    engine: str, interface: str, tmp_path: Path
) -> None:
    control = str(tmp_path / "control")
    with serving(
        "--engine", engine, "--control", control, f"tests.support.stress_site:{interface}"
    ) as server:
        with server.connect() as wire:
            wire.send(b"GET /quick/a/0/first HTTP/1.1\r\nHost: a\r\n\r\n")
            assert wire.answer().body == b"/quick/a/0/first"
            seen = ask(control, "status")
        assert seen["interpreter"] == interpreter_in_words()
        assert seen["interpreter"].endswith(UNLOCKED)
        server.signal(15)
        code, said = server.ended()
    assert code == 0
    assert f"  {interpreter_in_words()}\n" in said


@needs_free_threading
@pytest.mark.parametrize("engine", ["thread", "pool", "auto"])
def test_handlers_run_beside_each_other(engine: str, tmp_path: Path) -> None:
    """Each computes until all have begun: where one of them kept the floor, the others never would."""
    (tmp_path / "meeting.py").write_text(
        "import threading, time\n"
        "begun = []\n"
        "def app(environ, start_response):\n"
        "    begun.append(None)\n"
        "    ends = time.monotonic() + 20\n"
        "    while len(begun) < 4 and time.monotonic() < ends:\n"
        "        pass\n"
        "    start_response('200 OK', [])\n"
        "    return [b'%d' % len(begun)]\n"
    )
    options = ("--engine", engine, "--threads", "4", "meeting:app")
    with serving(*options, folder=tmp_path) as server:
        answers: list[bytes] = []

        def ask_once() -> None:
            with server.connect() as wire:
                wire.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                answers.append(wire.answer().body)

        began = time.monotonic()
        threads = [threading.Thread(target=ask_once) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
    assert answers == [b"4"] * 4
    assert time.monotonic() - began < 15
