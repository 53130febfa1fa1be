"""`gearshift settings`: every setting, its value, its unit, and where the value comes from."""

from __future__ import annotations

import os

from gearshift.cli.output import write
from gearshift.settings import resolve
from gearshift.settings.sources import unknown_variables

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from gearshift.settings import Settings

HEADING = ("setting", "value", "unit", "from")


def run(flags: Mapping[str, object]) -> int:
    """Prints the table; the exit code. Raises SettingError."""
    write(table(resolve(flags, os.environ, os.curdir)))
    for variable in unknown_variables(os.environ):
        write(f"\nignored, as no such setting exists: {variable}\n")
    return 0


def table(settings: Settings) -> str:
    """The settings in aligned columns."""
    rows = [HEADING]
    for name, setting in settings.declarations().items():
        rows.append((name, setting.in_words(settings.values[name]), setting.unit, settings.source(name)))
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADING))]
    return "".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() + "\n"
        for row in rows
    )
