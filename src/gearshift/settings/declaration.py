"""What a setting is: declared once, it gives its flag, environment variable, TOML key, default, unit, help
and check.

A declaration is a descriptor, so `settings.threads` reads the value and the type checker knows that it is an
int. Each kind turns text (flags, the environment) and values (TOML, keywords) into the one form that the
house uses.
"""

from __future__ import annotations

import os
from enum import Enum

from gearshift.errors import WrongValueError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, NoReturn, Protocol

    class Bearer(Protocol):
        """An object that holds the values of the settings declared on its class."""

        @property
        def values(self) -> Mapping[str, Any]: ...


TRUE_WORDS = ("1", "true", "yes", "on")
FALSE_WORDS = ("0", "false", "no", "off")

# An epoll_wait timeout is an int of milliseconds: 24.8 days. Longer ones would wrap round.
LONGEST_SECONDS = 1_000_000.0


class Group(Enum):
    """The headings of `--help` and `gearshift settings`, in their order."""

    APPLICATION = "application"
    DEVELOPMENT = "development"
    LISTENING = "listening"
    TLS = "TLS"
    PROXY = "behind a proxy"
    CONCURRENCY = "concurrency"
    PROCESSES = "processes"
    LIMITS = "limits"
    TIMEOUTS = "timeouts"
    WEBSOCKETS = "WebSockets"
    STATIC = "page and static files"
    COMPRESSION = "compression"
    LOGS = "logs"
    STATUS = "status page"
    CONFIGURATION = "configuration"


class Setting:
    """One setting; its subclasses are the kinds of value there are.

    default: the value when nobody says anything. unit: what a number counts ("" for none).
    positional: stands on the command line without a flag.
    command_line_only: has no meaning in a file or in Python.
    """

    metavar = "VALUE"

    def __init__(
        self,
        group: Group,
        default: object,
        help: str,
        *,
        unit: str = "",
        positional: bool = False,
        command_line_only: bool = False,
    ) -> None:
        self.name = ""
        self.group = group
        self.default = default
        self.help = help
        self.unit = unit
        self.positional = positional
        self.command_line_only = command_line_only

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __set__(self, instance: object, value: NoReturn) -> NoReturn:
        raise AttributeError(f"settings cannot be changed once resolved: {self.name}")

    @property
    def flag(self) -> str:
        """As on the command line: `--limit-head`, or `APP`."""
        return self.name.upper() if self.positional else "--" + self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        """As in the environment: `GEARSHIFT_LIMIT_HEAD`."""
        return "GEARSHIFT_" + self.name.upper()

    @property
    def expected(self) -> str:
        """What a right value is, in words that fit after "expected"."""
        raise NotImplementedError

    def from_text(self, text: str) -> object:
        """The value that a flag or a variable spells. Raises WrongValueError."""
        return self.from_value(text)

    def from_value(self, value: object) -> object:
        """The value that a TOML file or a keyword gives. Raises WrongValueError."""
        raise NotImplementedError

    def in_words(self, value: object) -> str:
        """A value as `gearshift settings` and `--help` show it."""
        return str(value) if value != "" else '""'

    def wrong(self, found: object) -> WrongValueError:
        return WrongValueError(self.flag, described(found), self.expected)

    def of(self, bearer: Bearer | None) -> Any:
        if bearer is None:
            raise AttributeError(f"{self.name} is read from an instance")
        return bearer.values[self.name]


class Text(Setting):
    """Free text: the application's name."""

    metavar = "TEXT"

    def __get__(self, bearer: Bearer | None, owner: type) -> str:
        value: str = self.of(bearer)
        return value

    @property
    def expected(self) -> str:
        return "text"

    def from_value(self, value: object) -> str:
        if not isinstance(value, str) or "\0" in value:
            raise self.wrong(value)
        return value


