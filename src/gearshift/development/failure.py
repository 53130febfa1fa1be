"""Why an application can't be served, as data: the errors that led to it, and the source around their frames."""

from __future__ import annotations

import linecache
import os
import sys
import traceback
from typing import NamedTuple

from gearshift.errors import ApplicationLoadError, GearshiftError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

AROUND = 5  # lines of source shown on either side
NOT_OWN = (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}")


class Line(NamedTuple):
    number: int
    text: str
    blamed: bool


class Frame(NamedTuple):
    """A place in the source. own: it is the user's code, not a library's. caret: column of a syntax error, from 0."""

    file: str
    function: str
    number: int
    lines: tuple[Line, ...]
    own: bool
    caret: int = -1


class Cause(NamedTuple):
    """An error. link: how it is related to the one before it ("" for the first). frames: the last call last."""

    kind: str
    message: str
    link: str
    frames: tuple[Frame, ...]


class Failure(NamedTuple):
    """app: what was to be served. what: in one line. causes: the first error first. trace: as Python prints it."""

    app: str
    what: str
    causes: tuple[Cause, ...]
    trace: str


def failure_of(app: str, error: GearshiftError) -> Failure:
    """What an error that kept the application from being served has to tell."""
    trace = error.traceback_text if isinstance(error, ApplicationLoadError) else ""
    raised = error.__cause__ if trace else None
    causes = () if raised is None else tuple(causes_of(raised))
    return Failure(app, str(error), causes, trace)


def failure_said(app: str, what: str) -> Failure:
    """One that is known by words alone: the process is gone."""
    return Failure(app, what, (), "")


def causes_of(error: BaseException) -> list[Cause]:
    """The errors that led to this one, in the order in which they happened."""
    chain: list[tuple[BaseException, str]] = []
    current: BaseException | None = error
    seen: set[int] = set()
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        if current.__cause__ is not None:
            chain.append((current, "which led to"))
            current = current.__cause__
        elif current.__context__ is not None and not current.__suppress_context__:
            chain.append((current, "and while that was being handled"))
            current = current.__context__
        else:
            chain.append((current, ""))
            current = None
    return [_cause(one, link) for one, link in reversed(chain)]


def _cause(error: BaseException, link: str) -> Cause:
    frames = [
        _frame(
            summary.filename,
            summary.name,
            summary.lineno or 0,
        )
        for summary in traceback.extract_tb(error.__traceback__)
        if not _is_machinery(summary.filename)
    ]
    message = str(error)
    if isinstance(error, SyntaxError) and error.filename:
        # It is in a file that never ran, so no frame is there.
        column = max(0, (error.offset or 1) - 1)
        frames.append(_frame(error.filename, "", error.lineno or 0, column))
        message = error.msg
    kind = type(error)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    return Cause(name, message, link, tuple(frames))


def _frame(file: str, function: str, number: int, caret: int = -1) -> Frame:
    linecache.checkcache(file)
    source = linecache.getlines(file)
    first, last = max(1, number - AROUND), min(len(source), number + AROUND)
    lines = tuple(
        Line(place, source[place - 1].rstrip("\n").expandtabs(4), place == number)
        for place in range(first, last + 1)
    )
    own = is_own(file, os.getcwd(), sys.prefix)  # noqa: PTH109
    return Frame(_shown(file), function, number, lines, own, caret)


def is_own(file: str, folder: str, environment: str) -> bool:
    """Whether a source file is the user's: below the current folder, and not in an environment's packages."""
    path = os.path.abspath(file)  # noqa: PTH100
    if any(part in path for part in NOT_OWN):
        return False
    inside: Sequence[str] = [environment + os.sep] if environment != folder else []
    return path.startswith(folder + os.sep) and not any(path.startswith(place) for place in inside)


def _shown(file: str) -> str:
    """Relative to the current folder where it is in there."""
    folder = os.getcwd() + os.sep  # noqa: PTH109
    path = os.path.abspath(file)  # noqa: PTH100
    return path.removeprefix(folder)


def _is_machinery(file: str) -> bool:
    """The loader and importlib, which every traceback of an import goes through."""
    from gearshift.apps import loader

    return file.startswith("<frozen importlib") or file in (loader.__file__,) or _is_importlib(file)


def _is_importlib(file: str) -> bool:
    import importlib

    return file == importlib.__file__
