"""Three servers behind a real HAProxy: one that is drained costs its clients nothing."""

from __future__ import annotations

import shutil

import pytest

from tests.support.namespaced import told


def test_drains_lose_nothing_and_kills_only_what_was_in_hand() -> None:
    for tool in ("haproxy", "nsenter"):
        if shutil.which(tool) is None:
            pytest.skip(f"no {tool} here")
    seen = told(module="tests.support.behind_haproxy")
    for drain in seen["drains"]:
        assert drain["lost"] == [], drain
        assert drain["answered"] > 200, drain
        assert drain["code"] == 0
        assert drain["seconds"] >= seen["delay"]
    for kill in seen["kills"]:
        assert kill["answered"] > 200, kill
        # What may be repeated is repeated on another server; a POST that was sent may have been carried out.
        assert [lost for lost in kill["lost"] if not lost.startswith("POST")] == [], kill
        assert len(kill["lost"]) <= 12, kill  # a request of each client at most
