"""A reply in pieces is the reply."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gearshift.control.encoding import PIECE, pieces

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(st.dictionaries(st.text(), VALUES))
def test_joined_they_are_the_whole(reply: dict[str, Any]) -> None:
    assert b"".join(pieces(reply)) == json.dumps(reply).encode()


@pytest.mark.parametrize("count", [0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 2 * PIECE + 1, 1000])
def test_long_lists_are_cut(count: int) -> None:
    reply = {"first": 1, "list": [{"number": number} for number in range(count)], "last": None}
    cut = list(pieces(reply))
    assert b"".join(cut) == json.dumps(reply).encode()
    assert max(len(piece) for piece in cut) <= 20 * PIECE + 2
