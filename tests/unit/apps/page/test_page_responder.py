"""The page's answers."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from gearshift.apps.page import responder
from gearshift.apps.page.responder import Page
from gearshift.errors import SettingError

Exchange = Callable[..., Any]


@pytest.fixture
def page() -> Page:
    return Page(numbers=lambda: 37)


def ask(page: Page, exchange: Any) -> Any:
    return page.respond(exchange)


def fields_of(answer: Any) -> dict[bytes, bytes]:
    assert answer.fields.endswith(b"\r\n")
    lines = answer.fields[:-2].split(b"\r\n")
    fields = dict(line.split(b": ", 1) for line in lines)
    assert len(fields) == len(lines)
    return fields


@pytest.mark.parametrize("path", [b"/", b"/index.html"])
@pytest.mark.parametrize("method", [b"GET", b"HEAD"])
def test_the_page(page: Page, exchange: Exchange, path: bytes, method: bytes) -> None:
    answer = ask(page, exchange(path, method))
    assert answer.status == 200
    assert fields_of(answer) == {
        b"Content-Type": b"text/html; charset=utf-8",
        b"Cache-Control": b"no-store",
        b"X-Server": b"gearshift-pool",
    }
    assert b'id="number" x="120" y="197">37</text>' in answer.body
    assert b"{{" not in answer.body


@pytest.mark.parametrize("engine", ["thread", "pool", "epoll"])
def test_the_engine_is_named_and_in_gear(page: Page, exchange: Exchange, engine: str) -> None:
    answer = ask(page, exchange(b"/", engine=engine))
    assert fields_of(answer)[b"X-Server"] == b"gearshift-" + engine.encode()
    assert b'<html lang="en" data-engine="%s"' % engine.encode() in answer.body


def test_the_page_shows_every_fact(page: Page, exchange: Exchange) -> None:
    body = ask(page, exchange(b"/")).body.decode()
    shown = dict(re.findall(r'id="([a-z-]+)"[^>]*>([^<]*)<', body))
    expected = {
        "number": "37",
        "engine": "pool",
        "thread": "pool-3",
        "process": "4711",
        "requests": "12",
        "protocol": "TCP",
        "local-address": "127.0.0.1",
        "local-port": "8088",
        "peer-address": "10.1.2.3",
        "peer-port": "53122",
        "fd": "9",
        "inode": "884213",
        "listener-address": "0.0.0.0",
        "listener-port": "8088",
        "listener-fd": "6",
    }
    assert {name: shown[name] for name in expected} == expected


def test_a_new_number_for_every_request(exchange: Exchange) -> None:
    drawn = iter([5, 100])
    page = Page(numbers=lambda: next(drawn))
    assert b'y="197">5</text>' in ask(page, exchange(b"/")).body
    assert b'y="197">100</text>' in ask(page, exchange(b"/")).body


def test_numbers_are_random_unless_told_otherwise(exchange: Exchange) -> None:
    page = Page()
    bodies = {ask(page, exchange(b"/")).body for _ in range(50)}
    assert len(bodies) > 1


@pytest.mark.parametrize("method", [b"POST", b"PUT", b"DELETE", b"OPTIONS", b"get"])
@pytest.mark.parametrize("path", [b"/", b"/favicon.ico"])
def test_other_methods_are_not_allowed(page: Page, exchange: Exchange, path: bytes, method: bytes) -> None:
    answer = ask(page, exchange(path, method))
    assert answer.status == 405
    assert fields_of(answer)[b"Allow"] == b"GET, HEAD"
    assert fields_of(answer)[b"X-Server"] == b"gearshift-pool"


@pytest.mark.parametrize("path", [b"/nothing", b"/index.html/", b"//", b"*", b"/../index.html"])
@pytest.mark.parametrize("method", [b"GET", b"POST"])
def test_other_paths_are_not_found(page: Page, exchange: Exchange, path: bytes, method: bytes) -> None:
    answer = ask(page, exchange(path, method))
    assert answer.status == 404
    assert fields_of(answer)[b"X-Server"] == b"gearshift-pool"


def test_the_favicon(page: Page, exchange: Exchange) -> None:
    answer = ask(page, exchange(b"/favicon.ico"))
    assert answer.status == 200
    assert fields_of(answer)[b"Content-Type"] == b"image/svg+xml"
    assert answer.body.startswith(b"<svg ")


def test_the_page_is_one_small_file_without_outside_parts() -> None:
    text = (responder.SITE / "index.html").read_bytes()
    assert len(text) < 25 * 1024
    assert not re.search(rb'(?:src|href)="(?!data:|")', text)
    assert b"@import" not in text
    assert b"url(" not in text


def descriptors_in(folder: Path) -> list[Path]:
    """Where this process has `folder` or something in it open; other tests' servers open and close their own."""
    targets = []
    for link in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):
            targets.append(link.readlink())
    return [target for target in targets if target.is_relative_to(folder)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "index.html").write_bytes(b"<p>{{}} by {{engine}}</p>")
    (tmp_path / "style.css").write_bytes(b"p { color: {{}} }")
    return tmp_path


