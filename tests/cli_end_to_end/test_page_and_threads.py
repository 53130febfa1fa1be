"""--template, --listing, --preload-threads, --backlog: settings whose effect is seen from outside."""

from __future__ import annotations

import re
from pathlib import Path

from tests.applications.served import curl, gearshift_command, serving
from tests.support.waiting import eventually

SOMAXCONN = int(Path("/proc/sys/net/core/somaxconn").read_text())


def test_template(engine: str, folder: Path) -> None:
    (folder / "page").mkdir()
    (folder / "page" / "index.html").write_text("<p>{{}} by {{engine}}</p>")
    (folder / "page" / "style.css").write_text("p { color: teal }")
    with serving("--engine", engine, "--template", "page", folder=folder) as site, site.client() as client:
        texts = {client.get("/").text for _ in range(30)}
        assert len(texts) > 1
        for text in texts:
            match = re.fullmatch(r"<p>(\d+) by (\w+)</p>", text)
            assert match is not None, text
            assert 1 <= int(match[1]) <= 100
            assert match[2] == engine
        assert client.get("/").headers["X-Server"] == f"gearshift-{engine}"
        assert client.get("/style.css").text == "p { color: teal }"


def test_template_with_an_unknown_placeholder(folder: Path) -> None:
    (folder / "page").mkdir()
    (folder / "page" / "index.html").write_text("{{engin}}")
    done = gearshift_command("serve", "--template", "page", folder=folder)
    assert done.code == 2
    assert "engin" in done.line


def test_listing(engine: str, folder: Path) -> None:
    (folder / "files").mkdir()
    (folder / "files" / "a <b>.txt").write_text("a")
    with serving("--engine", engine, "files", folder=folder) as site:
        assert curl(site.url).status in (403, 404)
    with serving("--engine", engine, "--listing", "files", folder=folder) as site:
        page = curl(site.url).body.decode()
        assert "a &lt;b&gt;.txt" in page
        assert curl(f"{site.url}/a%20%3Cb%3E.txt").body == b"a"


def test_threads_made_ahead(folder: Path) -> None:
    """They are there before the first request; without --preload-threads they are not."""
    arguments = ("--engine", "pool", "--threads", "7", "--monitor", "0.05", "hello:app")
    with serving("--preload-threads", *arguments, folder=folder) as site:
        assert "engine pool: 7 threads, made ahead" in site.out()
        eventually(lambda: "thread pool-7 " in site.err(), "the last one is there")
        names = set(re.findall(r"info: thread (\S+) ", site.err()))
        assert {f"pool-{number}" for number in range(1, 8)} <= names
        assert (
            site.threads() == 7 + 6
        )  # main, the poller, the monitor, the control socket, the sampler, the lookout
    with serving(*arguments, folder=folder) as site:
        assert "7 threads, made on demand" in site.out()
        assert site.threads() < 7 + 6
        assert curl(site.url).body == b"hello"
        assert "thread pool-7 " not in site.err()


def test_pool_grows_to_its_bound_and_no_further(folder: Path) -> None:
    with serving("--engine", "pool", "--threads", "3", "hello:app", folder=folder) as site:
        before = site.threads()
        results = f"{site.url}/sleep/0.2"
        assert curl("--parallel", "--parallel-immediate", *[results] * 9).body == b"hello" * 9
        assert site.threads() - before <= 3
        assert curl(f"{site.url}/thread").body.startswith(b"pool-")


def test_thread_engine_names_its_threads(folder: Path) -> None:
    with serving("--engine", "thread", "hello:app", folder=folder) as site:
        assert curl(f"{site.url}/thread").body == b"connection-1"
        assert curl(f"{site.url}/thread").body == b"connection-2"
    with serving("--engine", "epoll", "hello:app", folder=folder) as site:
        assert curl(f"{site.url}/thread").body == b"epoll"


def test_backlog_is_told_as_the_kernel_has_it(folder: Path) -> None:
    with serving("--backlog", "17", "hello:app", folder=folder) as site:
        assert re.search(r"^  http://\S+  backlog 17$", site.out(), re.MULTILINE)
    with serving("--backlog", str(SOMAXCONN + 1), "hello:app", folder=folder) as site:
        assert f"backlog {SOMAXCONN + 1}, clamped to {SOMAXCONN} by net.core.somaxconn" in site.out()
