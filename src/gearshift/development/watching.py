"""Watching source files, in a thread of its own: a descriptor is readable when one has changed."""

from __future__ import annotations

import os
from fnmatch import fnmatch
from pathlib import Path
from threading import Event, Thread

from gearshift.errors import GearshiftError, MissingExtraError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, Self

ALWAYS = ("*.py",)
# Folders in which nothing is an application's source, or everything is somebody else's.
NEVER = (
    "__pycache__",
    ".git",
    ".hg",
    ".svn",
    ".tox",
    ".nox",
    ".venv",
    "venv",
    "node_modules",
    "site-packages",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    ".hypothesis",
)
SETTLED = 50  # milliseconds without a further change after which a group of them is complete
LONGEST = 800  # milliseconds that a group may grow


class WatchError(GearshiftError):
    """The kernel watches no more files for this user, or a folder is gone."""


class FileFilter:
    """Which files matter. include, exclude: patterns of names, or of paths below the folder that is watched."""

    def __init__(self, folders: Sequence[str], include: Sequence[str], exclude: Sequence[str]) -> None:
        self._folders = [Path(folder).resolve() for folder in folders]
        self._include = (*ALWAYS, *include)
        self._exclude = exclude

    def __call__(self, change: object, path: str) -> bool:
        """As watchfiles asks it."""
        below = self._below(Path(path))
        if any(part in NEVER for part in below.parts[:-1]):
            return False
        return matches(below, self._include) and not any(
            matches(part, self._exclude) for part in (below, *below.parents)
        )

    def _below(self, path: Path) -> Path:
        for folder in self._folders:
            if path.is_relative_to(folder):
                return path.relative_to(folder)
        return path


def matches(path: Path, patterns: Sequence[str]) -> bool:
    return any(fnmatch(path.name, pattern) or fnmatch(str(path), pattern) for pattern in patterns)


class Watcher:
    """Watches from when it is entered until it is left. Raises MissingExtraError without watchfiles."""

    def __init__(self, folders: Sequence[str], include: Sequence[str], exclude: Sequence[str]) -> None:
        try:
            import watchfiles
        except ImportError:
            raise MissingExtraError("--reload", "watchfiles", "reload") from None
        self._watch: Any = watchfiles.watch
        self._folders = folders
        self._filter = FileFilter(folders, include, exclude)
        self._ended = Event()
        self._changed: set[str] = set()
        self._failure = ""
        self._news = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._thread = Thread(target=self._run, name="watcher", daemon=True)

    def fileno(self) -> int:
        return self._news

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._ended.set()
        self._thread.join()
        os.close(self._news)

    def take(self) -> list[str]:
        """The files that have changed since it was last asked. Raises WatchError where it can't watch any more."""
        try:
            os.eventfd_read(self._news)
        except BlockingIOError:
            return []
        if self._failure:
            raise WatchError(f"--reload: {self._failure}")
        changed = set()
        while self._changed:
            changed.add(self._changed.pop())
        return sorted(changed)

    def _run(self) -> None:
        try:
            for changes in self._watch(
                *self._folders,
                watch_filter=self._filter,
                debounce=LONGEST,
                step=SETTLED,
                stop_event=self._ended,
                raise_interrupt=False,
            ):
                self._changed |= {path for _, path in changes}
                os.eventfd_write(self._news, 1)
        except (OSError, RuntimeError) as error:  # watchfiles has both for what the kernel refuses
            self._failure = f"files can't be watched: {error}"
            os.eventfd_write(self._news, 1)
