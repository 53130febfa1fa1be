"""What is written for viewers; how a reply is cut is in tests/unit/control."""

from __future__ import annotations

import json

from gearshift.observe.page.written import in_pieces


def test_one_line_and_nothing_is_lost() -> None:
    values = {"a": 1, "rows": [{"c": "é\n\u2028", "n": number} for number in range(1000)], "none": None}
    text = b"".join(in_pieces(values))
    assert json.loads(text) == values
    assert b"\n" not in text  # a line is one event's data
