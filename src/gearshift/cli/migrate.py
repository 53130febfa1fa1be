"""`gearshift migrate`: what a command line or configuration of gunicorn or uvicorn is here, and what has no equal."""

from __future__ import annotations

import os

from gearshift.cli.output import write
from gearshift.errors import SettingError
from gearshift.migrate import gunicorn, uvicorn
from gearshift.migrate.reading import Said, read_command, read_configuration, server_of
from gearshift.migrate.translation import Translation, settle, translate
from gearshift.migrate.writing import report

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

CONFIGURATION = "gunicorn.conf.py"  # what gunicorn reads where it finds it


def run(flags: Mapping[str, object]) -> int:
    """Prints the translation; the exit code is 0 whatever has no equal. Raises SettingError."""
    words = flags.get("words", [])
    assert isinstance(words, list)
    translation = translated(words)
    settle(translation)
    write(report(translation))
    return 0


def translated(words: Sequence[str]) -> Translation:
    """Of a command line, or of one path of a configuration file."""
    if len(words) == 1 and words[0].endswith(".py"):
        return _of_gunicorn(read_configuration(gunicorn.TABLE, words[0]), Said({}, {}, [], []))
    server, arguments, environment = server_of(words)
    if server == "uvicorn":
        said = read_command(uvicorn.TABLE, arguments)
        return _of_uvicorn(said, environment)
    said = read_command(gunicorn.TABLE, arguments)
    said.environment.update(environment)
    path = str(said.values.pop("config", "") or "").removeprefix("file:")
    if not path and os.path.exists(CONFIGURATION):  # noqa: PTH110
        path = CONFIGURATION
    if path.startswith("python:"):
        raise SettingError(f"--config: found {path}, expected a file: a module would have to be run")
    file = read_configuration(gunicorn.TABLE, path) if path else Said({}, {}, [], [])
    return _of_gunicorn(file, said)


def _of_gunicorn(file: Said, command: Said) -> Translation:
    """The command line wins over the file, as there."""
    translation = Translation()
    translation.environment.update(command.environment)
    translate(gunicorn.TABLE, {**file.values, **command.values}, translation)
    gunicorn.unsaid(translation, {*file.values, *file.unread, *command.values})
    translation.lost += [*file.beside, *command.beside]
    return translation


def _of_uvicorn(said: Said, environment: Mapping[str, str]) -> Translation:
    translation = Translation()
    translation.environment.update(environment)
    translate(uvicorn.TABLE, said.values, translation)
    uvicorn.unsaid(translation, said.values)
    translation.lost += said.beside
    return translation
