"""What a setting of another server is to Gearshift: a row of the tables in gunicorn.py and uvicorn.py."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from gearshift.settings import Settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from gearshift.migrate.translation import Translation

    # Told the setting's value, which it checks no further than it must.
    Convert = Callable[[Translation, "Entry", Any], None]


class Takes(Enum):
    """What follows a flag."""

    NOTHING = "nothing"
    A_VALUE = "a value"
    PERHAPS = "a value, or nothing"
    SEVERAL = "a value; may be said several times"


class Entry(NamedTuple):
    """name: of the setting, as in Python. flags: as on the command line. takes: what follows them.
    ours: the settings of Gearshift's that do the same, none where there is no equal.
    words: what differs, or why there is no equal; "" where nothing needs saying.
    convert: how a value is translated; by default it is the same. negation: flags that say the opposite.
    """

    name: str
    flags: tuple[str, ...] = ()
    takes: Takes = Takes.A_VALUE
    ours: tuple[str, ...] = ()
    words: str = ""
    convert: Convert | None = None
    negation: tuple[str, ...] = ()

    @property
    def shown(self) -> str:
        """As a reader knows it: its flag, or its name in a configuration file."""
        return self.flags[-1] if self.flags else self.name

    def missing(self) -> list[str]:
        """Those of `ours` that this version of Gearshift does not have."""
        return [name for name in self.ours if name not in Settings.declarations()]


def flag_of(name: str) -> str:
    """How a setting of ours is said on the command line, whether or not this version has it."""
    return "APP" if name == "app" else "--" + name.replace("_", "-")
