"""The error log: what went wrong and what an operator should know, one line each, written at once.

`logging` would cost 15 ms of start-up and belongs to the application, whose configuration must not silence
the server.
"""

from __future__ import annotations

import os
import time
from threading import RLock

from gearshift.errors import SettingError
from gearshift.floor import Aside
from gearshift.observe.escaping import escape_text
from gearshift.observe.stamps import SecondText, local_time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

STANDARD_ERROR = 2


class ErrorLog:
    """Lines such as `2026-11-23 05:40:01.123 +0000 [4711] warning: text`; the lines of a traceback follow
    indented.

    path: a file, appended to, or "-" for standard error. now: wall clock in seconds since the epoch.
    Safe to use from several threads; each call is one write, so lines of several processes do not mix.
    Raises SettingError when the file cannot be opened. A line that cannot be written is counted in `lost`.
    """

    def __init__(self, path: str, now: Callable[[], float] = time.time) -> None:
        self.path = path
        self.lost = 0
        self._now = now
        self._lock = RLock()  # a signal handler may log while the thread it interrupts is logging
        self._stamp = SecondText(local_time)
        self._reopening = False
        self._fd = open_log(path, STANDARD_ERROR, "--error-log")

    def fileno(self) -> int:
        """-1 once it is closed."""
        return self._fd

    def info(self, text: str) -> None:
        self._write("info", text)

    def warning(self, text: str, more: str = "") -> None:
        """more: lines that follow, indented."""
        self._write("warning", text, more)

    def error(self, text: str, more: str = "") -> None:
        """more: lines that follow, indented."""
        self._write("error", text, more)

    def exception(self, text: str, error: BaseException) -> None:
        """An error with its traceback."""
        from traceback import format_exception

        with Aside():
            self._write("error", text, "".join(format_exception(error)))

    def reopen(self) -> None:
        """Has the next line written to the file that then stands at the path, for logrotate.

        Keeps the old one if that cannot be opened, and says so there. May be called in a signal handler.
        """
        self._reopening = self.path != "-"

    def close(self) -> None:
        """Closes the file; what is said later is lost. Standard error is written on. May be called again."""
        with self._lock:
            if self.path != "-" and self._fd >= 0:
                os.close(self._fd)
                self._fd = -1

    def _write(self, severity: str, text: str, more: str = "") -> None:
        second, millisecond = divmod(int(self._now() * 1000), 1000)
        with Aside(), self._lock:
            if self._reopening:
                self._open_anew()
            moment, _, zone = self._stamp.text(second).rpartition(" ")
            before = f"{moment}.{millisecond:03d} {zone} [{os.getpid()}] {severity}: "
            lines = [f"{before}{escape_text(text)}\n"]
            lines += [f"    {escape_text(line.expandtabs())}\n" for line in more.split("\n") if line]
            try:
                write_fully(self._fd, "".join(lines).encode("utf-8", "backslashreplace"))
            except OSError:
                self.lost += 1

    def _open_anew(self) -> None:
        self._reopening = False
        try:
            fresh = open_log(self.path, STANDARD_ERROR, "--error-log")
        except SettingError as error:
            self.error(str(error))
            return
        os.close(self._fd)
        self._fd = fresh


def open_log(path: str, standard: int, flag: str) -> int:
    """A descriptor to append to: that of a standard stream for "-". Raises SettingError in one line."""
    if path == "-":
        return standard
    try:
        return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise SettingError(f"{flag}: cannot open {path}: {error.strerror}") from None


def write_fully(fd: int, data: bytes) -> None:
    """Writes all of it, however many calls that takes. Raises OSError."""
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]
