"""Which statements of the compiled modules the tests ran: of a build that counts (GEARSHIFT_COUNTED_BUILD=1), by gcov.

gcov counts lines of C; Cython writes above the C of each statement where it comes from. A statement has run if any of
its C has. What Cython makes no C of (declarations, types) is no statement here. A process that ends by a signal or
_exit() takes its counts with it, so the figure is a lower bound.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

from coverage.python import PythonParser

ROOT = Path(__file__).resolve().parents[2]
C_SOURCES = ROOT / "build" / "cython" / "src"
MARK = re.compile(r'\s*/\* "(gearshift/[^"]+\.py)":(\d+)$')
EXCLUDED = (
    r"if TYPE_CHECKING:|TYPE_CHECKING = False|raise NotImplementedError|raise MemoryError"
    r"|import cython|cython\.cimports"
)


def origins(c_source: Path, module: str) -> dict[int, int]:
    """Line of C -> line of the module that it was made of."""
    found: dict[int, int] = {}
    current = 0
    in_mark = False
    for number, line in enumerate(c_source.read_text().splitlines(), 1):
        mark = MARK.match(line)
        if mark:
            current = int(mark[2]) if mark[1] == module else 0
            in_mark = True
        elif in_mark:
            in_mark = "*/" not in line
        elif line == "}":
            current = 0
        elif current:
            found[number] = current
    return found


def counts(notes: Path) -> dict[int, int]:
    """Line of C -> how often it ran, in all processes together."""
    out = subprocess.run(
        ["gcov", "--json-format", "--stdout", str(notes)], cwd=ROOT, capture_output=True, check=True
    ).stdout
    found: dict[int, int] = defaultdict(int)
    for document in out.splitlines():
        for file in json.loads(document)["files"]:
            if file["file"].endswith(".c") and "cython" in file["file"]:
                for line in file["lines"]:
                    found[line["line_number"]] += line["count"]
    return found


def measured(notes: Path) -> tuple[str, set[int], set[int]]:
    """(module, its statements, those of them that ran)."""
    stem = str(notes).split("build/cython/src/", 1)[1].removesuffix(".gcno")
    module = stem + ".py"
    of = origins(C_SOURCES / (stem + ".c"), module)
    parser = PythonParser(text=(ROOT / "src" / module).read_text(), exclude=EXCLUDED)
    parser.parse_source()
    made: set[int] = set()
    ran: set[int] = set()
    for c_line, count in counts(notes).items():
        line = of.get(c_line)
        if line is not None:
            line = parser.first_line(line)
            made.add(line)
            if count:
                ran.add(line)
    statements = made & (parser.statements - parser.excluded)
    return module, statements, ran & statements


def spans(lines: list[int]) -> str:
    told: list[str] = []
    start = previous = -2
    for line in [*lines, 1 << 30]:
        if line != previous + 1:
            if start > 0:
                told.append(str(start) if start == previous else f"{start}-{previous}")
            start = line
        previous = line
    return ", ".join(told)


def main(least: float) -> int:
    every = run = 0
    for notes in sorted((ROOT / "build").glob("temp.*/**/*.gcno")):
        module, statements, ran = measured(notes)
        every += len(statements)
        run += len(ran)
        missed = sorted(statements - ran)
        print(f"{module:50} {len(statements):5} {len(missed):5}  {spans(missed)}")
    if not every:
        print("nothing was counted: build with GEARSHIFT_COUNTED_BUILD=1")
        return 2
    share = 100 * run / every
    print(f"{'all compiled modules':50} {every:5} {every - run:5}  {share:.1f} %")
    return 0 if share >= least else 2


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1])))
