"""Exchanges without a server, and plain stand-ins for the compiled classes where they are not built."""

from __future__ import annotations

import importlib
import sys
import types
from collections.abc import Callable
from typing import Any

import pytest

FACTS = {
    "engine": "pool",
    "thread": "pool-3",
    "process": 4711,
    "protocol": "TCP",
    "local": "127.0.0.1:8088",
    "peer": "10.1.2.3:53122",
    "fd": 9,
    "inode": 884213,
    "listener_local": "0.0.0.0:8088",
    "listener_fd": 6,
    "requests": 12,
}


def plain_native() -> types.ModuleType:
    class Answer:
        def __init__(self, status: int, fields: bytes, body: Any = b"") -> None:
            self.status, self.fields, self.body = status, fields, body

    class OpenFile:
        def __init__(self, fd: int) -> None:
            self.fd = fd

        def __del__(self) -> None:
            os = importlib.import_module("os")
            os.close(self.fd)

    class FileSlice:
        def __init__(self, file: OpenFile, offset: int, length: int) -> None:
            self.file, self.offset, self.length = file, offset, length

    class Responder:
        def respond(self, exchange: Any) -> Answer:
            raise NotImplementedError

        def close(self) -> None:
            pass

    native = types.ModuleType("gearshift.apps.native")
    for kind in (Answer, OpenFile, FileSlice, Responder):
        setattr(native, kind.__name__, kind)
    return native


try:
    importlib.import_module("gearshift.apps.native")
except ImportError:
    sys.modules["gearshift.apps.native"] = plain_native()


@pytest.fixture
def facts() -> Callable[..., Any]:
    """Makes a connection's facts; keywords change single ones."""
    return lambda **changed: types.SimpleNamespace(**{**FACTS, **changed})


@pytest.fixture
def exchange(facts: Callable[..., Any]) -> Callable[..., Any]:
    """Makes an exchange that asks for a path; keywords other than method, turn and head change its facts."""

    def make(path: bytes, method: bytes = b"GET", turn: float = 1.0, **changed: Any) -> Any:
        told = facts(**changed)
        request = types.SimpleNamespace(
            method=method, target=path, path=path, query=b"", is_conditional=False, header=lambda name: None
        )
        return types.SimpleNamespace(origin=None, request=request, turn=turn, facts=lambda: told)

    return make
