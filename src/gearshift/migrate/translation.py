"""What is found while another server's settings are gone through: ours, what differs, and what has no equal."""

from __future__ import annotations

from typing import NamedTuple

from gearshift.errors import WrongValueError
from gearshift.migrate.entry import flag_of
from gearshift.settings import Settings
from gearshift.settings.declaration import Secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from gearshift.migrate.entry import Entry


class Remark(NamedTuple):
    """What is to be known of a setting. said: as the user had it."""

    said: str
    words: str


class Translation:
    """values: of our settings by name. environment: variables that the program is to be started with.
    differing: what means something else now. lost: what has no equal, and why.
    """

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.environment: dict[str, str] = {}
        self.differing: list[Remark] = []
        self.lost: list[Remark] = []

    def set(self, name: str, value: object, said: str) -> None:
        """A setting of ours; what it refuses, or this version does not have, is lost, and told."""
        declared = Settings.declarations()
        if name not in declared:
            self.lost.append(Remark(said, f"it would be {flag_of(name)}, which this version does not have"))
            return
        setting = declared[name]
        if "$" in str(value) and not isinstance(setting, Secret):
            self.values[name] = value if isinstance(value, str) else tuple(value)  # type: ignore[arg-type]
            self.differs(
                said, "a variable of the shell: it is expanded on the command line, and not in a file"
            )
            return
        try:
            found = setting.from_text(value) if isinstance(value, str) else setting.from_value(value)
        except WrongValueError as error:
            self.lost.append(
                Remark(said, f"{flag_of(name)} would be {error.found}, expected {error.expected}")
            )
            return
        if isinstance(found, tuple) and name in self.values:
            found = (*self.values[name], *(one for one in found if one not in self.values[name]))
        self.values[name] = found

    def differs(self, said: str, words: str) -> None:
        self._note(self.differing, Remark(said, words))

    def lose(self, said: str, words: str) -> None:
        self._note(self.lost, Remark(said, words))

    @staticmethod
    def _note(remarks: list[Remark], remark: Remark) -> None:
        if remark not in remarks:
            remarks.append(remark)


def translate(table: Iterable[Entry], said: Mapping[str, Any], translation: Translation) -> None:
    """Goes through what was said, by name of the setting, in the order of the table."""
    for entry in table:
        if entry.name not in said:
            continue
        value = said[entry.name]
        shown = shown_as(entry, value)
        if entry.convert is not None:
            entry.convert(translation, entry, value)
        elif entry.ours:
            for name in entry.ours:
                translation.set(name, value, shown)
            if entry.words:
                translation.differs(shown, entry.words)
        else:
            translation.lose(shown, entry.words)


def settle(translation: Translation) -> None:
    """What can't be said together here: the one that is for development counts."""
    workers = translation.values.get("workers", 0)
    if translation.values.get("reload") and workers not in (0, 1):
        del translation.values["workers"]
        translation.differs(
            f"--workers {workers} beside --reload", "one process is started anew; without --reload say it"
        )


def shown_as(entry: Entry, value: Any) -> str:
    """A setting and its value on one line, and not endless."""
    if value is True:
        return entry.shown
    if value is False:
        return entry.negation[0] if entry.negation else f"{entry.name} = False"
    text = " ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    text = " ".join(text.split())
    return f"{entry.shown} {text if len(text) <= 60 else text[:57] + '...'}"
