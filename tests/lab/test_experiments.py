"""Every claim, tried on the kernel that runs here: the experiments are tests of it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from gearshift.lab.catalogue import NAMES, experiment
from gearshift.lab.experiment import Outcome, Verdict
from gearshift.lab.running import run
from gearshift.lab.terminal import outcome_text
from gearshift.report.words import Language, said

EXPERIMENTS = Path(__file__).parents[2] / "src" / "gearshift" / "lab" / "experiments"
QUOTED = re.compile("`[^`]*`|{[^}]*}")
CHINESE = re.compile("[\u4e00-\u9fff]")
CLAIMS = [(name, claim) for name in NAMES for claim in experiment(name).claims]


@pytest.fixture(scope="module")
def outcomes() -> dict[str, Outcome]:
    """Each experiment is run once, when the first of its claims is asked for."""
    return {}


def outcome(outcomes: dict[str, Outcome], name: str) -> Outcome:
    if name not in outcomes:
        outcomes[name] = run(name)
    return outcomes[name]


@pytest.mark.parametrize(("name", "claim"), CLAIMS, ids=[f"{name}-{claim}" for name, claim in CLAIMS])
def test_a_claim_holds_on_this_kernel(outcomes: dict[str, Outcome], name: str, claim: str) -> None:
    seen = outcome(outcomes, name)
    assert seen.error == ""
    found = next(finding for finding in seen.findings if finding.name == claim)
    evidence = said(found.evidence, Language.ENGLISH)
    if found.verdict is Verdict.SKIPPED:
        pytest.skip(evidence)
    assert found.verdict in (Verdict.HELD, Verdict.CORRECTED), evidence


@pytest.mark.parametrize("name", NAMES)
def test_an_experiment_leaves_nothing_behind(outcomes: dict[str, Outcome], name: str) -> None:
    """No descriptor, thread or process of its own."""
    assert list(outcome(outcomes, name).left) == []


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("name", NAMES)
def test_an_outcome_can_be_shown(outcomes: dict[str, Outcome], name: str, language: Language) -> None:
    seen = outcome(outcomes, name)
    assert seen.pictures
    assert all("<svg" in picture.svg(language) for picture in seen.pictures)
    text = outcome_text(experiment(name), seen, language)
    assert bool(CHINESE.search(text)) == (language is Language.CHINESE)


@pytest.mark.parametrize("path", sorted(EXPERIMENTS.rglob("*.py")), ids=lambda path: path.stem)
def test_everything_is_said_in_both_languages(path: Path) -> None:
    """Read from the source: what a run does not come to say is said in both too."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Text":
            english, chinese = map(ast.unparse, node.args)
            if node.args[0] == node.args[1] or not re.search("[a-z]{4}", QUOTED.sub("", english)):
                continue  # figures and names
            assert not CHINESE.search(english), english
            assert CHINESE.search(chinese), chinese
