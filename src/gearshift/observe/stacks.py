"""Where the threads, and the tasks of an event loop, stand in their code. No tracer: the interpreter knows."""

from __future__ import annotations

import sys
import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import Task
    from types import FrameType
    from typing import Any

MOST_FRAMES = 64


def stacks() -> list[dict[str, Any]]:
    """Of every thread that Python knows: name, native_id, and its stack as lines, outermost first."""
    frames = sys._current_frames()
    return [
        {
            "name": thread.name,
            "native_id": thread.native_id,
            "stack": stack_lines(frames.get(thread.ident or 0)),
        }
        for thread in threading.enumerate()
    ]


def stack_of_thread(ident: int) -> list[str]:
    """Empty where the thread has ended."""
    return stack_lines(sys._current_frames().get(ident))


def stack_of_task(task: Task[Any]) -> list[str]:
    """Where a task waits, down to the innermost await; where it runs just now its thread's stack says more."""
    lines: list[str] = []
    awaited: Any = task.get_coro()
    while awaited is not None and len(lines) < 2 * MOST_FRAMES:
        frame = getattr(awaited, "cr_frame", None) or getattr(awaited, "gi_frame", None)
        if frame is not None:
            lines += _line(frame, frame.f_lineno)
        awaited = getattr(awaited, "cr_await", None) or getattr(awaited, "gi_yieldfrom", None)
    return lines


def stack_lines(frame: FrameType | None) -> list[str]:
    """As a traceback shows them: a line that says where, a line of source."""
    frames: list[tuple[FrameType, int]] = []
    while frame is not None and len(frames) < MOST_FRAMES:
        frames.append((frame, frame.f_lineno))
        frame = frame.f_back
    frames.reverse()
    while len(frames) > 1 and frames[0][0].f_globals.get("__name__") == "threading":
        del frames[0]  # how threads begin
    return [line for found, number in frames for line in _line(found, number)]


def _line(frame: FrameType, number: int) -> list[str]:
    import linecache

    code = frame.f_code
    source = linecache.getline(code.co_filename, number, frame.f_globals).strip()
    place = f'File "{code.co_filename}", line {number}, in {code.co_qualname}'
    return [place, f"    {source}"] if source else [place]
