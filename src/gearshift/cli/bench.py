"""`gearshift bench`: which engine for this application, with its own requests."""

from __future__ import annotations

import os
import sys

from gearshift.cli import INTERRUPTED
from gearshift.cli.output import write
from gearshift.errors import SettingError, WrongValueError
from gearshift.observe.escaping import escape_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from gearshift.bench.requests import Requests
    from gearshift.bench.session import Result

TARGET_MS, SHORTEST_TARGET, LONGEST_TARGET = 100.0, 0.1, 60_000.0
CONNECTIONS, MOST_CONNECTIONS = 64, 10_000
SECONDS, FOR_EACH_PEER, SHORTEST, LONGEST = 75.0, 12.0, 5.0, 3600.0
MOST_THREADS = 10_000


def run(flags: Mapping[str, object]) -> int:
    """Measures, says what to use, and writes the report that was asked for; the exit code. Raises GearshiftError."""
    from gearshift.bench.peers import names_in
    from gearshift.bench.progress import Progress
    from gearshift.bench.served import ServerError
    from gearshift.bench.session import Wish, measure

    versus = names_in(_text(flags, "versus"))
    wish = Wish(
        _text(flags, "app"),
        _text(flags, "interface") or "auto",
        _requests(flags),
        _number(flags, "target-ms", TARGET_MS, SHORTEST_TARGET, LONGEST_TARGET, "milliseconds"),
        int(_number(flags, "connections", CONNECTIONS, 1, MOST_CONNECTIONS, "connections")),
        _number(flags, "seconds", SECONDS + FOR_EACH_PEER * len(versus), SHORTEST, LONGEST, "seconds"),
        versus,
        _engines(flags),
        _sizes(flags),
    )
    report = _text(flags, "report")
    if report:
        _check_report(report)
    progress = Progress()
    try:
        result = measure(wish, progress.tell)
    except ServerError as error:
        progress.clear()
        sys.stderr.write("".join(f"{escape_text(line)}\n" for line in error.output.splitlines()))
        raise
    finally:
        progress.clear()
    _show(result, flags, report)
    return INTERRUPTED if result.outcome.interrupted else 0


def _show(result: Result, flags: Mapping[str, object], report: str) -> None:
    if "json" in flags:
        import json

        from gearshift.bench.written import as_dict

        write(json.dumps(as_dict(result), indent=1) + "\n")
    else:
        from gearshift.bench.text import text

        write(text(result))
    if report:
        from gearshift.bench.report import write_report

        write_report(result, report)
        if "json" not in flags:
            write(f"\nThe report is in {report}.\n")


def _check_report(path: str) -> None:
    """Before a minute is spent on what can't be written then. Raises SettingError."""
    from gearshift.report.drawing import require

    require("--report")
    folder = os.path.dirname(path) or os.curdir  # noqa: PTH120
    if os.path.isdir(path) or not os.access(folder, os.W_OK):  # noqa: PTH112
        raise WrongValueError("--report", repr(path), "the name of a file in a folder that can be written to")


def _requests(flags: Mapping[str, object]) -> Requests:
    from gearshift.bench.requests import from_access_log, from_file, from_paths

    said = [flag for flag in ("path", "requests", "access-log") if flag in flags]
    if len(said) > 1:
        raise SettingError(f"--{said[0]}: found --{said[1]} too, expected one of them")
    if "requests" in flags:
        return from_file(_text(flags, "requests"))
    if "access-log" in flags:
        return from_access_log(_text(flags, "access-log"))
    paths = flags.get("path", ["/"])
    assert isinstance(paths, list)
    return from_paths(paths)


def _engines(flags: Mapping[str, object]) -> list[str]:
    from gearshift.bench.candidates import ENGINES

    if "engines" not in flags:
        return list(ENGINES)
    names = [name.strip() for name in _text(flags, "engines").split(",") if name.strip()]
    if not names or any(name not in ENGINES for name in names):
        raise WrongValueError("--engines", repr(_text(flags, "engines")), f"some of {', '.join(ENGINES)}")
    return names


def _sizes(flags: Mapping[str, object]) -> list[int]:
    said = _text(flags, "threads")
    if not said:
        return []
    sizes = [_whole(word.strip()) for word in said.split(",")]
    if any(not 1 <= size <= MOST_THREADS for size in sizes):
        raise WrongValueError(
            "--threads", repr(said), f"whole numbers from 1 to {MOST_THREADS}, with commas between"
        )
    return sizes


def _number(
    flags: Mapping[str, object], name: str, default: float, least: float, most: float, unit: str
) -> float:
    said = _text(flags, name)
    if not said:
        return default
    whole = isinstance(default, int)
    try:
        value = float(_whole(said)) if whole else float(said)
    except ValueError:
        value = -1.0
    if not least <= value <= most:
        kind = "a whole number" if whole else "a number"
        raise WrongValueError(f"--{name}", repr(said), f"{kind} of {unit} from {least:g} to {most:g}")
    return value


def _whole(word: str) -> int:
    """-1 where it is no whole number."""
    return int(word) if word.isascii() and word.isdigit() and len(word) < 10 else -1


def _text(flags: Mapping[str, object], name: str) -> str:
    return str(flags.get(name, ""))
