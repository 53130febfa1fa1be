"""Kinds of settings that name several files or folders."""

from __future__ import annotations

import os

from gearshift.settings.declaration import Several


class FilePaths(Several):
    """Paths of files, relative to the current folder."""

    metavar = "PATH"

    @property
    def expected(self) -> str:
        return "a path or a list of paths"

    def from_value(self, value: object) -> tuple[str, ...]:
        several = value if isinstance(value, list | tuple) else [value]
        return super().from_value(
            tuple(os.fspath(one) if isinstance(one, os.PathLike) else one for one in several)
        )

    def check(self, text: str) -> None:
        if not text or "\0" in text:
            raise self.wrong(text)


class Folders(Several):
    """Folders, relative to the current one."""

    metavar = "FOLDER"

    @property
    def expected(self) -> str:
        return "a folder or a list of folders"

    def check(self, text: str) -> None:
        if not os.path.isdir(text):  # noqa: PTH112 - as everywhere in a start
            raise self.wrong(text)


class FilePatterns(Several):
    """Patterns of file names or paths, as shells have them: *.html, migrations/*."""

    metavar = "PATTERN"

    @property
    def expected(self) -> str:
        return "a pattern of file names or a list of patterns"

    def check(self, text: str) -> None:
        if not text or not text.isprintable():
            raise self.wrong(text)
