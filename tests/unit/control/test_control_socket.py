"""The control socket by itself: who may ask, what is answered, and that nobody keeps others waiting."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import stat
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gearshift.control.client import ask
from gearshift.control.paths import ControlError
from gearshift.control.server import LONGEST_REQUEST, MOST_CLIENTS, ControlSocket
from gearshift.errors import SettingError
from tests.support.waiting import eventually

PATIENCE = 5.0


def echo(request: dict[str, Any]) -> dict[str, Any]:
    return {"echo": request.get("value")}


def refuse(request: dict[str, Any]) -> dict[str, Any]:
    raise SettingError("threads=: found nothing, expected something")


def break_down(request: dict[str, Any]) -> dict[str, Any]:
    raise RuntimeError("broken\nin two lines")


class Control:
    """A control socket, and what it has reported of errors in its commands."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)
        self.errors: list[str] = []
        commands = {"echo": echo, "refuse": refuse, "break": break_down}
        self.socket = ControlSocket(self.path, commands, lambda text, error: self.errors.append(text))

    def connect(self) -> socket.socket:
        client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        client.settimeout(PATIENCE)
        client.connect(self.path)
        return client

    def say(self, data: bytes) -> list[dict[str, Any]]:
        """The replies to these bytes, until the server has nothing more to say."""
        with self.connect() as client:
            client.sendall(data)
            client.shutdown(socket.SHUT_WR)
            with client.makefile("rb") as stream:
                lines = stream.read().splitlines()
        return [json.loads(line) for line in lines]


@pytest.fixture
def control(tmp_path: Path) -> Iterator[Control]:
    made = Control(tmp_path / "control")
    yield made
    made.socket.close()


def test_only_its_owner_may_ask(control: Control) -> None:
    mode = Path(control.path).stat().st_mode
    assert stat.S_ISSOCK(mode)
    assert stat.S_IMODE(mode) == 0o600


def test_mask_of_the_process_is_as_before(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        Control(tmp_path / "control").socket.close()
        assert os.umask(0o027) == 0o027
    finally:
        os.umask(before)


def test_it_is_removed_at_the_end_and_may_be_closed_again(control: Control) -> None:
    control.socket.close()
    assert not Path(control.path).exists()
    control.socket.close()
    with pytest.raises(ControlError, match="no server can be reached there: No such file"):
        ask(control.path, "echo")


def test_several_requests_on_one_connection(control: Control) -> None:
    with control.connect() as client, client.makefile("rwb") as stream:
        for value in range(20):
            stream.write(json.dumps({"command": "echo", "value": value}).encode() + b"\n")
            stream.flush()
            assert json.loads(stream.readline()) == {"ok": True, "echo": value}
    assert [reply["echo"] for reply in control.say(b'{"command":"echo","value":7}\n' * 3)] == [7, 7, 7]


EXPECTED = 'expected one line of JSON: {"command": NAME, ...}'


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"", EXPECTED),
        (b"status", EXPECTED),
        (b"GET / HTTP/1.1\r", EXPECTED),
        (b"\xff\xfe", EXPECTED),
        (b"\0", EXPECTED),
        (b"[1]", EXPECTED),
        (b'"echo"', EXPECTED),
        (b"null", EXPECTED),
        (b"{}", EXPECTED),
        (b'{"command": ["echo"]}', EXPECTED),
        (b'{"command": {}}', EXPECTED),
        (b"[" * 60_000, EXPECTED),
        (b'{"command": %s}' % (b"9" * 5000), EXPECTED),
        (b'{"command": "ech"}', "found no command 'ech', expected one of break, echo, refuse"),
        (b'{"command": "\\ud800\\n"}', "found no command '\\ud800\\n', expected one of break, echo, refuse"),
        (b'{"command": null}', "found no command None, expected one of break, echo, refuse"),
        (b'{"command": "refuse"}', "threads=: found nothing, expected something"),
        (b'{"command": "break"}', "internal error: broken\nin two lines"),
    ],
)
def test_what_is_wrong_is_answered_in_words(line: bytes, words: str, control: Control) -> None:
    """One line each, and the connection goes on."""
    replies = control.say(line + b'\n{"command": "echo", "value": 1}\n')
    assert replies == [{"ok": False, "error": words}, {"ok": True, "echo": 1}]
    assert control.errors == (["error in the control command 'break'"] if b"break" in line else [])


