"""A browser's own WebSocket, which compresses, to a FastAPI application."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.applications.served import serving
from tests.support.chromium import Chromium

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def test_echo_in_a_browser(tmp_path: Path) -> None:
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        said = f"no browser is installed: none of {', '.join(BROWSERS)}"
        if os.environ.get("CI"):
            pytest.fail(said)
        pytest.skip(said)
    with Chromium(program, tmp_path / "profile") as browser:
        for engine in ("epoll", "thread"):  # with the loop in the engine, and beside it
            with serving("--engine", engine, "websocket_site:app") as site:
                tab = browser.tab(800, 600)
                tab.open(site.url)
                tab.until(
                    "document.getElementById('said') && document.getElementById('said').textContent !== 'nothing yet'"
                )
                said = tab.value("document.getElementById('said').textContent")
                assert said == "hello whole 1-2-3 3000 true permessage-deflate", engine
                browser.close_tabs()
