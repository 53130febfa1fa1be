"""wsgi.errors: text from the application, a line at a time into the error log."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from gearshift.observe.error_log import ErrorLog


class ErrorsStream:
    """A write-only text stream; an unfinished line waits for its end or for flush()."""

    def __init__(self, error_log: ErrorLog) -> None:
        self._error_log = error_log
        self._unfinished = ""

    def write(self, text: str) -> int:
        *lines, self._unfinished = (self._unfinished + text).split("\n")
        for line in lines:
            self._error_log.error(line)
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        if self._unfinished:
            unfinished, self._unfinished = self._unfinished, ""
            self._error_log.error(unfinished)
