from __future__ import annotations

import os
import socket
import tempfile
from pathlib import Path
from urllib.parse import quote_from_bytes, unquote_to_bytes

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gearshift.apps.static.containment import Root, relative_name
from gearshift.apps.static.notices import Refused
from gearshift.errors import SettingError

SECRET = b"the secret"


def name_or_status(path):
    try:
        return relative_name(path)
    except Refused as refused:
        return refused.status


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (b"/", b""),
        (b"/a", b"a"),
        (b"/a/b/", b"a/b/"),
        (b"/a%20b", b"a b"),
        (b"/%C3%bc", b"\xc3\xbc"),
        (b"/%ff", b"\xff"),
        (b"/a+b", b"a+b"),
        (b"/%2541", b"%41"),
        (b"/.well-known/acme", b".well-known/acme"),
        (b"/%2ewell-known/acme", b".well-known/acme"),
        (b"/a/.well-known/x", 404),
        (b"/.well-known/.hidden", 404),
        (b"/.well-knownx", 404),
        (b"*", 404),
        (b"", 404),
        (b"a", 404),
        (b"//", 404),
        (b"//evil.example", 404),
        (b"/a//b", 404),
        (b"/.", 404),
        (b"/./a", 404),
        (b"/..", 404),
        (b"/../a", 404),
        (b"/a/..", 404),
        (b"/%2e%2e/a", 404),
        (b"/.%2E/a", 404),
        (b"/.git/config", 404),
        (b"/a/.htaccess", 404),
        (b"/a%2fb", 404),
        (b"/..%2fa", 404),
        (b"/a%5cb", 404),
        (b"/a\\b", 404),
        (b"/a%00", 404),
        (b"/a%00.html", 404),
        (b"/%", 400),
        (b"/%4", 400),
        (b"/%4/", 400),
        (b"/%zz", 400),
        (b"/% 4", 400),
        (b"/%+4", 400),
        (b"/%4_", 400),
        (b"/%0x", 400),
        (b"/%%41", 400),
        (b"/%u0041", 400),
    ],
)
def test_relative_name(path, expected):
    assert name_or_status(path) == expected


segment = st.one_of(
    st.binary(min_size=1, max_size=6), st.sampled_from([b"..", b".", b"%2e", b"%", b"\\", b"\0"])
)


@given(st.lists(segment, max_size=4).map(b"/".join), st.booleans())
def test_relative_name_decodes_as_the_standard_library_does(name, quoted):
    path = b"/" + (quote_from_bytes(name).encode() if quoted else name)
    found = name_or_status(path)
    if not isinstance(found, int):
        assert found == unquote_to_bytes(path)[1:]
        assert b"\0" not in found
        assert b"\\" not in found
        assert all(part and not part.startswith(b".") for part in found.split(b"/")[:-1])


@pytest.fixture(scope="module")
def farm(tmp_path_factory, site_of):
    """A site full of links, most of which lead where they must not, and secrets around it."""
    around = tmp_path_factory.mktemp("farm")
    (around / "site").mkdir()
    site = site_of(around / "site")
    for outside in ("secret", "site-private/secret", "other/secret", "other/index.html", "other/deep/secret"):
        (around / outside).parent.mkdir(parents=True, exist_ok=True)
        (around / outside).write_bytes(SECRET)
    site.write("a/b/c/file", b"inside")
    site.write("a/file", b"inside")
    site.write("file", b"inside")
    links = {
        "in-file": "a/file",
        "in-folder": "a/b",
        "a/up": "../file",
        "a/b/up": "../..",
        "in-absolute": str(around / "site/a"),
        "in-chain": "in-chain-2",
        "in-chain-2": "a/up",
        "detour": "../site/a",
        "out-file": "../secret",
        "out-absolute": str(around / "secret"),
        "out-folder": "..",
        "out-sibling": "../site-private",
        "out-other": "../other",
        "a/out": "../../other/deep",
        "out-chain": "a/out",
        "out-root": "/",
        "out-index/index.html": "../../secret",
        "out-proc": "/proc/self/cwd",
        "loop": "loop",
        "loop-a": "loop-b",
        "loop-b": "loop-a",
        "dangling": "nothing",
    }
    for name, target in links.items():
        link = around / "site" / name
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(target)
    return site


@pytest.mark.parametrize(
    "target",
    [
        "/in-file",
        "/in-folder/c/file",
        "/a/up",
        "/a/b/up/a/b/up/file",
        "/in-absolute/file",
        "/in-chain",
        "/detour/file",
    ],
)
def test_links_inside_are_followed(farm, target):
    reply = farm.ask(target)
    assert (reply.status, reply.body) == (200, b"inside")


@pytest.mark.parametrize(
    "target",
    [
        "/out-file",
        "/out-absolute",
        "/out-folder/secret",
        "/out-folder/site/file/../../secret",
        "/out-sibling/secret",
        "/out-other/",
        "/out-other/secret",
        "/a/out/secret",
        "/out-chain/secret",
        "/out-root/etc/passwd",
        "/out-index/",
        "/out-proc/etc/passwd",
        "/loop",
        "/loop-a/x",
        "/dangling",
        "/out-other",
        "/out-root",
        "/" + "x" * 300,
        "/" + "a/" * 3000,
    ],
)
def test_links_outside_are_as_if_they_were_not_there(farm, target):
    reply = farm.ask(target)
    assert reply.status == 404
    assert SECRET not in reply.body


names = [
    "a",
    "b",
    "c",
    "up",
    "file",
    "secret",
    "site",
    "..",
    ".",
    "",
    "%2e%2e",
    "..%2f",
    "%2f",
    "other",
    "deep",
]
linked = [
    "in-folder",
    "detour",
    "out",
    "out-folder",
    "out-sibling",
    "out-other",
    "out-chain",
    "out-root",
    "tmp",
]


