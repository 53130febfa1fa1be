"""Which interpreter runs, and whether it lets threads run Python side by side (PEP 703)."""

from __future__ import annotations

import sys


def interpreter_in_words() -> str:
    """Name and version; of a free-threaded build also whether the interpreter lock is off, as it should be."""
    name = f"CPython {'.'.join(map(str, sys.version_info[:3]))}"
    if not is_free_threaded():
        return name
    if has_lock():
        return f"{name} free-threaded, with the interpreter lock on (an extension module or PYTHON_GIL turned it on)"
    return f"{name} free-threaded, no interpreter lock"


def is_free_threaded() -> bool:
    """Whether the interpreter was built so that it can do without its lock."""
    return "t" in sys.abiflags


def has_lock() -> bool:
    """Whether one thread at a time runs Python. Importing an extension module can turn the lock on at any time."""
    asked = getattr(sys, "_is_gil_enabled", None)  # CPython 3.13 and later
    return asked is None or bool(asked())
