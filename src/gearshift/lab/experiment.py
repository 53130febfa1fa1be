"""What an experiment is, and the notebook in which it writes what it has seen."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from gearshift.report.words import Text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gearshift.report.charts import Bars, Lines
    from gearshift.report.diagrams import Exchange, Timeline
    from gearshift.report.words import Words

    Picture = Bars | Lines | Exchange | Timeline


class Verdict(Enum):
    """What the kernel says of a claim."""

    HELD = "held"
    CORRECTED = "held with a correction"
    REFUTED = "did not hold"
    SKIPPED = "skipped"


class Experiment(NamedTuple):
    """name: on the command line. question: what is asked, in a sentence. explanation: paragraphs for a student.
    claims: what is said, by a short name. run: tries them all, and writes into the notebook it is given.
    """

    name: str
    title: Text
    question: Text
    explanation: Sequence[Text]
    claims: Mapping[str, Text]
    run: Callable[[Notebook], None]


class Finding(NamedTuple):
    """What became of a claim. evidence: the figures, or why it was skipped. correction: what is true instead."""

    name: str
    claim: Text
    verdict: Verdict
    evidence: Text
    correction: Text | None = None


class Table(NamedTuple):
    """Figures of an experiment."""

    title: Text
    head: Sequence[Words]
    rows: Sequence[Sequence[Words]]


class Notebook:
    """What one run of an experiment has seen. Each claim is judged once."""

    def __init__(self, claims: Mapping[str, Text]) -> None:
        self._claims = claims
        self.findings: list[Finding] = []
        self.pictures: list[Picture] = []
        self.tables: list[Table] = []

    def judge(self, claim: str, holds: bool, evidence: Text, correction: Text | None = None) -> None:
        """holds: whether the claim is true, or, where there is a correction, whether what that says is."""
        right = Verdict.HELD if correction is None else Verdict.CORRECTED
        self._add(claim, right if holds else Verdict.REFUTED, evidence, correction)

    def skip(self, claim: str, reason: Text) -> None:
        """The claim can't be tried here."""
        self._add(claim, Verdict.SKIPPED, reason, None)

    def _add(self, claim: str, verdict: Verdict, evidence: Text, correction: Text | None) -> None:
        assert claim not in (finding.name for finding in self.findings), f"{claim} is judged already"
        self.findings.append(Finding(claim, self._claims[claim], verdict, evidence, correction))

    def table(self, title: Text, head: Sequence[Words], rows: Sequence[Sequence[Words]]) -> None:
        self.tables.append(Table(title, head, rows))

    def picture(self, picture: Picture) -> None:
        self.pictures.append(picture)

    def in_order(self) -> list[Finding]:
        """What has been found, in the order in which it was claimed."""
        order = list(self._claims)
        return sorted(self.findings, key=lambda finding: order.index(finding.name))

    def unjudged(self) -> list[str]:
        """Claims without a verdict."""
        judged = {finding.name for finding in self.findings}
        return [name for name in self._claims if name not in judged]


class Outcome(NamedTuple):
    """One run. seconds: how long it took. left: what it did not clean up. error: why it broke off, "" if it didn't."""

    name: str
    findings: Sequence[Finding]
    pictures: Sequence[Picture]
    tables: Sequence[Table]
    seconds: float
    left: Sequence[str] = ()
    error: str = ""

    @property
    def succeeded(self) -> bool:
        """Every claim held, with or without a correction, or was skipped; and nothing broke."""
        return not self.error and not any(one.verdict is Verdict.REFUTED for one in self.findings)