class FilePath(Text):
    """A path, relative to the current folder; "" is none. Where `dash` is true, "-" is a standard stream."""

    metavar = "PATH"

    def __init__(
        self, group: Group, default: str, help: str, *, dash: bool = False, command_line_only: bool = False
    ) -> None:
        super().__init__(group, default, help, command_line_only=command_line_only)
        self.dash = dash

    @property
    def expected(self) -> str:
        return "a path or -" if self.dash else "a path"

    def from_value(self, value: object) -> str:
        return super().from_value(os.fspath(value) if isinstance(value, os.PathLike) else value)


class Secret(Text):
    """A text that is nowhere shown."""

    @property
    def expected(self) -> str:
        return "printable ASCII without spaces"

    def from_value(self, value: object) -> str:
        text = super().from_value(value)
        if not text.isascii() or not text.isprintable() or " " in text:
            raise self.wrong(value)
        return text

    def in_words(self, value: object) -> str:
        return "(not shown)" if value else super().in_words(value)

    def wrong(self, found: object) -> WrongValueError:
        return WrongValueError(self.flag, "another", self.expected)


class OneAddress(Text):
    """An address to listen on; "" is none."""

    metavar = "ADDRESS"

    @property
    def expected(self) -> str:
        return "an address"

    def from_value(self, value: object) -> str:
        text = super().from_value(value)
        if text:
            from gearshift.listeners.address import parse

            parse(text)
        return text


class Choice(Text):
    """One of some words; an empty default means that the application decides."""

    def __init__(self, group: Group, default: str, help: str, *, choices: tuple[str, ...]) -> None:
        super().__init__(group, default, help)
        self.choices = choices
        self.metavar = "|".join(choices)

    @property
    def expected(self) -> str:
        return "one of " + ", ".join(self.choices)

    def from_value(self, value: object) -> str:
        if isinstance(value, str) and (value in self.choices or value == self.default):
            return value
        raise self.wrong(value)


class HandlerName(Setting):
    """A raw handler: a name, or in Python the handler's class itself; "" is none."""

    metavar = "HANDLER"

    def __get__(self, bearer: Bearer | None, owner: type) -> Any:
        return self.of(bearer)

    @property
    def expected(self) -> str:
        return "module:Handler or the name of a built-in handler"

    def from_value(self, value: object) -> object:
        if callable(value) or (isinstance(value, str) and "\0" not in value):
            return value
        raise self.wrong(value)

    def in_words(self, value: object) -> str:
        return super().in_words(value if isinstance(value, str) else getattr(value, "__qualname__", value))


class Switch(Setting):
    """On or off."""

    @property
    def negation(self) -> str:
        """The flag that switches it off: `--no-listing`."""
        return "--no-" + self.flag.removeprefix("--")

    def __get__(self, bearer: Bearer | None, owner: type) -> bool:
        value: bool = self.of(bearer)
        return value

    @property
    def expected(self) -> str:
        return "true or false"

    def from_text(self, text: str) -> bool:
        word = text.lower()
        if word not in TRUE_WORDS + FALSE_WORDS:
            raise self.wrong(text)
        return word in TRUE_WORDS

    def from_value(self, value: object) -> bool:
        if not isinstance(value, bool):
            raise self.wrong(value)
        return value

    def in_words(self, value: object) -> str:
        return "true" if value else "false"


