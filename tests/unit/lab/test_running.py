"""What becomes of experiments that take too long or break, and of claims: judged once, each of them."""

from __future__ import annotations

import pytest

from gearshift.lab import running
from gearshift.lab.experiment import Notebook, Outcome, Verdict
from gearshift.lab.forked import ForkedError, Helper, forked
from gearshift.lab.terminal import cells, summary_text
from gearshift.report.words import Language, Text

CLAIMS = {"first": Text("It is so.", "如此。"), "second": Text("It is otherwise.", "并非如此。")}
EVIDENCE = Text("3 of 3", "3 个中有 3 个")


def test_an_experiment_that_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "LONGEST", 0.05)
    outcome = running.run("queues")
    assert outcome.error == "it took longer than 0.05 s"
    assert not outcome.succeeded


def test_an_experiment_that_breaks_says_how() -> None:
    outcome = running.run("no-such")
    assert "its process ended with 1" in outcome.error
    assert "no_such" in outcome.error
    assert not outcome.succeeded


def outcome_with(notebook: Notebook, error: str = "") -> Outcome:
    return Outcome("it", notebook.in_order(), (), (), 1.0, (), error)


def test_verdicts() -> None:
    notebook = Notebook(CLAIMS)
    notebook.judge("second", True, EVIDENCE, Text("more exactly so", "更准确地说"))
    assert notebook.unjudged() == ["first"]
    notebook.judge("first", True, EVIDENCE)
    assert [finding.verdict for finding in notebook.in_order()] == [Verdict.HELD, Verdict.CORRECTED]
    assert outcome_with(notebook).succeeded
    assert not outcome_with(notebook, "broken").succeeded


def test_a_claim_that_does_not_hold_fails_the_run() -> None:
    notebook = Notebook(CLAIMS)
    notebook.skip("first", EVIDENCE)
    assert outcome_with(notebook).succeeded
    notebook.judge("second", False, EVIDENCE, Text("not even so", "连这也不是"))
    outcome = outcome_with(notebook)
    assert not outcome.succeeded
    assert "1 did not hold, 1 skipped" in summary_text([outcome], Language.ENGLISH)
    with pytest.raises(AssertionError, match="judged already"):
        notebook.judge("second", True, EVIDENCE)


def test_a_forked_piece_brings_its_result_or_its_error() -> None:
    assert forked(lambda: {"a": 1}) == {"a": 1}
    with pytest.raises(ForkedError, match="ZeroDivisionError"):
        forked(lambda: 1 // 0)


def test_a_helper_ends_with_its_block() -> None:
    import threading
    from pathlib import Path

    with Helper(lambda: threading.Event().wait() and None) as helper:
        assert Path(f"/proc/{helper.pid}").exists()
    assert not Path(f"/proc/{helper.pid}").exists()


def test_a_chinese_character_takes_two_cells() -> None:
    assert cells("fd 套接字") == 9
