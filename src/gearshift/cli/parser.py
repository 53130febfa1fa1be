"""Reads the command line: a command, an application, and a flag for each setting of the catalogue.

`argparse` would do it for 14 ms of every start, most of it for regular expressions and messages that a
well-formed command line never needs.
"""

from __future__ import annotations

from enum import Enum

from gearshift.errors import SettingError, did_you_mean
from gearshift.settings.catalogue import Settings
from gearshift.settings.declaration import Several, Switch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gearshift.settings.declaration import Setting

HELP_FLAGS = ("-h", "--help")
PROCESS = "the number of a process that is a server"
INTERVAL = "a number of seconds from 0.1 to 3600"


class Command(Enum):
    """What may be asked of the program. Each value is the word on the command line."""

    SERVE = "serve"
    SETTINGS = "settings"
    SHIFT = "shift"
    STATUS = "status"
    TOP = "top"
    DOCTOR = "doctor"
    LOAD = "load"
    LAB = "lab"
    BENCH = "bench"
    MIGRATE = "migrate"
    VERSION = "--version"
    HELP = "--help"


COMMANDS = (
    Command.SERVE,
    Command.SETTINGS,
    Command.SHIFT,
    Command.STATUS,
    Command.TOP,
    Command.DOCTOR,
    Command.LOAD,
    Command.LAB,
    Command.BENCH,
    Command.MIGRATE,
)
WORDS = tuple(command.value for command in COMMANDS)
# Those that take no settings: whether an engine's name is expected, and their flags, with what each expects.
WITHOUT_SETTINGS: dict[Command, tuple[bool, dict[str, str]]] = {
    Command.SHIFT: (
        True,
        {"--threads": Settings.declarations()["threads"].expected, "--pid": PROCESS, "--control": "a path"},
    ),
    Command.STATUS: (False, {"--json": "", "--pid": PROCESS, "--control": "a path"}),
    Command.TOP: (False, {"--interval": INTERVAL, "--pid": PROCESS, "--control": "a path"}),
    Command.DOCTOR: (False, {}),
    Command.MIGRATE: (False, {}),  # what follows is another program's
    Command.LAB: (False, {"--report": "a folder", "--lang": "en or zh"}),
    Command.BENCH: (
        False,
        {
            "--path": "a path that begins with /",
            "--requests": "a file",
            "--access-log": "a file",
            "--target-ms": "milliseconds",
            "--connections": "a number",
            "--seconds": "a number of seconds",
            "--engines": "engines with commas between",
            "--threads": "numbers with commas between",
            "--versus": "servers with commas between",
            "--interface": Settings.declarations()["interface"].expected,
            "--report": "a file",
            "--json": "",
        },
    ),
    Command.LOAD: (
        False,
        {
            "--connections": "a whole number",
            "--seconds": "a number of seconds",
            "--rate": "a number of requests a second",
            "--pipeline": "a whole number",
            "--method": "a method's name",
            "--header": "'Name: value'",
            "--body": "a text, or @ and a file",
            "--requests": "a file",
            "--close": "",
            "--timeout": "a number of seconds",
            "--warmup": "a number of seconds",
            "--plot": "a file",
            "--json": "",
        },
    ),
}
REPEATED = ("--header", "--path")  # of them, those that may be said several times
POSITIONAL = {Command.LOAD: "url", Command.BENCH: "app"}  # as what the word without dashes is known


class Invocation:
    """What the command line asks for.

    command: what to do. topic: for HELP, the command it is wanted for, "" for the program as a whole.
    flags: what is said of each setting, unchecked: text, a bool for a switch, a list of texts for
    what may be said several times; of commands without settings, their own flags.
    """

    __slots__ = ("command", "flags", "topic")

    def __init__(self, command: Command, flags: dict[str, object] | None = None, topic: str = "") -> None:
        self.command = command
        self.flags = flags if flags is not None else {}
        self.topic = topic


