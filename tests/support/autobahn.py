"""The client of the Autobahn cases (the kosoku package), mended in one place.

To the cases it gives a message of up to 125 bytes as a str of code points 0 to 255, as Python 2 did. Those of 12 and
13 hash what they are given, which Python 3 refuses for a str: they would end in an exception of their own.
"""

from __future__ import annotations

import asyncio
import functools
import importlib
from collections.abc import Callable, Sequence
from typing import Any

import kosoku
from kosoku import _caseindex
from kosoku._kosoku import CaseResult


def run_cases(url: str, cases: Sequence[str] | None = None) -> list[CaseResult]:
    """Runs them against the server at url; all 517 where `cases` is None.

    Raises kosoku.FailureError, which names those that fail.
    """
    _mend()
    return asyncio.run(kosoku.run_fuzzingclient(url, cases, None, 4))


@functools.cache
def _mend() -> None:
    _caseindex.initialize_shims()
    compressed = importlib.import_module("case12_x_x")
    for case in (*compressed.Case12_X_X, *compressed.Case13_X_X):
        case.onMessage = _with_bytes(case.onMessage)


def _with_bytes(hears: Callable[[Any, bytes, bool], None]) -> Callable[[Any, str | bytes, bool], None]:
    def on_message(case: Any, message: str | bytes, binary: bool) -> None:
        hears(case, message.encode("latin-1") if isinstance(message, str) else message, binary)

    return on_message
