"""The page of an application that can't be imported."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gearshift.apps.loader import load
from gearshift.development.failure import Failure, failure_of, failure_said, is_own
from gearshift.development.failure_page import FailurePage, page, text, wants_html
from gearshift.errors import ApplicationLoadError


def failure(monkeypatch: pytest.MonkeyPatch, folder: Path, name: str, **sources: str) -> Failure:
    """What importing the module of that name has to tell."""
    for module, source in sources.items():
        (folder / f"{module}.py").write_text(source)
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(str(folder))
    with pytest.raises(ApplicationLoadError) as caught:
        load(f"{name}:app")
    return failure_of(f"{name}:app", caught.value)


def test_own_frames_stand_first_and_what_libraries_did_is_folded(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found = failure(
        monkeypatch, tmp_path, "failing_one", failing_one="import json\n\n\napp = json.loads('{')\n"
    )
    (cause,) = found.causes
    own = [frame for frame in cause.frames if frame.own]
    assert [(frame.file, frame.number, frame.function) for frame in own] == [
        ("failing_one.py", 4, "<module>")
    ]
    assert [line.text for line in own[0].lines if line.blamed] == ["app = json.loads('{')"]
    html = page(found)
    assert html.index("failing_one.py") < html.index("frames of libraries") < html.index("decoder.py")


def test_each_error_of_a_chain_is_told_in_order(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    source = "try:\n    {}['x']\nexcept KeyError as error:\n    raise ValueError('no x') from error\n"
    found = failure(monkeypatch, tmp_path, "failing_two", failing_two=source)
    assert [(cause.kind, cause.link) for cause in found.causes] == [
        ("KeyError", ""),
        ("ValueError", "which led to"),
    ]
    source = "try:\n    {}['x']\nexcept KeyError:\n    nowhere\n"
    found = failure(monkeypatch, tmp_path, "failing_three", failing_three=source)
    assert found.causes[1].link == "and while that was being handled"


def test_a_syntax_error_is_shown_where_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    found = failure(monkeypatch, tmp_path, "failing_four", failing_four="app = 1\ndef f(:\n    pass\n")
    frame = found.causes[0].frames[-1]
    assert (frame.file, frame.number, frame.caret) == ("failing_four.py", 2, 6)
    assert "<li class=caret aria-hidden=true><code>      ^</code>" in page(found)


def test_everything_is_escaped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    evil = "<script>alert('&')</script>"
    found = failure(
        monkeypatch, tmp_path, "failing_five", failing_five=f"raise RuntimeError({evil!r})  # <b>\n"
    )
    html = page(found)
    assert "<script" not in html
    assert "<b>&lt;" not in html
    assert "&lt;script&gt;alert(&#x27;&amp;&#x27;)&lt;/script&gt;" in html
    assert "# &lt;b&gt;" in html
    assert evil in text(found)


def test_nothing_comes_from_elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    found = failure(monkeypatch, tmp_path, "failing_six", failing_six="import no_such_module_anywhere\n")
    html = page(found)
    assert not re.search(r"https?:|url\(|@import|<(script|img|link|iframe)", html)
    assert "prefers-color-scheme:dark" in html


def test_one_known_by_words_alone_has_a_page_too() -> None:
    html = page(failure_said("a<b:app", "the server was ended by SIGSEGV"))
    assert "a&lt;b:app can&#x27;t be served" in html.replace("can't", "can&#x27;t")
    assert "the server was ended by SIGSEGV" in html


@pytest.mark.parametrize(
    ("accept", "html"),
    [
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", True),
        ("application/json, TEXT/HTML ;q=0.5", True),
        ("*/*", False),
        ("", False),
        ("text/plain", False),
        ("text/html;q=0", False),
        ("text/html;q=0.000, */*", False),
        ("text/html;q=0.001", True),
    ],
)
def test_browsers_get_html_and_others_text(accept: str, html: bool) -> None:
    assert wants_html(accept) is html


def test_the_answer_is_an_error_that_is_not_kept() -> None:
    told: list[object] = []
    body = FailurePage(failure_said("x:app", "gone"))({}, lambda *words: told.extend(words))
    status, fields = told
    assert status == "500 Internal Server Error"
    assert isinstance(fields, list)
    assert ("Cache-Control", "no-store") in fields
    assert dict(fields)["Content-Type"] == "text/plain; charset=utf-8"
    assert b"".join(body).startswith(b"gone\n")


@pytest.mark.parametrize(
    ("file", "own"),
    [
        ("/work/shop/app.py", True),
        ("/work/shop/lib/python3.12/site-packages/flask/app.py", False),
        ("/work/shop/env/lib/python3.12/json/decoder.py", False),
        ("/usr/lib/python3.12/json/decoder.py", False),
        ("/work/shopping/app.py", False),
    ],
)
def test_what_is_own(file: str, own: bool) -> None:
    assert is_own(file, "/work/shop", "/work/shop/env") is own
