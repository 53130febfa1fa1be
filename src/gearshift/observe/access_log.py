"""The access log: a line for every answered request, off the client's way.

Lines are gathered in memory and written when 64 KiB have come together or the oldest is a second old. The
thread that fills the buffer writes it: handing 64 KiB to a writer thread costs more than copying them to the
page cache, and a disk that is too slow then holds the server back instead of filling its memory. A flusher
thread sees to the last second, because the `thread` engine has no turn in which it could; it sleeps without
waking while nothing is logged.
"""

from __future__ import annotations

import os
from threading import Event, Lock, Thread

from gearshift.errors import SettingError
from gearshift.observe.access_entry import AccessEntry
from gearshift.observe.access_formats import FORMATS
from gearshift.observe.error_log import open_log

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from gearshift.observe.error_log import ErrorLog

__all__ = ["AccessEntry", "AccessLog"]

STANDARD_OUTPUT = 1
BUFFER_CHARACTERS = 64 * 1024
OLDEST_SECONDS = 1.0


class AccessLog:
    """Writes entries to a file, appended to, or "-" for standard output.

    format: "common", "combined" or "json". error_log: told once when lines cannot be written, and once when
    they can again; `lost` counts them. pause: waits that many seconds, less if the log is closed. Safe to use
    from several threads.
    Raises SettingError when the file cannot be opened.
    """

    def __init__(
        self, path: str, format: str, error_log: ErrorLog, pause: Callable[[float], object] | None = None
    ) -> None:
        self.path = path
        self.lost = 0
        self._line = FORMATS[format]()
        self._error_log = error_log
        self._fd = open_log(path, STANDARD_OUTPUT, "--access-log")
        self._pending: list[str] = []
        self._characters = 0
        self._buffer_lock = Lock()
        self._file_lock = Lock()  # taken before the other one, so that buffers are written in their order
        self._something = Event()
        self._closed = Event()
        self._pause = pause or self._closed.wait
        self._lost_now = 0  # since it last could be written
        self._reopening = False
        self._cut = False  # the last write stopped within a line
        self._flusher: Thread | None = None

    def fileno(self) -> int:
        """-1 once it is closed."""
        return self._fd

    def write(self, entry: AccessEntry) -> None:
        """Logs one entry; writes to the file only if that fills the buffer."""
        line = self._line(entry)
        with self._buffer_lock:
            first = not self._pending
            self._pending.append(line)
            self._characters += len(line)
            full = self._characters >= BUFFER_CHARACTERS
        if full:
            self.flush()
        elif first:
            self._wake_flusher()

    def flush(self) -> None:
        """Writes what is pending."""
        with self._file_lock:
            self._write_pending()

    def reopen(self) -> None:
        """Has the next lines written to the file that then stands at the path, for logrotate.

        Keeps the old one if that cannot be opened, and says so. May be called in a signal handler.
        """
        self._reopening = self.path != "-"

    def close(self) -> None:
        """Writes what is pending and closes the file; what comes later is lost. May be called again."""
        self._closed.set()
        self._something.set()
        if self._flusher is not None:
            self._flusher.join()
        with self._file_lock:
            if self._fd < 0:
                return
            self._write_pending()
            if self.path != "-":
                os.close(self._fd)
            self._fd = -1

    def _write_pending(self) -> None:
        """With the file's lock held."""
        with self._buffer_lock:
            lines, self._pending = self._pending, []
            self._characters = 0
        if not lines:
            return
        if self._fd < 0:
            self.lost += len(lines)
            return
        if self._reopening:
            self._open_anew()
        # After a write that stopped within a line, that line ends here, so that the next one stands by
        # itself.
        repair = "\n" if self._cut else ""
        data = (repair + "".join(lines)).encode("ascii")
        written = 0
        try:
            while written < len(data):
                written += os.write(self._fd, data[written:])
        except OSError as error:
            self._cut = self._cut if not written else data[written - 1 : written] != b"\n"
            self._count_lost(data.count(b"\n", max(written, len(repair))), error)
            return
        self._cut = False
        if self._lost_now:
            self._error_log.warning(
                f"access log {self.path}: written again, {self._lost_now} entries were lost"
            )
            self._lost_now = 0

    def _open_anew(self) -> None:
        self._reopening = False
        try:
            fresh = open_log(self.path, STANDARD_OUTPUT, "--access-log")
        except SettingError as error:
            self._error_log.error(str(error))
            return
        os.close(self._fd)
        self._fd = fresh
        self._cut = False

    def _count_lost(self, entries: int, error: OSError) -> None:
        if not self._lost_now:
            self._error_log.error(
                f"access log {self.path}: {error.strerror}; entries are lost until it can be written again"
            )
        self._lost_now += entries
        self.lost += entries

    def _wake_flusher(self) -> None:
        if self._flusher is None:
            self._start_flusher()
        self._something.set()

    def _start_flusher(self) -> None:
        with self._buffer_lock:
            if self._flusher is not None:
                return
            flusher = Thread(target=self._flush_old, name="access-log", daemon=True)
            flusher.start()
            self._flusher = flusher

    def _flush_old(self) -> None:
        while not self._closed.is_set():
            self._something.wait()
            self._something.clear()
            self._pause(OLDEST_SECONDS)
            self.flush()
