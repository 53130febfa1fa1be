"""Where settings come from, first said wins: flags, environment, file, default."""

# pathlib would cost every start 6 ms.
# ruff: noqa: PTH110, PTH118, PTH119, PTH123
from __future__ import annotations

import os

from gearshift.errors import SettingError, WrongValueError, did_you_mean, nearest
from gearshift.settings.catalogue import Settings
from gearshift.settings.declaration import Several, described

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from gearshift.settings.declaration import Setting

OWN_FILE = "gearshift.toml"
PROJECT_FILE = "pyproject.toml"


class TomlTable:
    """The settings in a file. name: the file, as shown to users. prefix: of its keys ("tool.gearshift.")."""

    __slots__ = ("name", "prefix", "values")

    def __init__(self, name: str, prefix: str, values: Mapping[str, object]) -> None:
        self.name = name
        self.prefix = prefix
        self.values = values

    def place(self, key: str) -> str:
        return f"{self.prefix}{key} in {self.name}"


def resolve(
    flags: Mapping[str, object], environ: Mapping[str, str], folder: str | os.PathLike[str]
) -> Settings:
    """The settings of a command line.

    flags: value by setting name: text, a list of texts for `bind`, a bool for a switch; absent if not given.
    environ: the environment; GEARSHIFT_* variables of no setting are left alone, because Kubernetes makes
    such variables (GEARSHIFT_PORT=tcp://...) for every service, also for one that is called gearshift.
    folder: where gearshift.toml or pyproject.toml is looked for.
    Raises SettingError: a wrong value, an unknown key in the file, an unreadable file.
    """
    declared = Settings.declarations()
    config, said_by = _choose(declared["config"], flags, environ, None)
    table = _asked_for(str(config), said_by, folder) if config else _find(folder)
    if table is not None:
        _refuse_unknown(table, declared)
    values: dict[str, object] = {}
    sources: dict[str, str] = {}
    for name, setting in declared.items():
        values[name], sources[name] = _choose(setting, flags, environ, table)
    return Settings(values, sources)


def unknown_variables(environ: Mapping[str, str]) -> list[str]:
    """GEARSHIFT_* variables that set nothing, each with the setting that may have been meant."""
    by_name = Settings.declarations()
    known = [setting.variable for setting in by_name.values()]
    lines = []
    for variable in sorted(environ):
        if variable.startswith("GEARSHIFT_") and variable not in known:
            meant = nearest(variable.removeprefix("GEARSHIFT_").lower(), by_name)
            lines.append(f"{variable} (did you mean {by_name[meant].variable}?)" if meant else variable)
    return lines


def _choose(
    setting: Setting, flags: Mapping[str, object], environ: Mapping[str, str], table: TomlTable | None
) -> tuple[object, str]:
    """One setting's value and its source."""
    name = setting.name
    where = ""
    try:
        if name in flags:
            where = setting.flag
            said = flags[name]
            return setting.from_text(said) if isinstance(said, str) else setting.from_value(said), "flag"
        if setting.variable in environ:
            where = setting.variable
            return setting.from_text(environ[where]), where
        if table is not None and name in table.values:
            where = table.place(name)
            return setting.from_value(table.values[name]), table.name
    except WrongValueError as error:
        each = ", a flag for each" if where == setting.flag and "," in error.found else ""
        raise error.at(where, each if isinstance(setting, Several) else "") from None
    return setting.default, "default"


def _asked_for(config: str, said_by: str, folder: str | os.PathLike[str]) -> TomlTable:
    """The file that the setting `config` names; where it cannot be had, the setting is what is wrong."""
    try:
        return _read(os.path.join(folder, config), config)
    except SettingError as error:
        place = Settings.declarations()["config"].flag if said_by == "flag" else said_by
        raise SettingError(f"{place}: {error}") from None


def _find(folder: str | os.PathLike[str]) -> TomlTable | None:
    """The settings file of a folder, if it has one."""
    own = os.path.join(folder, OWN_FILE)
    project = os.path.join(folder, PROJECT_FILE)
    own_exists = os.path.exists(own)
    if os.path.exists(project) and b"gearshift" in _bytes(project, PROJECT_FILE):
        # Only a file with that word can hold the table; parsing every project's file would cost 20 ms a
        # start.
        table = _read(project, PROJECT_FILE)
        if table.values:
            if own_exists:
                raise SettingError(
                    f"{OWN_FILE}, [tool.gearshift] of {PROJECT_FILE}: found both, expected only one of them"
                )
            return table
    return _read(own, OWN_FILE) if own_exists else None


def _read(path: str, shown: str) -> TomlTable:
    """A file's settings. `shown` is its name for users."""
    import tomllib

    try:
        content = tomllib.loads(_bytes(path, shown).decode("utf-8"))
    except ValueError as error:  # TOMLDecodeError and UnicodeDecodeError are both
        raise SettingError(f"{shown}: {error}, expected a TOML file") from None
    if os.path.basename(path) != PROJECT_FILE:
        return TomlTable(shown, "", content)
    tool = content.get("tool", {})
    values = tool.get("gearshift", {}) if isinstance(tool, dict) else {}
    if not isinstance(values, dict):
        raise WrongValueError(f"tool.gearshift in {shown}", described(values), "a table")
    return TomlTable(shown, "tool.gearshift.", values)


def _bytes(path: str, shown: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise SettingError(f"{shown}: {error.strerror}, expected a readable TOML file") from None


def _refuse_unknown(table: TomlTable, declared: Mapping[str, Setting]) -> None:
    known = [name for name, setting in declared.items() if not setting.command_line_only]
    for key in table.values:
        if key not in known:
            raise SettingError(f"{table.place(key)}: there is no such setting{did_you_mean(key, known)}")
