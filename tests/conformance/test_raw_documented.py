"""The examples of docs/raw-handlers.md, run as they stand there."""

from __future__ import annotations

import asyncio
import re
import time
from pathlib import Path
from typing import Any

import gearshift
from tests.support.servers import run

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "raw-handlers.md").read_text()
EXAMPLES = re.findall(r"```python\n(.+?)```", PAGE, re.DOTALL)
PATIENCE = 10.0


def example(mark: str) -> str:
    [found] = [text for text in EXAMPLES if mark in text]
    return found


def made(mark: str, name: str) -> Any:
    names: dict[str, Any] = {"asyncio": asyncio, "time": time}
    exec(example(mark), names)
    return names[name]


def test_a_tcp_handler(tmp_path: Path, engine: str) -> None:
    with run(None, engine, tmp_path, tcp=made("class Upper", "Upper")) as running:
        place = "{}:{}".format(*running.address)
        with gearshift.connect(place, PATIENCE) as client:
            assert client.receive_until(b"\n") == b"welcome, " + client.local.encode() + b"\n"
            assert client.send(b"gear\nqu").receive_until(b"\n") == b"GEAR\n"
            assert client.send(b"it\n").receive_until(b"\n") == b"QUIT\n"
            assert client.receive() == b""
        with gearshift.connect(place, PATIENCE) as client:
            client.receive_until(b"\n")
            assert client.finish().receive_until(b"\n") == b"that was all\n"


def test_a_udp_handler(tmp_path: Path, engine: str) -> None:
    with (
        run(None, engine, tmp_path, udp=made("class Time", "Time")) as running,
        gearshift.connect("udp:{}:{}".format(*running.address), PATIENCE) as client,
    ):
        assert re.fullmatch(rb"\d\d:\d\d:\d\d\n", client.send(b"?").receive())


def test_an_asynchronous_handler(tmp_path: Path, engine: str) -> None:
    with (
        run(None, engine, tmp_path, tcp=made("class Slow", "Slow")) as running,
        gearshift.connect("{}:{}".format(*running.address), PATIENCE) as client,
    ):
        assert client.send(b"slow").receive_exactly(4) == b"slow"


def test_the_client(tmp_path: Path, capsys: Any) -> None:
    with run(None, "epoll", tmp_path, tcp="echo") as running:
        place = "{}:{}".format(*running.address)
        exec(example("with gearshift.connect").replace("127.0.0.1:7000", place), {})
        assert capsys.readouterr().out == "b'one line\\n'\n"
        steps = example("client.create()").replace("127.0.0.1:7000", place)
        # The echo's one answer is what the three kinds of receiving share.
        steps = steps.replace('b"12 bytes long"', 'b"first"').replace(
            "client.receive_exactly(4)", 'client.send(b"four a line\\n"); client.receive_exactly(4)'
        )
        exec(steps, {})