def test_a_folders_templates_are_filled(folder: Path, exchange: Exchange) -> None:
    page = Page(str(folder), numbers=lambda: 8)
    for path in (b"/", b"/index.html", b"/%69ndex.html"):
        answer = ask(page, exchange(path))
        assert (answer.status, answer.body) == (200, b"<p>8 by pool</p>")
        assert fields_of(answer)[b"Content-Type"] == b"text/html; charset=utf-8"
        assert fields_of(answer)[b"Cache-Control"] == b"no-store"
        assert fields_of(answer)[b"X-Server"] == b"gearshift-pool"
    page.close()


def test_a_folders_other_files_are_served_as_they_are(folder: Path, exchange: Exchange) -> None:
    page = Page(str(folder))
    answer = ask(page, exchange(b"/style.css"))
    assert (answer.status, answer.body) == (200, b"p { color: {{}} }")
    assert fields_of(answer)[b"Content-Type"].startswith(b"text/css")
    assert fields_of(answer)[b"X-Server"] == b"gearshift-pool"
    page.close()


def test_an_answer_given_again_is_signed_once_for_each_engine(folder: Path, exchange: Exchange) -> None:
    page = Page(str(folder))
    first = ask(page, exchange(b"/none.txt"))
    assert ask(page, exchange(b"/none.txt")) is first
    other = ask(page, exchange(b"/none.txt", engine="epoll"))
    assert fields_of(other)[b"X-Server"] == b"gearshift-epoll"
    page.close()


def test_an_answer_out_of_a_file_leaves_no_descriptor_behind(folder: Path, exchange: Exchange) -> None:
    (folder / "large.bin").write_bytes(bytes(8 * 1024 * 1024))
    page = Page(str(folder))
    answer = ask(page, exchange(b"/large.bin"))
    assert folder / "large.bin" in descriptors_in(folder)
    assert answer.status == 200
    assert fields_of(answer)[b"X-Server"] == b"gearshift-pool"
    assert not isinstance(answer.body, bytes)
    del answer
    page.close()
    assert descriptors_in(folder) == []


def test_what_is_kept_of_signed_answers_is_bounded(
    folder: Path, exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(responder, "SIGNED_ANSWERS", 2)
    page = Page(str(folder))
    (folder / "a.txt").write_bytes(b"a")
    for path in (b"/style.css", b"/none.html", b"/a.txt", b"/style.css"):
        assert b"X-Server" in fields_of(ask(page, exchange(path)))
        assert len(page._signed) <= 2
    page.close()


def test_a_folder_without_an_index_has_no_page(tmp_path: Path, exchange: Exchange) -> None:
    page = Page(str(tmp_path))
    answer = ask(page, exchange(b"/"))
    assert answer.status == 404
    assert fields_of(answer)[b"X-Server"] == b"gearshift-pool"
    page.close()


def test_a_template_can_only_be_read(folder: Path, exchange: Exchange) -> None:
    page = Page(str(folder))
    answer = ask(page, exchange(b"/index.html", b"POST"))
    assert answer.status == 405
    assert fields_of(answer)[b"Allow"].startswith(b"GET, HEAD")
    assert fields_of(answer)[b"X-Server"] == b"gearshift-pool"
    page.close()


@pytest.mark.parametrize(
    "path", [b"/../secret.html", b"/%2e%2e/secret.html", b"/..%2fsecret.html", b"//index.html", b"/.a.html"]
)
def test_no_way_out_of_the_folder(tmp_path: Path, exchange: Exchange, path: bytes) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "secret.html").write_bytes(b"secret")
    for name in ("index.html", ".a.html"):
        (root / name).write_bytes(b"{{}}")
    page = Page(str(root))
    assert ask(page, exchange(path)).status == 404
    page.close()


def test_a_template_broken_while_running_is_told_and_the_others_are_served(
    folder: Path, exchange: Exchange
) -> None:
    (folder / "other.html").write_bytes(b"other")
    page = Page(str(folder))
    (folder / "index.html").write_bytes(b"{{}}\n{{nobody}}")
    answer = ask(page, exchange(b"/", turn=2.0))
    assert answer.status == 500
    assert b"index.html, line 2" in answer.body
    assert b"{{nobody}}" in answer.body
    assert fields_of(answer)[b"Content-Type"] == b"text/plain; charset=utf-8"
    assert fields_of(answer)[b"X-Server"] == b"gearshift-pool"
    assert ask(page, exchange(b"/other.html", turn=2.0)).body == b"other"
    assert ask(page, exchange(b"/style.css", turn=2.0)).status == 200
    page.close()


def test_a_wrong_folder_is_an_error_at_start(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_bytes(b"{{wrong}}")
    with pytest.raises(SettingError, match=r"index\.html, line 1"):
        Page(str(tmp_path))


def test_the_page_starts_without_slow_modules() -> None:
    slow = ("random", "re", "html", "urllib.parse", "logging", "asyncio", "json", "gearshift.apps.static")
    script = (
        "import sys, pathlib, gearshift.errors\n"
        "before = set(sys.modules)\n"
        "import gearshift.apps.page.template, gearshift.apps.page.numbers\n"
        f"print(*[name for name in {slow!r} if name in sys.modules.keys() - before])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
