"""`gearshift lab`: experiments that try claims about sockets and engines on the running kernel."""

from __future__ import annotations

import sys
from pathlib import Path

from gearshift.cli.output import write
from gearshift.errors import GearshiftError, SettingError, WrongValueError
from gearshift.lab import catalogue, machine, pages, terminal
from gearshift.lab.running import run as run_experiment
from gearshift.report import drawing
from gearshift.report.words import Language, said

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gearshift.lab.experiment import Experiment, Outcome

VERBS = ("list", "run")
PAGE = "index.html"


class ReportError(GearshiftError):
    """The report can't be written."""


def run(flags: Mapping[str, object]) -> int:
    """Lists the experiments, or runs some: 0 if every claim held or was visibly skipped, 1 otherwise. Raises
    GearshiftError.
    """
    words = flags.get("words", [])
    assert isinstance(words, list)
    language = _language(flags)
    verb = words[0] if words else ""
    if verb not in VERBS:
        raise SettingError(f"lab: found {repr(verb) if verb else 'nothing'}, expected list or run")
    if verb == "list":
        if len(words) > 1:
            raise SettingError(f"lab list: found {words[1]!r}, expected nothing")
        write(_listed(language))
        return 0
    if not words[1:]:
        raise SettingError(
            f"lab run: found no experiment, expected {catalogue.EVERYTHING} or some of {', '.join(catalogue.NAMES)}"
        )
    return _run(catalogue.chosen(words[1:]), _folder(flags), language)


def _language(flags: Mapping[str, object]) -> Language:
    word = str(flags.get("lang", Language.ENGLISH.value))
    try:
        return Language(word)
    except ValueError:
        raise WrongValueError("--lang", repr(word), "en or zh") from None


def _folder(flags: Mapping[str, object]) -> Path | None:
    """Where the report goes; made before anything is run, so that a wrong one is told at once."""
    if "report" not in flags:
        return None
    folder = Path(str(flags["report"]))
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WrongValueError(
            "--report", f"{str(folder)!r} ({error.strerror})", "a folder to write to"
        ) from None
    return folder


def _listed(language: Language) -> str:
    found = [catalogue.experiment(name) for name in catalogue.NAMES]
    width = max(len(one.name) for one in found)
    return "".join(f"{one.name:<{width}}  {said(one.question, language)}\n" for one in found)


def _run(names: Sequence[str], folder: Path | None, language: Language) -> int:
    """What has been run is told, and reported, when the rest is interrupted too."""
    runs: list[tuple[Experiment, Outcome]] = []
    try:
        for name in names:
            experiment = catalogue.experiment(name)
            with _announced(name):
                outcome = run_experiment(name)
            runs.append((experiment, outcome))
            write(terminal.outcome_text(experiment, outcome, language) + "\n")
    finally:
        outcomes = [outcome for _, outcome in runs]
        if runs:
            write(terminal.summary_text(outcomes, language))
        if runs and folder is not None:
            write(_report(runs, folder, language))
    return 0 if all(outcome.succeeded for outcome in outcomes) else 1


def _report(runs: Sequence[tuple[Experiment, Outcome]], folder: Path, language: Language) -> str:
    """Writes it and says where it is."""
    place = folder / PAGE
    try:
        place.write_text(pages.report(runs, machine.machine(), language), encoding="utf-8")
    except OSError as error:
        raise ReportError(f"{place}: {error.strerror}") from None
    missing = drawing.missing()
    return f"{place}\n" + (f"{missing}\n" if missing else "")


class _announced:
    """While an experiment runs, a terminal says which."""

    def __init__(self, name: str) -> None:
        self._line = f"{name} …"

    def __enter__(self) -> None:
        if sys.stderr.isatty():
            sys.stderr.write(self._line)
            sys.stderr.flush()

    def __exit__(self, *_: object) -> None:
        if sys.stderr.isatty():
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