@pytest.mark.parametrize("size", [LONGEST_REQUEST, 3 * LONGEST_REQUEST])
def test_a_line_that_is_too_long_is_answered_once(size: int, control: Control) -> None:
    line = b'{"command": "echo", "value": "%s"}\n'
    fits = line % (b"x" * (LONGEST_REQUEST - len(line) + 2))
    assert len(fits) == LONGEST_REQUEST
    assert control.say(fits)[0]["ok"]
    with control.connect() as client:
        with contextlib.suppress(BrokenPipeError):  # it has not read to the end
            client.sendall(line % (b"x" * size))
        with client.makefile("rb") as stream:
            reply = json.loads(stream.readline())
            assert reply == {"ok": False, "error": f"expected a line of at most {LONGEST_REQUEST} bytes"}
            with contextlib.suppress(ConnectionResetError):  # what it has not read it has thrown away
                assert stream.read() == b""


def test_the_last_line_may_lack_its_end(control: Control) -> None:
    assert control.say(b'{"command": "echo", "value": 1}') == [{"ok": True, "echo": 1}]


def test_the_silent_keep_nobody_waiting(control: Control) -> None:
    silent = [control.connect() for _ in range(MOST_CLIENTS - 1)]
    silent[0].sendall(b'{"command": ')
    began = time.monotonic()
    for _ in range(3):
        assert ask(control.path, "echo", value=1) == {"echo": 1}
    assert time.monotonic() - began < 1
    for client in silent:
        client.close()


def test_the_silent_are_ended_with_the_server(control: Control) -> None:
    clients = [control.connect() for _ in range(MOST_CLIENTS + 2)]
    began = time.monotonic()
    control.socket.close()
    assert time.monotonic() - began < 1
    for client in clients[:MOST_CLIENTS]:
        assert client.recv(100) == b""
    for client in clients:
        client.close()
    eventually(lambda: not [t for t in threading.enumerate() if t.name.startswith("control")], "threads end")


def test_one_who_leaves_without_listening_is_forgotten(control: Control) -> None:
    for _ in range(3 * MOST_CLIENTS):
        with control.connect() as client:
            client.sendall(b'{"command": "echo", "value": 1}\n')
    assert ask(control.path, "echo", value=2) == {"echo": 2}
    assert control.errors == []


def test_a_socket_left_behind_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "control"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as left:
        left.bind(str(path))
    control = Control(path)
    assert ask(control.path, "echo", value=1) == {"echo": 1}
    control.socket.close()


def test_a_live_one_is_not(control: Control) -> None:
    with pytest.raises(ControlError, match=f"--control: {control.path}: another server listens there"):
        Control(Path(control.path))
    assert ask(control.path, "echo", value=1) == {"echo": 1}


@pytest.mark.parametrize("make", [lambda path: path.write_text("mine"), lambda path: path.mkdir()])
def test_what_is_no_socket_is_not_removed(make: Callable[[Path], object], tmp_path: Path) -> None:
    path = tmp_path / "control"
    make(path)
    with pytest.raises(ControlError, match="found something that is no socket"):
        Control(path)
    assert path.exists()


def test_where_no_socket_can_be(tmp_path: Path) -> None:
    with pytest.raises(ControlError, match="No such file or directory"):
        Control(tmp_path / "nowhere" / "control")
    with pytest.raises(ControlError, match="AF_UNIX path too long"):
        Control(tmp_path / ("long" * 40))
    with pytest.raises(ControlError, match="AF_UNIX path too long"):
        ask("long" * 40, "status")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"", "the server ended without an answer"),
        (b'{"ok": tr', "the server ended without an answer"),
        (b"HTTP/1.1 400 Bad Request\r\n", "what answers there is no server of Gearshift"),
        (b"[]\n", "what answers there is no server of Gearshift"),
        (b"{}\n", "what answers there is no server of Gearshift"),
        (b'{"ok": false}\n', "what answers there is no server of Gearshift"),
        (b'{"ok": false, "error": "no"}\n', "^no$"),
    ],
)
def test_what_another_program_answers_is_told_in_words(answer: bytes, words: str, tmp_path: Path) -> None:
    path = str(tmp_path / "other")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as other:
        other.bind(path)
        other.listen()

        def serve() -> None:
            client, _ = other.accept()
            with client:
                client.recv(1000)
                client.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        with pytest.raises(ControlError, match=words):
            ask(path, "status")
        thread.join()


def test_a_server_that_does_not_answer_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gearshift.control.client.PATIENCE", 0.05)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as other:
        other.bind(str(tmp_path / "silent"))
        other.listen()
        with pytest.raises(ControlError, match=r"the server has not answered for 0\.05 s"):
            ask(str(tmp_path / "silent"), "status")
