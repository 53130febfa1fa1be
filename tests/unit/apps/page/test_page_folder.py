"""A folder of templates: which file a path names, and when it is read again."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gearshift.apps.page.folder import TemplateFolder, template_name
from gearshift.apps.static.containment import Located
from gearshift.apps.static.notices import Refused
from gearshift.errors import SettingError


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (b"/", b"index.html"),
        (b"/index.html", b"index.html"),
        (b"/a/", b"a/index.html"),
        (b"/a%20b.html", b"a b.html"),
        (b"/%69ndex%2ehtml", b"index.html"),
        (b"/%2561.html", b"%61.html"),
        (b"/%FF.html", b"\xff.html"),
        (b"/style.css", None),
        (b"/folder", None),
        (b"/INDEX.HTML", None),
        (b"/%zz.html", None),
        (b"/a%00.html", None),
        (b"/../index.html", None),
        (b"/%2e%2e/index.html", None),
        (b"/sub%2findex.html", None),
        (b"//index.html", None),
        (b"/.hidden.html", None),
        (b"*", None),
        (b"", None),
    ],
)
def test_the_template_a_path_names(path: bytes, name: bytes | None) -> None:
    assert template_name(path) == name


def text_of(
    folder: TemplateFolder, name: bytes, facts: Callable[..., Any], turn: float = 1.0
) -> bytes | None:
    entry = folder.find(name, turn)
    if entry is None:
        return None
    assert entry.template is not None, entry.problem
    return entry.template.fill(facts(), 37)


def test_templates_are_found_in_the_folder_and_below(tmp_path: Path, facts: Callable[..., Any]) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "index.html").write_bytes(b"top {{}}")
    (tmp_path / "sub" / "index.html").write_bytes(b"sub {{fd}}")
    folder = TemplateFolder(str(tmp_path))
    assert text_of(folder, b"index.html", facts) == b"top 37"
    assert text_of(folder, b"sub/index.html", facts) == b"sub 9"


@pytest.mark.parametrize(
    "name",
    [
        b"none.html",
        b"../outside.html",
        b"link.html",
        b"loop.html",
        b"folder.html",
        b"pipe.html",
        b"index.html/index.html",
        b"x" * 300 + b".html",
    ],
)
def test_what_is_not_a_plain_file_inside_is_not_found(tmp_path: Path, name: bytes) -> None:
    root = tmp_path / "root"
    (root / "folder.html").mkdir(parents=True)
    for file in ("index.html", "../outside.html"):
        (root / file).write_bytes(b"{{}}")
    (root / "link.html").symlink_to(tmp_path / "outside.html")
    (root / "loop.html").symlink_to("loop.html")
    os.mkfifo(root / "pipe.html")
    assert TemplateFolder(str(root)).find(name, 1.0) is None


def test_a_link_that_stays_inside_is_found(tmp_path: Path, facts: Callable[..., Any]) -> None:
    (tmp_path / "index.html").write_bytes(b"{{}}")
    (tmp_path / "link.html").symlink_to("index.html")
    assert text_of(TemplateFolder(str(tmp_path)), b"link.html", facts) == b"37"


def test_a_changed_file_is_read_again_in_the_next_turn(tmp_path: Path, facts: Callable[..., Any]) -> None:
    file = tmp_path / "index.html"
    file.write_bytes(b"old")
    folder = TemplateFolder(str(tmp_path))
    assert text_of(folder, b"index.html", facts, turn=1.0) == b"old"
    file.write_bytes(b"new one")
    assert text_of(folder, b"index.html", facts, turn=1.0) == b"old"
    assert text_of(folder, b"index.html", facts, turn=2.0) == b"new one"


def test_a_change_that_keeps_time_and_size_is_seen(tmp_path: Path, facts: Callable[..., Any]) -> None:
    for name, text in (("index.html", b"old"), ("other", b"new")):
        (tmp_path / name).write_bytes(text)
        os.utime(tmp_path / name, ns=(0, 1_000))
    folder = TemplateFolder(str(tmp_path))
    (tmp_path / "other").rename(tmp_path / "index.html")
    assert text_of(folder, b"index.html", facts) == b"new"


def test_a_settled_file_is_read_once(tmp_path: Path) -> None:
    file = tmp_path / "index.html"
    file.write_bytes(b"{{}}")
    later = file.stat().st_mtime_ns + 20_000_001
    folder = TemplateFolder(str(tmp_path), wall_clock=lambda: later)
    first, second = folder.find(b"index.html", 1.0), folder.find(b"index.html", 2.0)
    assert first is not None
    assert first is second


def test_a_file_that_changed_just_now_is_read_again(tmp_path: Path) -> None:
    file = tmp_path / "index.html"
    file.write_bytes(b"{{}}")
    soon = file.stat().st_mtime_ns + 20_000_000
    folder = TemplateFolder(str(tmp_path), wall_clock=lambda: soon)
    first, second = folder.find(b"index.html", 1.0), folder.find(b"index.html", 2.0)
    assert first is not None
    assert first is not second
    assert second is folder.find(b"index.html", 2.0)


def test_files_come_and_go(tmp_path: Path, facts: Callable[..., Any]) -> None:
    folder = TemplateFolder(str(tmp_path))
    assert folder.find(b"index.html", 1.0) is None
    (tmp_path / "index.html").write_bytes(b"{{}}")
    assert text_of(folder, b"index.html", facts, turn=2.0) == b"37"
    (tmp_path / "index.html").unlink()
    assert folder.find(b"index.html", 3.0) is None


def test_a_template_broken_while_running_tells_its_problem_until_it_is_mended(
    tmp_path: Path, facts: Callable[..., Any]
) -> None:
    file = tmp_path / "index.html"
    file.write_bytes(b"{{}}")
    folder = TemplateFolder(str(tmp_path))
    file.write_bytes(b"{{wrong}}")
    entry = folder.find(b"index.html", 2.0)
    assert entry is not None
    assert entry.template is None
    assert "index.html, line 1" in entry.problem
    assert "{{wrong}}" in entry.problem
    file.write_bytes(b"{{}} again")
    assert text_of(folder, b"index.html", facts, turn=3.0) == b"37 again"


@pytest.mark.parametrize("fault", [Refused(403), OSError(5, "Input/output error")])
def test_a_file_that_cannot_be_read_tells_so_and_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, facts: Callable[..., Any], fault: Exception
) -> None:
    file = tmp_path / "index.html"
    file.write_bytes(b"{{}}")
    folder = TemplateFolder(str(tmp_path))
    file.write_bytes(b"longer {{}}")

    def fails(located: Located) -> int:
        raise fault

    with monkeypatch.context() as patched:
        patched.setattr(Located, "open", fails)
        entry = folder.find(b"index.html", 2.0)
        assert entry is not None
        assert entry.template is None
        assert entry.problem.startswith("template file index.html: ")
        with pytest.raises(SettingError, match=r"template file index\.html: "):
            TemplateFolder(str(tmp_path))
    assert text_of(folder, b"index.html", facts, turn=3.0) == b"longer 37"


def test_hidden_files_are_not_read_at_start(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "a.html").write_bytes(b"{{wrong}}")
    TemplateFolder(str(tmp_path))


def test_a_wrong_template_is_an_error_at_start(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.html").write_bytes(b"\n{{engin}}")
    with pytest.raises(SettingError, match=r"sub/a\.html, line 2.*\{\{engin\}\}"):
        TemplateFolder(str(tmp_path))


def test_a_missing_folder_is_an_error_at_start(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match=r"template: found '.*none', expected a folder"):
        TemplateFolder(str(tmp_path / "none"))
