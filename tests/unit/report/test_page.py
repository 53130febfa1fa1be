"""The report's page: needs nothing but itself, shows what it was given, and lets nothing through as markup."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from gearshift.report import page
from gearshift.report.words import Language, Text, said

VOID = {"meta", "br", "img", "path", "use"}


class Reader(HTMLParser):
    """Collects text, identities and what would be loaded; complains of tags that don't match."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.identities: list[str] = []
        self.loaded: list[str] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attributes:
            if name == "id":
                self.identities.append(value or "")
            if name in ("src", "href", "xlink:href") and not (value or "").startswith("#"):
                self.loaded.append(value or "")

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attributes)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def whole(body: str, language: Language = Language.ENGLISH) -> str:
    return page.page("A title", "What it is.", body, foot="The end.", language=language)


def test_a_page_is_well_formed_and_loads_nothing() -> None:
    body = page.section(
        "one",
        page.heading("Heading", 2)
        + page.table(["name", "value"], [["a", "1,000"], ["b", "2.5 ms"]])
        + page.findings([page.Finding(page.Mark("held", "good"), (("It is so.", "claim"),))])
        + page.details("More", page.preformatted("x < y"))
        + page.facts({"kernel": "Linux"}),
    )
    seen = Reader(whole(body))
    assert seen.loaded == []
    assert "one" in seen.identities
    assert {"Heading", "1,000", "held", "It is so.", "x < y", "The end."} <= set(seen.words)


@pytest.mark.parametrize("make", [page.inline, page.paragraph, page.heading, page.preformatted])
def test_text_is_no_markup(make: object) -> None:
    html = make("<script>alert(1)</script> & `<b>`")  # type: ignore[operator]
    assert "<script" not in html
    assert "<b>" not in html


def test_backticks_become_code() -> None:
    assert page.inline("call `accept` now") == "call <code>accept</code> now"


def test_columns_of_figures_stand_to_the_right() -> None:
    html = page.table(["name", "value"], [["a", "1,000"], ["b", "12 ms"]])
    assert html.count('class="number"') == 3


def test_the_language_is_said_to_the_browser() -> None:
    assert '<html lang="zh-Hans">' in whole("", Language.CHINESE)
    assert '<html lang="en">' in whole("")


def test_words_in_two_languages() -> None:
    text = Text("{n} sockets", "{n} 个套接字").format(n=3)
    assert (said(text, Language.ENGLISH), said(text, Language.CHINESE)) == ("3 sockets", "3 个套接字")
    assert said("fd", Language.CHINESE) == "fd"


def test_the_policy_forbids_to_load_anything() -> None:
    assert re.search(r"Content-Security-Policy\" content=\"default-src 'none'", whole(""))
