"""What an Observer sees, with what a page needs beside it: advice in words, and what else can be asked for."""

from __future__ import annotations

from gearshift.observe import queue_words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Protocol

    class Seen(Protocol):
        """An Observer. What else it can do is asked of it each time."""

        def status(self) -> dict[str, Any]: ...


FURTHER = ("history", "stacks", "close_connection")


def seen_for_page(observer: Seen) -> dict[str, Any]:
    """Its status, with `advice` (sentences) and `can` (verbs of the Observer)."""
    status = observer.status()
    return status | {"advice": advice(status), "can": {verb: hasattr(observer, verb) for verb in FURTHER}}


def advice(status: Mapping[str, Any]) -> list[str]:
    """Of each listener that has dropped: why, and what to do."""
    found = []
    for listener in status["listeners"]:
        sentences = queue_words.drop_advice(listener, status["host"], status["engine"])
        found += [f"{listener['address']}: {sentence}" for sentence in sentences]
    return found