def parse(arguments: Sequence[str]) -> Invocation:
    """What the arguments (without the program's name) ask for.

    Flags and the application come in any order; `--flag VALUE` and `--flag=VALUE` mean the same; the last of
    repeated flags counts, but `--bind` and its like gather them all; after `--` nothing is a flag.
    Raises SettingError for a command or flag that does not exist, or lacks its value.
    """
    word = arguments[0] if arguments else ""
    if word in HELP_FLAGS:
        return Invocation(Command.HELP)
    if word == Command.VERSION.value:
        return Invocation(Command.VERSION)
    if word not in WORDS:
        found = f"no command {word!r}{did_you_mean(word, WORDS)}" if word else "no command"
        raise SettingError(f"found {found}, expected one of {', '.join(WORDS)} (gearshift --help tells more)")
    if word == Command.MIGRATE.value and arguments[1:2] and arguments[1] not in HELP_FLAGS:
        return Invocation(Command.MIGRATE, {"words": list(arguments[2 if arguments[1] == "--" else 1 :])})
    if Command(word) in WITHOUT_SETTINGS:
        return _without_settings(Command(word), arguments[1:])
    flags = _flags(arguments[1:])
    return Invocation(Command.HELP, topic=word) if flags is None else Invocation(Command(word), flags)


def _without_settings(command: Command, arguments: Iterable[str]) -> Invocation:
    """A command with flags of its own: each by its name without dashes, as text, of those in REPEATED a list of them;
    an engine's name as "engine", what is to be loaded as "url", what is to be served as "app", and as "words" a list of
    what the lab is told to do.
    """
    takes_engine, known = WITHOUT_SETTINGS[command]
    flags: dict[str, object] = {}
    rest = iter(arguments)
    for argument in rest:
        word, equals, value = argument.partition("=")
        if argument in HELP_FLAGS:
            return Invocation(Command.HELP, topic=command.value)
        if word in known:
            if not known[word]:
                if equals:
                    raise SettingError(f"{word}: found {value!r}, expected no value")
                flags[word[2:]] = True
                continue
            given = value if equals else next(rest, None)
            if not given or given.startswith("--"):
                raise SettingError(f"{word}: found {given or 'nothing'}, expected {known[word]}")
            if word in REPEATED:
                flags[word[2:]] = [*flags.get(word[2:], []), given]  # type: ignore[misc]
            else:
                flags[word[2:]] = given
        elif command in POSITIONAL and POSITIONAL[command] not in flags and not argument.startswith("-"):
            flags[POSITIONAL[command]] = argument
        elif command is Command.LAB and not argument.startswith("-"):
            flags["words"] = [*flags.get("words", []), argument]  # type: ignore[misc]
        elif argument.startswith("-") or not takes_engine or "engine" in flags:
            expected = f"one of {', '.join(known)}" if known else "nothing"
            raise SettingError(f"{command.value}: found {argument!r}, expected {expected}")
        else:
            flags["engine"] = argument
    if takes_engine and "engine" not in flags:
        expected = Settings.declarations()["engine"].expected
        raise SettingError(f"{command.value}: found no engine, expected {expected}")
    return Invocation(command, flags)


def _flags(arguments: Iterable[str]) -> dict[str, object] | None:
    """What is said of each setting; None where help is asked for."""
    known = _flags_of_settings()
    flags: dict[str, object] = {}
    rest = iter(arguments)
    for argument in rest:
        if argument == "--":
            for application in rest:
                _say_application(flags, application)
        elif argument in HELP_FLAGS:
            return None
        elif argument.startswith("-"):
            word, equals, value = argument.partition("=")
            if word not in known:
                raise SettingError(f"{word}: there is no such flag{did_you_mean(word, known)}")
            setting = known[word]
            if isinstance(setting, Switch):
                if equals:
                    raise SettingError(f"{word}: found {value!r}, expected no value")
                flags[setting.name] = word == setting.flag
            else:
                _say(flags, setting, value if equals else _value(setting, next(rest, None)))
        else:
            _say_application(flags, argument)
    return flags


def _flags_of_settings() -> dict[str, Setting]:
    """Each setting by its flag; a switch by its negation too."""
    known = {}
    for setting in Settings.declarations().values():
        if setting.positional:
            continue
        known[setting.flag] = setting
        if isinstance(setting, Switch):
            known[setting.negation] = setting
    return known


def _say(flags: dict[str, object], setting: Setting, value: str) -> None:
    if isinstance(setting, Several):
        said = flags.setdefault(setting.name, [])
        assert isinstance(said, list)
        said += setting.said_by_flag(value)
    else:
        flags[setting.name] = value


def _value(setting: Setting, following: str | None) -> str:
    """The value that follows a flag: any text but another flag, so `-` and `-5` are values."""
    if following is None or following.startswith("--"):
        found = "nothing" if following is None else following
        raise SettingError(f"{setting.flag}: found {found}, expected {setting.expected}")
    return following


def _say_application(flags: dict[str, object], text: str) -> None:
    if "app" in flags:
        raise SettingError(f"APP: found {flags['app']!r} and {text!r}, expected one application")
    flags["app"] = text
