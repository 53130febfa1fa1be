"""The pieces of a report's page, and the page: HTML that needs nothing but itself.

Every function here takes plain text and returns HTML; what stands between backticks becomes code.
"""

from __future__ import annotations

import re
from html import escape
from typing import NamedTuple

from gearshift.report.style import STYLE
from gearshift.report.words import Language

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

CODE = re.compile(r"`([^`]+)`")
NUMBER = re.compile(r"[\d,.]*\d(?:\s?(?:%|\N{MULTIPLICATION SIGN}|[µmn]?s|[KMG]?i?B|/s))?|\N{EN DASH}|-")

# Nothing may be loaded from anywhere (Content Security Policy, level 3); styles and pictures stand in the page.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


class Mark(NamedTuple):
    """A word that judges. tone: "good", "warm", "bad" or "plain", of which the colour is made."""

    word: str
    tone: str


def inline(text: str) -> str:
    """Text within a line."""
    return CODE.sub(r"<code>\1</code>", escape(text, quote=False))


def paragraph(text: str, kind: str = "") -> str:
    """kind: a class of the style: "lead", "soft"."""
    return f"<p{_class(kind)}>{inline(text)}</p>\n"


def heading(text: str, level: int = 3) -> str:
    return f"<h{level}>{inline(text)}</h{level}>\n"


def preformatted(text: str) -> str:
    """A program's output, as it is."""
    return f"<pre>{escape(text, quote=False)}</pre>\n"


def mark(judged: Mark) -> str:
    return f'<span class="mark {judged.tone}">{inline(judged.word)}</span>'


def table(head: Sequence[str], rows: Iterable[Sequence[str | Mark]]) -> str:
    """Rows of text; figures stand to the right. On a narrow screen it is moved sideways by itself."""
    body = [list(row) for row in rows]
    numeric = [
        bool(body) and all(isinstance(row[at], str) and NUMBER.fullmatch(str(row[at])) for row in body)
        for at in range(len(head))
    ]
    lines = ["<tr>" + "".join(_cell("th", text, numeric[at]) for at, text in enumerate(head)) + "</tr>"]
    lines += [
        "<tr>" + "".join(_cell("td", cell, numeric[at]) for at, cell in enumerate(row)) + "</tr>"
        for row in body
    ]
    return f'<div class="scroll"><table><thead>{lines[0]}</thead><tbody>{"".join(lines[1:])}</tbody></table></div>\n'


def _cell(tag: str, content: str | Mark, numeric: bool) -> str:
    inner = mark(content) if isinstance(content, Mark) else inline(content)
    return f"<{tag}{_class('number' if numeric else '')}>{inner}</{tag}>"


def facts(rows: Mapping[str, str]) -> str:
    """Names and what they are."""
    inner = "".join(f"<dt>{inline(name)}</dt><dd>{inline(value)}</dd>" for name, value in rows.items())
    return f'<dl class="facts">{inner}</dl>\n'


class Finding(NamedTuple):
    """Something that was judged. paragraphs: of text, each with a class of the style or "" """

    mark: Mark
    paragraphs: tuple[tuple[str, str], ...]


def findings(judged: Iterable[Finding]) -> str:
    """A list of what was judged, each with its mark."""
    items = "".join(
        f'<li class="{one.mark.tone}">{mark(one.mark)}'
        + "".join(paragraph(text, kind) for text, kind in one.paragraphs)
        + "</li>"
        for one in judged
    )
    return f'<ul class="findings">{items}</ul>\n'


def picture(svg: str, caption: str) -> str:
    """svg: as drawing.py makes it. caption: what is seen, for those who can't see it too."""
    return f"<figure>{svg}<figcaption>{inline(caption)}</figcaption></figure>\n"


def details(summary: str, inner: str) -> str:
    """inner: HTML that is shown when the summary is clicked on."""
    return f"<details><summary>{inline(summary)}</summary>{inner}</details>\n"


def section(name: str, inner: str) -> str:
    """name: what a link to it says after the #. inner: HTML."""
    return f'<section id="{escape(name)}">{inner}</section>\n'


def link(name: str, text: str) -> str:
    """To a section of this page."""
    return f'<a href="#{escape(name)}">{inline(text)}</a>'


def page(title: str, lead: str, body: str, *, foot: str = "", language: Language = Language.ENGLISH) -> str:
    """The whole page. lead: text below the title. body: HTML. foot: text at its end."""
    return (
        f'<!doctype html>\n<html lang="{language.tag}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width,initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        f"<header><h1>{inline(title)}</h1>\n{paragraph(lead, 'lead')}</header>\n"
        f"<main>\n{body}</main>\n<footer>{paragraph(foot) if foot else ''}</footer>\n</body>\n</html>\n"
    )


def _class(kind: str) -> str:
    return f' class="{kind}"' if kind else ""
