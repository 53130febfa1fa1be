"""The stacks of a server's threads, as text and in a file."""

from __future__ import annotations

import os
import tempfile
from time import strftime

from gearshift.observe.escaping import escape_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any


def in_words(threads: Sequence[Mapping[str, Any]]) -> str:
    """A paragraph for each thread, its stack outermost first."""
    paragraphs = []
    for thread in threads:
        lines = [f"thread {escape_text(thread['name'])} ({thread['native_id']})"]
        lines += [f"  {escape_text(line)}" for line in thread["stack"]]
        paragraphs.append("\n".join(lines))
    return "\n\n".join(paragraphs) + "\n"


def write(text: str, pid: int) -> str:
    """Writes it to a new file of the folder for temporary files, for this user alone; its path. Raises OSError."""
    number, path = tempfile.mkstemp(".txt", f"gearshift-stacks-{pid}-{strftime('%H%M%S')}-")
    with os.fdopen(number, "w", encoding="utf-8") as file:
        file.write(text)
    return path
