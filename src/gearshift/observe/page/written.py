"""What is seen, as JSON on one line; while much is written, threads that serve have their turns."""

from __future__ import annotations

import json
from time import sleep

from gearshift.control.encoding import pieces
from gearshift.kernel.giving_way import PAUSE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

EVERY = 8  # pieces


def text_of(value: object) -> bytes:
    """What is short."""
    return json.dumps(value).encode()


def in_pieces(values: Mapping[str, Any]) -> list[bytes]:
    """What may have long lists among its values."""
    written = []
    for number, piece in enumerate(pieces(values), 1):
        written.append(piece)
        if not number % EVERY:
            sleep(PAUSE)
    return written
