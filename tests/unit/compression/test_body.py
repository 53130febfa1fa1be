"""A body on its way through a coder: in bounded steps, each of which can be read at once."""

from __future__ import annotations

import os
import random
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import brotli
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from gearshift.compression.body import STEP, CodedBody
from gearshift.compression.coders import coder_of
from gearshift.http.response import ResponseError

CODINGS = ("gzip", "br", "zstd")
DECODERS: dict[str, Callable[[], Callable[[bytes], bytes]]] = {
    "gzip": lambda: zlib.decompressobj(31).decompress,
    "br": lambda: partial(_read_brotli, brotli.Decompressor()),
    "zstd": lambda: zstandard.ZstdDecompressor().decompressobj().decompress,
}


def _read_brotli(stream: Any, data: bytes) -> bytes:
    """It gives 32 KiB a call."""
    read: bytes = stream.process(data)
    while more := stream.process(b""):
        read += more
    return read


def body_in(coding: str, promised: int = -1, withheld: bool = False) -> CodedBody:
    return CodedBody(coder_of(coding)(), promised, withheld)


def noise(size: int) -> bytes:
    return random.Random(size).randbytes(size)


@pytest.mark.parametrize("coding", CODINGS)
@given(st.lists(st.binary(max_size=300), max_size=8))
@settings(max_examples=30, deadline=None)
def test_what_goes_in_comes_out_at_once(coding: str, pieces: list[bytes]) -> None:
    body, decode = body_in(coding), DECODERS[coding]()
    for piece in pieces:
        body.take(piece)
        assert body.waits
        assert decode(body.press()) == piece
        assert not body.waits
    body.end(None)
    assert body.waits
    assert decode(body.press()) == b""
    assert (body.over, body.waits) == (True, False)


@pytest.mark.parametrize("coding", CODINGS)
def test_a_large_piece_takes_several_steps(coding: str) -> None:
    data = noise(3 * STEP + 5)
    body, decode = body_in(coding, len(data)), DECODERS[coding]()
    body.take(data)
    body.end(None)
    steps = []
    while body.waits:
        pressed = body.press()
        assert pressed
        steps.append(decode(pressed))
    assert [len(step) for step in steps] == [STEP, STEP, STEP, 5]
    assert b"".join(steps) == data


def test_small_pieces_share_a_step() -> None:
    body, decode = body_in("gzip"), DECODERS["gzip"]()
    for _ in range(100):
        body.take(b"x" * 100)
    assert decode(body.press()) == b"x" * 10_000


def test_a_file_is_read_step_by_step(tmp_path: Path) -> None:
    data = noise(STEP + 1000)
    path = tmp_path / "file"
    path.write_bytes(data)
    with path.open("rb") as file:
        body, decode = body_in("gzip"), DECODERS["gzip"]()
        body.take(b"before ")
        body.take_file(file, file.fileno(), 10, len(data) - 10)
        body.take(b" behind")
        body.end(None)
        read = b""
        while body.waits:
            read += decode(body.press())
    assert read == b"before " + data[10:] + b" behind"


def test_a_file_that_became_shorter(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"abc")
    with path.open("rb") as file:
        body = body_in("gzip")
        body.take_file(file, file.fileno(), 0, 10)
        body.end(None)
        os.truncate(path, 0)
        with pytest.raises(ResponseError, match="became shorter"):
            body.press()
    assert not body.waits  # nothing will make it look whole


def test_the_application_keeps_its_promise() -> None:
    body = body_in("gzip", 5)
    body.take(b"abc")
    with pytest.raises(ResponseError, match="ended after 3 of 5 bytes"):
        body.end(None)
    with pytest.raises(ResponseError, match="longer than its Content-Length of 5"):
        body.take(b"def")
