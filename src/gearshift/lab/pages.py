"""The lab's report: one page with all experiments that were run."""

from __future__ import annotations

from gearshift.lab import phrases
from gearshift.lab.experiment import Verdict
from gearshift.report import drawing, page
from gearshift.report.words import said

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from gearshift.lab.experiment import Experiment, Finding, Outcome
    from gearshift.report.words import Language, Text

    Run = tuple[Experiment, Outcome]


def report(runs: Sequence[Run], machine: Sequence[tuple[Text, Text]], language: Language) -> str:
    """The HTML. Where pictures can't be drawn it says why in their place."""
    missing = drawing.missing()
    body = _index(runs, machine, language) + "".join(
        _experiment(experiment, outcome, language, missing) for experiment, outcome in runs
    )
    return page.page(
        said(phrases.TITLE, language),
        said(phrases.LEAD, language),
        body,
        foot=said(phrases.FOOT, language),
        language=language,
    )


def _index(runs: Sequence[Run], machine: Sequence[tuple[Text, Text]], language: Language) -> str:
    rows = "".join(_index_row(experiment, outcome, language) for experiment, outcome in runs)
    contents = f'<ol class="index">\n{rows}</ol>\n'
    named = {said(name, language): said(value, language) for name, value in machine}
    return page.section(
        "contents",
        page.heading(said(phrases.CONTENTS, language), 2)
        + contents
        + page.heading(said(phrases.MACHINE, language))
        + page.facts(named),
    )


def _index_row(experiment: Experiment, outcome: Outcome, language: Language) -> str:
    verdicts = [finding.verdict for finding in outcome.findings]
    marks = " ".join(
        page.mark(_mark(verdict, language, f"{verdicts.count(verdict)} "))
        for verdict in Verdict
        if verdict in verdicts
    )
    if outcome.error:
        marks += " " + page.mark(page.Mark(said(phrases.BROKEN, language), "bad"))
    seconds = said(phrases.SECONDS.format(seconds=f"{outcome.seconds:.1f}"), language)
    return (
        f"<li>{page.link(experiment.name, said(experiment.title, language))} "
        f'<span class="soft">{seconds}</span><br>{marks}'
        f"{page.paragraph(said(experiment.question, language), 'soft')}</li>\n"
    )


def _mark(verdict: Verdict, language: Language, before: str = "") -> page.Mark:
    return page.Mark(before + said(phrases.VERDICTS[verdict], language), phrases.TONES[verdict])


def _experiment(experiment: Experiment, outcome: Outcome, language: Language, missing: str) -> str:
    parts = [
        page.heading(said(experiment.title, language), 2),
        page.paragraph(said(experiment.question, language), "lead"),
        *(page.paragraph(said(text, language)) for text in experiment.explanation),
        *(_picture(picture, language, missing) for picture in outcome.pictures),
        page.findings(_finding(finding, language) for finding in outcome.findings),
    ]
    for table in outcome.tables:
        head = [said(cell, language) for cell in table.head]
        rows = [[said(cell, language) for cell in row] for row in table.rows]
        parts.append(page.details(said(table.title, language), page.table(head, rows)))
    if outcome.error:
        parts.append(page.preformatted(said(phrases.broke(outcome.error), language)))
    if outcome.left:
        parts.append(page.paragraph(said(phrases.left_words(outcome.left), language)))
    return page.section(experiment.name, "".join(parts))


def _picture(picture: object, language: Language, missing: str) -> str:
    from gearshift.report.charts import Bars, Lines
    from gearshift.report.diagrams import Exchange, Timeline

    assert isinstance(picture, Bars | Lines | Exchange | Timeline)
    caption = said(picture.caption, language)
    if missing:
        return page.paragraph(f"{said(picture.title, language)}: {caption} ({missing})", "soft")
    return page.picture(picture.svg(language), caption)


def _finding(finding: Finding, language: Language) -> page.Finding:
    paragraphs = [(said(finding.claim, language), "claim"), (said(finding.evidence, language), "soft")]
    if finding.correction is not None:
        paragraphs.append((said(phrases.CORRECTION, language) + said(finding.correction, language), ""))
    return page.Finding(_mark(finding.verdict, language), tuple(paragraphs))
