"""Pictures: drawn in the page's colours and letters, unique in their names, and told apart from a missing extra."""

from __future__ import annotations

import re
import subprocess
import sys
from xml.etree import ElementTree

import pytest

from gearshift.report import drawing
from gearshift.report.charts import Bars, Lines
from gearshift.report.diagrams import Exchange, Span, Step, Timeline
from gearshift.report.words import Language, Text

PICTURES = {
    "lines": Lines(
        Text("Cost", "开销"),
        "connections",
        "µs",
        {"poll": [(10, 3.0), (1000, 300.0)], "epoll": [(10, 2.0), (1000, 2.1)]},
        "caption",
        "xy",
    ),
    "bars": Bars(
        Text("Calls", "调用"), "ns", [("function", 2, "2 ns"), ("system call", 100, "100 ns")], "caption"
    ),
    "exchange": Exchange(
        Text("Close", "关闭"),
        Text("client", "客户端"),
        Text("server", "服务器"),
        [Step("close()", ">", "FIN", "CLOSE-WAIT"), Step("", "<x", "lost & <gone>", "close()")],
        "caption",
    ),
    "timeline": Timeline(
        Text("Modes", "模式"),
        "ms",
        ["one", "two"],
        ["waits", "works"],
        [Span(0, 0, 5, 0), Span(1, 2, 6, 1)],
        "caption",
    ),
}


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_svg_in_the_colours_of_the_page(name: str, language: Language) -> None:
    drawn = PICTURES[name].svg(language)
    root = ElementTree.fromstring(drawn)
    assert root.tag.endswith("svg")
    assert "viewBox" in root.attrib
    assert "width" not in root.attrib
    assert "height" not in root.attrib
    assert root.attrib["aria-label"] == (PICTURES[name].title[language is Language.CHINESE])
    assert "var(--ink)" in drawn
    assert "var(--text)" in drawn
    assert set(re.findall(r"#[0-9a-f]{6}", drawn)) == set()
    assert root.attrib["aria-label"] in "".join(root.itertext())


def test_two_pictures_of_a_page_share_no_name() -> None:
    seen: set[str] = set()
    for picture in PICTURES.values():
        drawn = picture.svg(Language.ENGLISH)
        mine = re.findall(r'\bid="([^"]+)"', drawn)
        used = re.findall(r'(?:href="#|url\(#)([^")]+)', drawn)
        assert set(used) <= set(mine)
        assert not seen & set(mine)
        seen |= set(mine)


def test_nothing_is_missing_where_matplotlib_is_installed() -> None:
    assert drawing.missing() == ""


def test_a_missing_extra_is_one_line_that_says_what_to_install() -> None:
    script = (
        "import sys; sys.modules['matplotlib'] = None\n"
        "from gearshift.report import drawing; print(drawing.missing())"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "pictures: found no module matplotlib, expected it: pip install 'gearshift[lab]'\n"
