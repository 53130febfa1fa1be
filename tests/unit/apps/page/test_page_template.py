"""Templates: what is a placeholder, what fills it, what is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gearshift.apps.page.template import LONGEST_WORD, NAMES, Template
from gearshift.errors import SettingError
from gearshift.version import __version__

Facts = Callable[..., Any]


def filled(text: bytes, facts: Any, number: int = 37) -> bytes:
    return Template(text, "index.html").fill(facts, number)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"", b""),
        (b"no placeholder", b"no placeholder"),
        (b"{{}}", b"37"),
        (b"a{{}}b{{random}}c", b"a37b37c"),
        (b"{{}}{{}}", b"3737"),
        (b"{{ engine }}", b"pool"),
        (b"{{thread}} {{process}}", b"pool-3 4711"),
        (b"{{protocol}}", b"TCP"),
        (b"{{local}} {{local_address}} {{local_port}}", b"127.0.0.1:8088 127.0.0.1 8088"),
        (b"{{peer}} {{peer_address}} {{peer_port}}", b"10.1.2.3:53122 10.1.2.3 53122"),
        (b"{{fd}} {{inode}}", b"9 884213"),
        (b"{{listener}} {{listener_address}} {{listener_port}}", b"0.0.0.0:8088 0.0.0.0 8088"),
        (b"{{listener_fd}} {{requests}}", b"6 12"),
        (b"{{version}}", __version__.encode()),
        (b"\xff{{}}\xfe", b"\xff37\xfe"),
    ],
)
def test_placeholders_are_filled(facts: Facts, text: bytes, expected: bytes) -> None:
    assert filled(text, facts()) == expected


@pytest.mark.parametrize(
    "text",
    [
        b"{{",
        b"}}",
        b"{{engine",
        b"{{engine}",
        b"{ {engine} }",
        b"{{a:1}}",
        b"{{f()}}",
        b"{{engine thread}}",
        b"{{\nengine}}",
        b"{{" + b"x" * (LONGEST_WORD + 1) + b"}}",
        b"{{{{{{",
        "{{größe}}".encode(),
    ],
)
def test_what_is_no_word_in_braces_stays_as_it_is(facts: Facts, text: bytes) -> None:
    assert filled(text, facts()) == text


def test_the_innermost_braces_count(facts: Facts) -> None:
    assert filled(b"{{{}}}", facts()) == b"{37}"
    assert filled(b"{{ {{engine}} }}", facts()) == b"{{ pool }}"


def test_every_documented_name_can_be_filled(facts: Facts) -> None:
    for name in NAMES:
        assert filled(b"{{%s}}" % name.encode(), facts()) != b""


def test_a_value_is_not_filled_again(facts: Facts) -> None:
    assert filled(b"{{thread}}{{}}", facts(thread="{{}}{{fd}}")) == b"{{}}{{fd}}37"


def test_braces_that_a_value_completes_are_not_filled(facts: Facts) -> None:
    assert filled(b"{{{thread}}}}", facts(thread="{fd}")) == b"{{fd}}}"


def test_values_are_escaped(facts: Facts) -> None:
    assert filled(b"{{thread}}", facts(thread="""<b a="1" c='2'>&amp;""")) == (
        b"&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;&amp;amp;"
    )


def test_ipv6_addresses_stand_without_brackets(facts: Facts) -> None:
    told = facts(local="[::1]:8088", peer="[fe80::1%eth0]:9")
    assert filled(b"{{local}} {{local_address}} {{local_port}}", told) == b"[::1]:8088 ::1 8088"
    assert filled(b"{{peer_address}} {{peer_port}}", told) == b"fe80::1%eth0 9"


def test_unix_sockets_have_a_path_and_no_port(facts: Facts) -> None:
    told = facts(protocol="Unix", local="unix:/run/a:80", peer="", listener_local="/run/a:80")
    assert filled(b"{{local_address}},{{local_port}}", told) == b"/run/a:80,"
    assert filled(b"{{peer}},{{peer_address}},{{peer_port}}", told) == b",,"
    assert filled(b"{{listener_address}},{{listener_port}}", told) == b"/run/a:80,"


def test_a_path_that_is_no_utf8_shows_question_marks(facts: Facts) -> None:
    assert filled(b"{{local}}", facts(protocol="Unix", local="/run/\udcff")) == b"/run/?"


def test_an_unknown_name_is_refused_with_its_place_and_the_known_names() -> None:
    with pytest.raises(SettingError) as refused:
        Template(b"{{}}\n<p>\n{{peer_prot}}", "pages/a.html")
    said = str(refused.value)
    assert "pages/a.html, line 3" in said
    assert "{{peer_prot}}" in said
    assert "did you mean peer_port?" in said
    assert all(name in said for name in NAMES)
    assert "\n" not in said
