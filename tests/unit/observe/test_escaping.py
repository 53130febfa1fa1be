"""No byte from outside may end a log line or reach a terminal as a command."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gearshift.observe.escaping import JSON_TABLE, escape_bytes, escape_text


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"/plain?x=1&y=%20", "/plain?x=1&y=%20"),
        (b"", ""),
        (b'a"b\\c', 'a\\"b\\\\c'),
        (b"a\r\nb\x00\x1b[31m\x7f", "a\\x0d\\x0ab\\x00\\x1b[31m\\x7f"),
        (b"caf\xc3\xa9", "caf\\xc3\\xa9"),
    ],
)
def test_bytes(raw: bytes, text: str) -> None:
    assert escape_bytes(raw) == text


@given(st.binary())
def test_any_bytes_become_printable_ascii_without_a_bare_quote(raw: bytes) -> None:
    text = escape_bytes(raw)
    assert text.isascii()
    assert text == "" or text.isprintable()
    assert '"' not in text.replace("\\\\", "").replace('\\"', "")


@given(st.binary())
def test_json_gives_the_bytes_back(raw: bytes) -> None:
    assert json.loads(f'"{escape_bytes(raw, JSON_TABLE)}"').encode("latin-1") == raw


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("plain, 中文, é", "plain, 中文, é"),
        ("a\nb\tc\x1b\x9b", "a\\x0ab\\x09c\\x1b\\x9b"),
        ("right\u202eleft\u2028next\ud800", "right\\u202eleft\\u2028next\\ud800"),
        ("\U000e0001", "\\U000e0001"),
    ],
)
def test_text(text: str, escaped: str) -> None:
    assert escape_text(text) == escaped


@given(st.text())
def test_any_text_becomes_one_printable_line(text: str) -> None:
    assert escape_text(text).isprintable()