class WholeNumber(Setting):
    """A count of something, between `minimum` and `maximum`, both allowed."""

    metavar = "N"

    def __init__(
        self, group: Group, default: int, help: str, *, unit: str, minimum: int = 1, maximum: int = 2**63 - 1
    ) -> None:
        super().__init__(group, default, help, unit=unit)
        self.minimum = minimum
        self.maximum = maximum

    def __get__(self, bearer: Bearer | None, owner: type) -> int:
        value: int = self.of(bearer)
        return value

    @property
    def expected(self) -> str:
        if self.maximum == 2**63 - 1:
            return f"a whole number of {self.unit}, {self.minimum} or more"
        return f"a whole number of {self.unit} from {self.minimum} to {self.maximum}"

    def from_text(self, text: str) -> int:
        # int() alone would also take "1_000", " 5 " and the digits of other scripts.
        if not (text.isascii() and text.isdigit() and len(text) <= 19):
            raise self.wrong(text)
        return self.from_value(int(text))

    def from_value(self, value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not self.minimum <= value <= self.maximum:
            raise self.wrong(value)
        return value


class Seconds(Setting):
    """A time, in seconds; 0 is allowed only where it means "off"."""

    metavar = "SECONDS"

    def __init__(self, group: Group, default: float, help: str, *, zero_is_off: bool = False) -> None:
        super().__init__(group, default, help, unit="seconds")
        self.zero_is_off = zero_is_off

    def __get__(self, bearer: Bearer | None, owner: type) -> float:
        value: float = self.of(bearer)
        return value

    @property
    def expected(self) -> str:
        least = "0 for off, or up to" if self.zero_is_off else "above 0 and up to"
        return f"a number of seconds, {least} {LONGEST_SECONDS:.0f}"

    def from_text(self, text: str) -> float:
        # float() alone would also take "nan", "inf", "1_0" and white space.
        if not text or not set(text) <= set("0123456789.eE+-"):
            raise self.wrong(text)
        try:
            return self.from_value(float(text))
        except ValueError:
            raise self.wrong(text) from None

    def from_value(self, value: object) -> float:
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise self.wrong(value)
        if not (0 < value <= LONGEST_SECONDS or (self.zero_is_off and value == 0)):
            raise self.wrong(value)
        return float(value)

    def in_words(self, value: object) -> str:
        return f"{value:g}"


class Several(Setting):
    """One text or more: a flag given several times, a TOML list, with commas in the environment. commas: one flag may
    list several too, as a comma can stand in none of them.
    """

    commas = False

    def __get__(self, bearer: Bearer | None, owner: type) -> tuple[str, ...]:
        value: tuple[str, ...] = self.of(bearer)
        return value

    def from_text(self, text: str) -> tuple[str, ...]:
        return self.from_value(parts_of(text))

    def said_by_flag(self, text: str) -> list[str]:
        """What one flag says."""
        return parts_of(text) if self.commas else [text]

    def from_value(self, value: object) -> tuple[str, ...]:
        texts = [value] if isinstance(value, str) else value
        if not isinstance(texts, list | tuple) or not (texts or texts == self.default):
            raise self.wrong(value)
        for text in texts:
            if not isinstance(text, str):
                raise self.wrong(text)
            self.check(text)
        return tuple(texts)

    def check(self, text: str) -> None:
        """Raises SettingError for a text that can't be."""
        raise NotImplementedError

    def in_words(self, value: object) -> str:
        return ", ".join(value) if isinstance(value, tuple) else str(value)


class Addresses(Several):
    """Addresses to listen on."""

    metavar = "ADDRESS"

    @property
    def expected(self) -> str:
        return "an address or a list of addresses"

    def check(self, text: str) -> None:
        from gearshift.listeners.address import parse

        parse(text)


class DatagramAddresses(Addresses):
    """Addresses at which datagrams are received: a host and a port each."""

    def check(self, text: str) -> None:
        from gearshift.listeners.address import AddressKind, parse

        if parse(text).kind is not AddressKind.TCP:
            raise WrongValueError(self.flag, repr(text), "HOST:PORT, [IPV6]:PORT or :PORT")


class UrlPaths(Several):
    """Paths of requests, as a client sends them."""

    metavar = "PATH"

    @property
    def expected(self) -> str:
        return "a path that begins with / or a list of such paths"

    def check(self, text: str) -> None:
        if not text.startswith("/") or not text.isascii() or not text.isprintable() or set(text) & set(" ?#"):
            raise self.wrong(text)


def parts_of(text: str) -> list[str]:
    """What stands between the commas."""
    return [part.strip() for part in text.split(",")]


def described(value: object) -> str:
    """A wrong value as the user may recognise it, on one line and not endless."""
    if isinstance(value, bool):
        return "true" if value else "false"
    words = repr(value)
    return words if len(words) <= 80 else words[:77] + "..."
