"""The values of all settings once resolved, and where each came from: what a catalogue class inherits."""

from __future__ import annotations

from types import MappingProxyType

from gearshift.errors import SettingError, WrongValueError, did_you_mean
from gearshift.settings.declaration import Group, Secret, Setting

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Self


class Resolved:
    """Immutable values of the settings declared on a subclass.

    Made by `gearshift.settings.resolve` (command line) or `of` (Python), which have checked every value.
    """

    __slots__ = ("_sources", "values")

    def __init__(self, values: Mapping[str, object], sources: Mapping[str, str]) -> None:
        self.values: Mapping[str, Any] = MappingProxyType(dict(values))
        self._sources = dict(sources)

    @classmethod
    def declarations(cls) -> dict[str, Setting]:
        """Every setting by its name, in the order of declaration."""
        return {name: value for name, value in vars(cls).items() if isinstance(value, Setting)}

    @classmethod
    def of(cls, **keywords: object) -> Self:
        """Settings of a Python program: defaults, changed by keywords.

        The environment and the files in the current folder are for the command line and are not looked at.
        Raises SettingError for a keyword that is no setting or has a wrong value.
        """
        declared = cls.declarations()
        known = [name for name, setting in declared.items() if not setting.command_line_only]
        values = {name: setting.default for name, setting in declared.items()}
        sources = dict.fromkeys(declared, "default")
        for name, value in keywords.items():
            if name not in known:
                raise SettingError(f"{name}=: there is no such setting{did_you_mean(name, known)}")
            if declared[name].group is Group.PROCESSES and value != declared[name].default:
                raise SettingError(
                    f"{name}=: found {value!r}, expected it only of gearshift serve: a Server in Python is one process"
                )
            try:
                values[name] = declared[name].from_value(value)
            except WrongValueError as error:
                raise error.at(f"{name}=") from None
            sources[name] = "keyword"
        return cls(values, sources)

    def changed(self, source: str, **values: object) -> Self:
        """The same but for these values, which are checked already. source: where they come from."""
        differing = {name: value for name, value in values.items() if value != self.values[name]}
        return type(self)({**self.values, **values}, {**self._sources, **dict.fromkeys(differing, source)})

    def source(self, name: str) -> str:
        """Where a value came from: "flag", a variable's name, a file's name, "keyword" or "default"."""
        return self._sources[name]

    def __repr__(self) -> str:
        declared = self.declarations()
        said = [
            f"{name}={declared[name].in_words(value) if isinstance(declared[name], Secret) else repr(value)}"
            for name, value in self.values.items()
            if self._sources[name] != "default"
        ]
        return f"{type(self).__name__}({', '.join(said)})"