@settings(max_examples=400)
@given(st.lists(st.sampled_from(names + linked), max_size=7), st.booleans())
@example(["out-folder", "site", "out-folder", "secret"], False)
def test_no_path_escapes(farm, segments, trailing):
    target = "/" + "/".join(segments) + ("/" if trailing else "")
    reply = farm.ask(target)
    assert SECRET not in reply.body
    if reply.status == 200:
        root = os.path.realpath(farm.folder)
        real = os.path.realpath(f"{root}{target}")
        assert real.startswith(root + "/")
        assert Path(real).read_bytes() == reply.body


def test_a_link_that_is_turned_outwards_stops_at_once(site, tmp_path):
    (tmp_path / "secret").write_bytes(SECRET)
    site.write("real.txt", b"inside")
    link = site.folder / "link.txt"
    link.symlink_to("real.txt")
    assert site.ask("/link.txt").body == b"inside"
    link.unlink()
    link.symlink_to("../secret")
    assert site.ask("/link.txt").status == 404


def test_a_root_that_is_a_link_may_be_turned_to_the_next_release(tmp_path, site_of):
    for release in ("one", "two"):
        (tmp_path / release).mkdir()
        (tmp_path / release / "a.txt").write_text(release)
    current = tmp_path / "current"
    current.symlink_to("one")
    site = site_of(current)
    assert site.ask("/a.txt").body == b"one"
    current.unlink()
    current.symlink_to("two")
    assert site.ask("/a.txt").body == b"two"
    current.unlink()
    assert site.ask("/a.txt").status == 404


def test_links_may_lead_through_dot_folders_because_the_owner_made_them(site):
    """Kubernetes mounts a ConfigMap this way: `index.html -> ..data/index.html`, `..data -> ..2024_01_01`."""
    site.write("..2024_01_01/index.html", b"configured")
    (site.folder / "..data").symlink_to("..2024_01_01")
    (site.folder / "index.html").symlink_to("..data/index.html")
    assert site.ask("/").body == b"configured"
    assert site.ask("/..data/index.html").status == 404


def test_what_is_no_regular_file_is_never_opened(site):
    os.mkfifo(site.folder / "fifo")
    os.mkfifo(site.folder / "page.txt.gz")
    site.write("page.txt", b"plain")
    # A socket's path may have 107 bytes at most.
    with tempfile.TemporaryDirectory(dir="/tmp") as short, socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{short}/s")
        Path(short, "s").rename(site.folder / "socket")
        assert site.ask("/fifo").status == 404
        assert site.ask("/socket").status == 404
    assert site.ask("/page.txt", accept_encoding="gzip").body == b"plain"


def test_devices_are_not_served(site):
    if os.geteuid() != 0:
        pytest.skip("only root can make a device")
    try:
        os.mknod(site.folder / "zero", 0o20666, os.makedev(1, 5))
    except PermissionError:
        pytest.skip("devices cannot be made here")
    assert site.ask("/zero").status == 404


def test_names_that_are_no_utf8(site):
    site.write(b"caf\xe9.txt", b"latin")
    site.write("日本/ü ö.txt", b"utf-8")
    assert site.ask("/caf%E9.txt").body == b"latin"
    assert site.ask("/%E6%97%A5%E6%9C%AC/%C3%BC%20%C3%B6.txt").body == b"utf-8"


def test_names_that_are_spelled_like_a_deleted_file(site):
    site.write("a (deleted)", b"still here")
    assert site.ask("/a%20(deleted)").body == b"still here"


def test_the_whole_file_system_may_be_a_root(tmp_path):
    (tmp_path / "a").write_bytes(b"x")
    name = os.fsencode(tmp_path / "a")[1:]
    with Root("/").locate(name) as located:
        assert located.is_file


@pytest.mark.parametrize("name", ["missing", "file"])
def test_a_root_that_cannot_be_served_is_told_in_one_line(tmp_path, name):
    (tmp_path / "file").touch()
    with pytest.raises(SettingError, match=f"{name}' is no folder to serve: N") as told:
        Root(str(tmp_path / name))
    assert "\n" not in str(told.value)


def test_without_proc_it_says_so(tmp_path, monkeypatch):
    def unmounted(path):
        raise FileNotFoundError(2, "No such file or directory")

    monkeypatch.setattr(os, "readlink", unmounted)
    with pytest.raises(SettingError, match="needs /proc"):
        Root(str(tmp_path))


def test_the_root_is_where_it_was_when_the_current_folder_changes(tmp_path, monkeypatch, site_of):
    (tmp_path / "site").mkdir()
    monkeypatch.chdir(tmp_path)
    site = site_of(Path("site"))
    monkeypatch.chdir("/")
    (tmp_path / "site" / "a").write_bytes(b"x")
    assert site.ask("/a").status == 200


def test_faults_of_the_machine_are_no_404(site, monkeypatch):
    def failing(*arguments, **keywords):
        raise OSError(5, "Input/output error")

    site.write("a", b"x")
    with monkeypatch.context() as patched:
        patched.setattr(os, "fstat", failing)
        with pytest.raises(OSError, match="Input/output"):
            site.ask("/a")


def test_every_descriptor_is_closed(farm, descriptors):
    before = descriptors()
    for name in ("file", "out-file", "a", "a/", "loop", "nothing", "a/b/c/file", "in-folder/c/file"):
        farm.ask("/" + name)
        farm.ask("/" + name, method="HEAD")
    assert descriptors() == before
