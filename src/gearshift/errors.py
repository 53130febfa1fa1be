"""What Gearshift says when it cannot do what was asked: one tree, so that one `except` catches it all."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


class GearshiftError(Exception):
    """The root. `exit_code` is what the command line ends with after printing the one line."""

    exit_code = 1


class SettingError(GearshiftError):
    """What the user asked for cannot be: names the setting or file, what was found, what is expected."""

    exit_code = 2


class WrongValueError(SettingError):
    """A setting has a value it cannot have.

    where: the setting as the user wrote it ("--threads", "GEARSHIFT_THREADS", "threads in gearshift.toml").
    found: the value, in words fit for one line. expected: what would have been right, in words.
    """

    def __init__(self, where: str, found: str, expected: str) -> None:
        super().__init__(f"{where}: found {found}, expected {expected}")
        self.where = where
        self.found = found
        self.expected = expected

    def at(self, where: str, more: str = "") -> WrongValueError:
        """The same fault, told with the place where the user wrote the value. more: that is expected there."""
        return WrongValueError(where, self.found, self.expected + more)


class MissingExtraError(SettingError):
    """What was asked for needs packages that come with an extra of Gearshift's, and they are not installed."""

    def __init__(self, what: str, missing: str, extra: str) -> None:
        super().__init__(f"{what}: found no {missing}, expected it: pip install 'gearshift[{extra}]'")


class ListenError(GearshiftError):
    """An address cannot be listened on: in use, not permitted, not of this machine."""


class ServerStateError(GearshiftError):
    """A Server was started a second time, or asked before it was started."""


class ApplicationLoadError(GearshiftError):
    """The application cannot be had.

    With an empty `traceback_text` the user named something that does not exist (exit code 2). Otherwise the
    application's own code raised while it was imported or made: `traceback_text` shows where, without the
    frames of the loader (exit code 1).
    """

    def __init__(self, message: str, traceback_text: str = "") -> None:
        super().__init__(message)
        self.traceback_text = traceback_text
        self.exit_code = 1 if traceback_text else 2


def nearest(word: str, known: Iterable[str]) -> str:
    """The known name most like `word`; "" when none is like it."""
    from difflib import get_close_matches  # a mistake may cost its 5 ms, a start may not

    return next(iter(get_close_matches(word, list(known), n=1)), "")


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """` (did you mean NAME?)` for the known name most like `word`; "" when none is like it."""
    name = nearest(word, known)
    return f" (did you mean {name}?)" if name else ""
