"""An experiment's outcome for a terminal: each claim, its verdict, the figures, what is true instead."""

from __future__ import annotations

from textwrap import TextWrapper
from unicodedata import category, east_asian_width

from gearshift.lab.experiment import Verdict
from gearshift.lab.phrases import CORRECTION, VERDICTS, broke, left_words, summary
from gearshift.report.words import said

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gearshift.lab.experiment import Experiment, Outcome, Table
    from gearshift.report.words import Language

INDENT = "  "
COLUMN = 16  # where the text of a finding begins
WIDTH = 100


def cells(text: str) -> int:
    """The columns of a terminal that it takes: two for a Chinese character."""
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


def padded(text: str, width: int) -> str:
    return text + " " * (width - cells(text))


def outcome_text(experiment: Experiment, outcome: Outcome, language: Language) -> str:
    """The whole of it, lines ended."""
    lines = [
        f"{experiment.name}: {said(experiment.title, language)} ({outcome.seconds:.1f} s)",
        *_wrapped(said(experiment.question, language), INDENT),
        "",
    ]
    for table in outcome.tables:
        lines += [*_table(table, language), ""]
    for finding in outcome.findings:
        verdict = said(VERDICTS[finding.verdict], language)
        lines += _wrapped(
            said(finding.claim, language), " " * COLUMN, INDENT + padded(verdict, COLUMN - len(INDENT))
        )
        lines += _wrapped(said(finding.evidence, language), " " * (COLUMN + 2), " " * COLUMN + "· ")
        if finding.correction is not None:
            words = said(CORRECTION, language) + said(finding.correction, language)
            lines += _wrapped(words, " " * (COLUMN + 2), " " * COLUMN + "→ ")
    if outcome.error:
        lines += ["", f"{INDENT}{said(broke(outcome.error), language)}"]
    if outcome.left:
        lines += ["", f"{INDENT}{said(left_words(outcome.left), language)}"]
    return "\n".join(lines) + "\n"


def summary_text(outcomes: Sequence[Outcome], language: Language) -> str:
    """How many experiments and claims, and what became of them."""
    verdicts = [finding.verdict for outcome in outcomes for finding in outcome.findings]
    counted = ", ".join(
        f"{verdicts.count(verdict)} {said(VERDICTS[verdict], language)}"
        for verdict in Verdict
        if verdict in verdicts
    )
    return said(summary(len(outcomes), len(verdicts), counted), language) + "\n"


def _table(table: Table, language: Language) -> list[str]:
    rows = [[said(cell, language) for cell in row] for row in (table.head, *table.rows)]
    widths = [max(cells(row[at]) for row in rows) for at in range(len(table.head))]
    body = [INDENT + "  ".join(map(padded, row, widths)).rstrip() for row in rows]
    return [*_wrapped(said(table.title, language), INDENT), *body]


def _wrapped(text: str, indent: str, first: str | None = None) -> list[str]:
    """Lines of at most WIDTH columns; a Chinese text may be broken anywhere."""
    text = text.replace("`", "")
    begin = indent if first is None else first
    if cells(text) == len(text):
        wrapper = TextWrapper(
            WIDTH,
            initial_indent=begin,
            subsequent_indent=indent,
            break_long_words=False,
            break_on_hyphens=False,
        )
        return wrapper.wrap(text)
    return _wrapped_by_cells(text, indent, begin)


def _wrapped_by_cells(text: str, indent: str, begin: str) -> list[str]:
    lines, line = [], begin
    for piece in _pieces(text):
        if cells(line) + cells(piece) > WIDTH and line.strip() and not category(piece[0]).startswith("P"):
            lines.append(line.rstrip())
            line, piece = indent, piece.lstrip()
        line += piece
    return [*lines, line]


def _pieces(text: str) -> Iterable[str]:
    """Words of Latin letters whole, everything else a character at a time."""
    word = ""
    for character in text:
        if character.isascii() and not character.isspace():
            word += character
            continue
        if word:
            yield word
            word = ""
        yield character
    if word:
        yield word
