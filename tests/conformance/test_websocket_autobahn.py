"""The cases of the Autobahn test suite (driven by the kosoku package), but for most of 9, 12 and 13: large
messages, and compressed ones by the thousand, which take minutes.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import kosoku
import pytest

from tests.conformance.websocket_site import echo
from tests.support.routes import AsgiRoutes
from tests.support.servers import run

CASES = [
    "1.*",
    "2.*",
    "3.*",
    "4.*",
    "5.*",
    "6.*",
    "7.*",
    "10.*",
    "9.1.1",
    "9.2.1",
    "9.5.1",
    "12.2.3",
    "13.1.3",
    "13.4.3",
]
LEAST = 250
app = AsgiRoutes()
app.at("/")(echo)


@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")  # the suite's own test data
def test_autobahn(engine: str, tmp_path: Path) -> None:
    with run(app, engine, tmp_path) as site:
        url = "ws://{}:{}".format(*site.address)
        # Raises with the names of those that fail.
        results = asyncio.run(kosoku.run_fuzzingclient(url, CASES, None, 4))
        assert len(results) >= LEAST
        verdicts = {case.behavior.value for case in results}
        # Beside the loop a broken frame may overtake the answer to a message that came just before it.
        assert verdicts <= {"OK", "INFORMATIONAL", "NON-STRICT"}
        if engine not in ("thread", "pool"):
            assert "NON-STRICT" not in verdicts
        assert "error" not in site.log()
