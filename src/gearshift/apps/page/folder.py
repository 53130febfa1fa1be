"""The `*.html` files of the user's folder as templates, read again when they change."""

from __future__ import annotations

import os
from pathlib import Path
from time import time_ns

from gearshift.apps.page.template import Template
from gearshift.apps.static.cache import stamp
from gearshift.apps.static.containment import Root, is_served, relative_name
from gearshift.apps.static.notices import Refused
from gearshift.errors import SettingError, WrongValueError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from gearshift.apps.static.cache import Stamp

SUFFIX = b".html"
INDEX = b"index.html"
# Kernels stamp files with the time of the last timer tick, up to 10 ms ago: a file that changed this recently
# can change again and look the same, so the next turn reads it again.
_SETTLED_AFTER = 20_000_000  # nanoseconds


class Entry:
    """One template file as last read: its template, or what is wrong with it."""

    __slots__ = ("problem", "stamp", "template", "turn")

    def __init__(self, template: Template | None, problem: str, stamp: Stamp | None, turn: float) -> None:
        self.template = template
        self.problem = problem
        self.stamp = stamp
        self.turn = turn


class TemplateFolder:
    """Finds templates in `folder` and below; any number of threads may do so at once."""

    def __init__(self, folder: str, wall_clock: Callable[[], int] = time_ns) -> None:
        """Compiles every template there is. `wall_clock` tells nanoseconds since the epoch.

        Raises SettingError for a missing folder or a wrong template.
        """
        if not Path(folder).is_dir():
            raise WrongValueError("template", repr(folder), "a folder")
        self.wall_clock = wall_clock
        self._root = Root(folder)
        self._entries: dict[bytes, Entry] = {}
        for path in sorted(Path(folder).rglob("*" + SUFFIX.decode())):
            name = os.fsencode(path.relative_to(folder))
            if not all(map(is_served, name.split(b"/"))):
                continue
            entry = self.find(name, turn=-1.0)
            if entry is not None and entry.problem:
                raise SettingError(entry.problem)

    def find(self, name: bytes, turn: float) -> Entry | None:
        """The template file `name`, as `template_name` gives it; None where the folder holds none.

        `turn` is the engine's turn: a file is looked at once in each, however many requests ask for it.
        """
        entry = self._entries.get(name)
        if entry is not None:
            if entry.turn == turn:
                return entry
            if entry.stamp is not None and entry.stamp == self._stamp(name):
                entry.turn = turn
                return entry
        entry = self._read(name, turn)
        if entry is None:
            self._entries.pop(name, None)
        else:
            self._entries[name] = entry
        return entry

    def _read(self, name: bytes, turn: float) -> Entry | None:
        """Reads a template now. An entry without a stamp is read again in the next turn."""
        shown = name.decode("utf-8", "backslashreplace")
        try:
            located = self._root.locate(name)
            if located is None:
                return None
            with located:
                if not located.is_file:
                    return None
                with os.fdopen(located.open(), "rb") as file:
                    text = file.read()
                seen = self._stamp_if_settled(located.status)
            return Entry(Template(text, shown), "", seen, turn)
        except WrongValueError as wrong:
            return Entry(None, str(wrong), seen, turn)
        except Refused:
            return Entry(None, f"template file {shown}: no permission to read it", None, turn)
        except OSError as error:
            return Entry(None, f"template file {shown}: cannot be read: {error.strerror}", None, turn)

    def _stamp(self, name: bytes) -> Stamp | None:
        try:
            return stamp(os.stat(self._root.path_of(name)))  # noqa: PTH116 - names are bytes here
        except OSError:
            return None

    def _stamp_if_settled(self, status: os.stat_result) -> Stamp | None:
        now = self.wall_clock()
        moments = (status.st_mtime_ns, status.st_ctime_ns)
        return stamp(status) if all(abs(now - moment) > _SETTLED_AFTER for moment in moments) else None


def template_name(path: bytes) -> bytes | None:
    """The file that a request's raw `path` names, if it may be a template; a folder's path names its index.

    None for other files and for what no file may be called, both of which are for the static files to answer.
    """
    try:
        name = relative_name(path)
    except Refused:
        return None
    if not name or name.endswith(b"/"):
        name += INDEX
    return name if name.endswith(SUFFIX) else None
