"""A reply as one line of JSON, in pieces: the encoder holds the interpreter for all that it is given at once.

A table of ten thousand connections given whole would hold up every handler for a tenth of a second.
"""

from __future__ import annotations

import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

PIECE = 32  # entries of a list that are encoded at once


def pieces(reply: Mapping[str, Any]) -> Iterator[bytes]:
    """Joined they are `json.dumps(reply)`, as bytes. Long lists are cut where they are values of the reply itself."""
    opening = "{"
    for name, value in reply.items():
        yield f"{opening}{json.dumps(name)}: ".encode()
        if isinstance(value, list) and len(value) > PIECE:
            yield from _list(value)
        else:
            yield json.dumps(value).encode()
        opening = ", "
    yield b"}" if reply else b"{}"


def _list(entries: Sequence[Any]) -> Iterator[bytes]:
    opening = "["
    for start in range(0, len(entries), PIECE):
        yield f"{opening}{json.dumps(entries[start : start + PIECE])[1:-1]}".encode()
        opening = ", "
    yield b"]"
