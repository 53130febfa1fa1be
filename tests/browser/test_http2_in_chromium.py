"""A browser that agrees on h2 by ALPN: a page, bodies both ways, many requests at once, and one that it gives up."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.support.chromium import Chromium
from tests.support.sealed import certificates
from tests.support.servers import run
from tests.support.waiting import eventually

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PAGE = b"<!doctype html><title>h2</title><link rel=icon href=data:,><p>hello"
# What the page asks for: the protocol of each answer, what an echo brought back, and how it ended to give one up.
SCRIPT = """
(async () => {
    const texts = await Promise.all([...Array(60).keys()].map(
        number => fetch(`/number?${number}`).then(answer => answer.text())));
    const body = new Uint8Array(1000000).map((_, index) => index % 251);
    const echo = new Uint8Array(await (await fetch('/echo', {method: 'POST', body})).arrayBuffer());
    const giving = new AbortController();
    const endless = await fetch('/endless', {signal: giving.signal});
    await endless.body.getReader().read();
    giving.abort();
    const kinds = performance.getEntriesByType('resource').map(entry => entry.nextHopProtocol);
    return {
        page: performance.getEntriesByType('navigation')[0].nextHopProtocol,
        kinds: [...new Set(kinds)],
        counted: texts.every((text, number) => text === `?${number} over HTTP/2.0`),
        echoed: echo.length === body.length && echo.every((byte, index) => byte === body[index]),
        after: await (await fetch('/number?after')).text(),
    };
})()
"""


class Site:
    """given_up: endless answers whose client has left."""

    def __init__(self) -> None:
        self.given_up = 0

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        path = environ["PATH_INFO"]
        start_response("200 OK", [("Content-Type", "text/html" if path == "/" else "text/plain")])
        if path == "/echo":
            return [environ["wsgi.input"].read()]
        if path == "/endless":
            return self.endless()
        if path == "/number":
            return [f"?{environ['QUERY_STRING']} over {environ['SERVER_PROTOCOL']}".encode()]
        return [PAGE]

    def endless(self) -> Any:
        try:
            while True:
                yield bytes(65536)
        finally:
            self.given_up += 1


@pytest.mark.parametrize("engine", ["epoll", "pool"])
def test_a_page_over_http2(engine: str, tmp_path: Path) -> None:
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        said = f"no browser is installed: none of {', '.join(BROWSERS)}"
        if os.environ.get("CI"):
            pytest.fail(said)
        pytest.skip(said)
    own = {"certfile": certificates().chain, "keyfile": certificates().key}
    (tmp_path / "logs").mkdir()
    site = Site()
    with (
        run(site, engine, tmp_path / "logs", **own) as running,
        Chromium(program, tmp_path / "profile") as browser,
    ):
        tab = browser.tab(800, 600)
        tab.call("Security.setIgnoreCertificateErrors", ignore=True)  # it does not know who has signed it
        tab.open(running.server.url)
        tab.until("document.title === 'h2' && document.readyState === 'complete'")
        seen = tab.value(SCRIPT)
        eventually(lambda: site.given_up == 1, "the endless one was told")
    assert seen == {
        "page": "h2",
        "kinds": ["h2"],
        "counted": True,
        "echoed": True,
        "after": "?after over HTTP/2.0",
    }
    assert running.log() == ""
