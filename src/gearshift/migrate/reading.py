"""Reading what another server was told: its command line, and literal assignments of gunicorn's configuration file."""

from __future__ import annotations

import ast
from typing import NamedTuple

from gearshift.errors import SettingError, did_you_mean
from gearshift.migrate.entry import Takes
from gearshift.migrate.translation import Remark

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any

    from gearshift.migrate.entry import Entry

SERVERS = ("gunicorn", "uvicorn")


class Said(NamedTuple):
    """values: by the setting's name there. environment: NAME=VALUE words before the command.
    beside: what could not be read, and why. unread: the settings among it.
    """

    values: dict[str, Any]
    environment: dict[str, str]
    beside: list[Remark]
    unread: list[str]


def server_of(words: Sequence[str]) -> tuple[str, list[str], dict[str, str]]:
    """Which server a command line starts, its arguments, and the variables before it.

    Words before it (env, exec, python -m, poetry run, ...) are left out. Raises SettingError where it starts neither.
    """
    environment: dict[str, str] = {}
    for place, word in enumerate(words):
        name = word.rpartition("/")[2]
        if name in SERVERS:
            return name, list(words[place + 1 :]), environment
        variable, equals, value = word.partition("=")
        if equals and variable.isidentifier():
            environment[variable] = value
    shown = " ".join(words) or "nothing"
    raise SettingError(
        f"migrate: found {shown}, expected a command line of {' or '.join(SERVERS)}, or FILE.py"
    )


def read_command(table: Iterable[Entry], arguments: Sequence[str]) -> Said:
    """The arguments by the table. Raises SettingError for a flag that is none, or lacks its value."""
    known = _by_flag(table)
    said = Said({}, {}, [], [])
    application = next(entry.name for entry in table if entry.ours == ("app",) and not entry.flags)
    rest = iter(arguments)
    for argument in rest:
        if argument == "--":
            continue
        if not argument.startswith("-") or argument == "-":
            if application in said.values:
                said.beside.append(Remark(argument, "one application was named already"))
            else:
                said.values[application] = argument
            continue
        entry, on, value = _flag(known, argument)
        if entry.takes is Takes.NOTHING:
            if value is not None:
                raise SettingError(f"{argument}: found {value!r}, expected no value")
            said.values[entry.name] = on
        else:
            _keep(said.values, entry, value if value is not None else _value(entry, argument, rest))
    return said


def _by_flag(table: Iterable[Entry]) -> dict[str, tuple[Entry, bool]]:
    known: dict[str, tuple[Entry, bool]] = {}
    for entry in table:
        known |= dict.fromkeys(entry.flags, (entry, True))
        known |= dict.fromkeys(entry.negation, (entry, False))
    return known


def _flag(known: dict[str, tuple[Entry, bool]], argument: str) -> tuple[Entry, bool, str | None]:
    """The flag's entry, whether it says yes, and the value that is written with it."""
    if argument.startswith("--"):
        word, equals, value = argument.partition("=")
        if word not in known:
            # argparse takes any beginning that is one flag's alone.
            longer = [flag for flag in known if flag.startswith(word)]
            if len(longer) != 1:
                raise SettingError(f"{word}: there is no such flag{did_you_mean(word, known)}")
            word = longer[0]
        return *known[word], value if equals else None
    word = argument[:2]
    if word not in known:
        raise SettingError(f"{word}: there is no such flag")
    return *known[word], argument[2:].removeprefix("=") or None


def _value(entry: Entry, argument: str, rest: Iterator[str]) -> Any:
    if entry.takes is Takes.PERHAPS:
        return True
    value = next(rest, None)
    if value is None:
        raise SettingError(f"{argument}: found nothing, expected a value")
    return value


def _keep(values: dict[str, Any], entry: Entry, value: Any) -> None:
    if entry.takes is Takes.SEVERAL:
        values.setdefault(entry.name, []).append(value)
    else:
        values[entry.name] = value


def read_configuration(table: Iterable[Entry], path: str) -> Said:
    """The literal assignments of gunicorn.conf.py, which is not run. What is no literal is told with its line.

    Raises SettingError for a file that can't be read or is no Python.
    """
    try:
        with open(path, "rb") as file:  # noqa: PTH123
            tree = ast.parse(file.read(), path)
    except OSError as error:
        raise SettingError(f"{path}: {error.strerror}, expected a configuration file of gunicorn") from None
    except (SyntaxError, ValueError) as error:
        raise SettingError(f"{path}: {error}, expected Python") from None
    known = {entry.name for entry in table}
    said = Said({}, {}, [], [])
    for statement in tree.body:
        _read_statement(statement, known, said)
    return said


def _read_statement(statement: ast.stmt, known: set[str], said: Said) -> None:
    where = f"line {statement.lineno}"
    match statement:
        case (
            ast.Assign(targets=[ast.Name(id=name)], value=value)
            | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
        ):
            if name in known:
                _read_value(name, value, where, said)
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            if name in known:
                said.values[name] = f"in {where}"
        case ast.Import() | ast.ImportFrom() | ast.Expr(value=ast.Constant()):
            pass  # a docstring
        case _:
            names = sorted({node.id for node in ast.walk(statement) if isinstance(node, ast.Name)} & known)
            about = f", about {', '.join(names)}" if names else ""
            said.beside.append(
                Remark(f"{where}{about}", "it is not run here: only literal assignments are read")
            )


def _read_value(name: str, value: ast.expr, where: str, said: Said) -> None:
    try:
        said.values[name] = ast.literal_eval(value)
    except ValueError:
        source = " ".join(ast.unparse(value).split())
        source = source if len(source) <= 80 else source[:77] + "..."
        said.unread.append(name)
        hint = ": --workers auto is one for each processor" if name == "workers" else ": say it yourself"
        said.beside.append(
            Remark(f"{name} = {source} ({where})", f"it is no literal, and is not run here{hint}")
        )
