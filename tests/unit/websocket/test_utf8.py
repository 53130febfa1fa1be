"""UTF-8 in pieces: the same verdict as Python's decoder, and as early as can be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gearshift.websocket.utf8 import Utf8Check


def valid(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def can_be_completed(data: bytes) -> bool:
    """Whether some bytes behind these make UTF-8 of them: Python says where it stopped, and why."""
    try:
        data.decode()
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data"
    return True


PIECES = st.lists(
    st.one_of(st.binary(max_size=6), st.text(max_size=12).map(lambda text: text.encode())), max_size=6
)


@given(PIECES)
def test_as_python_decodes(pieces: list[bytes]) -> None:
    check = Utf8Check()
    so_far = b""
    for piece in pieces:
        so_far += piece
        assert check.feed(piece) is can_be_completed(so_far)
        if not can_be_completed(so_far):
            return
        assert check.whole is valid(so_far)


@given(st.text(max_size=40), st.integers(0, 200))
def test_cut_anywhere(text: str, place: int) -> None:
    data = text.encode()
    check = Utf8Check()
    assert check.feed(data[:place])
    assert check.feed(data[place:])
    assert check.whole


@pytest.mark.parametrize(
    ("begun", "next_byte"),
    [
        (b"\xe0", b"\x9f"),  # overlong
        (b"\xed", b"\xa0"),  # a surrogate
        (b"\xf0", b"\x8f"),
        (b"\xf4", b"\x90"),  # beyond U+10FFFF
        (b"\xce\xba\xe1\xbd", b"\xf4"),
    ],
)
def test_refused_at_the_first_wrong_byte(begun: bytes, next_byte: bytes) -> None:
    check = Utf8Check()
    assert check.feed(begun)
    assert not check.feed(next_byte)
