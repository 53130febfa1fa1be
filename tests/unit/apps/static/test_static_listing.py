from __future__ import annotations

import os
from html.parser import HTMLParser
from urllib.parse import unquote_to_bytes, urljoin

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gearshift.apps.static import listing
from gearshift.apps.static.notices import Refused


class Page(HTMLParser):
    """The links of a listing and the text they carry, and every element that was opened."""

    def __init__(self, body):
        super().__init__()
        self.links, self.elements, self.rows, self._href = [], [], [], None
        self.feed(body.decode("utf-8"))

    def handle_starttag(self, tag, attrs):
        self.elements.append(tag)
        if tag == "a":
            self.links.append([dict(attrs)["href"], ""])
            self._href = self.links[-1]
        if tag == "tr":
            self.rows.append("")

    def handle_endtag(self, tag):
        if tag == "a":
            self._href = None

    def handle_data(self, data):
        if self._href is not None:
            self._href[1] += data
        if self.rows:
            self.rows[-1] += data


def labels(reply):
    return [label for _, label in Page(reply.body).links]


def test_only_where_it_was_asked_for(site):
    site.write("docs/a.txt", b"x")
    assert site.ask("/docs/").status == 404


def test_an_index_goes_before_it(listed):
    listed.write("index.html", b"index")
    assert listed.ask("/").body == b"index"


def test_the_slash_goes_before_it(listed):
    listed.write("docs/a.txt", b"x")
    assert listed.ask("/docs?x=1")["Location"] == "/docs/?x=1"


def test_what_it_shows(listed):
    listed.write("docs/b.txt", b"x" * 1536)
    listed.write("docs/A.txt", b"")
    listed.write("docs/zoo/x", b"x")
    reply = listed.ask("/docs/")
    assert reply.status == 200
    assert reply["Content-Type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in reply["Content-Security-Policy"]
    assert labels(reply) == ["Home", "Parent folder", "zoo/", "A.txt", "b.txt"]
    assert [href for href, _ in Page(reply.body).links] == ["../", "../", "zoo/", "A.txt", "b.txt"]
    text = " ".join(Page(reply.body).rows)
    assert "1.5 KiB" in text
    assert "2023-11-14 22:13" in text


def test_the_root_has_no_parent(listed):
    listed.write("a", b"x")
    assert labels(listed.ask("/")) == ["a"]


def test_crumbs_lead_where_they_say(listed):
    listed.write("one/two/three/x", b"x")
    links = Page(listed.ask("/one/two/three/").body).links[:3]
    assert [(urljoin("/one/two/three/", href), label) for href, label in links] == [
        ("/", "Home"),
        ("/one/", "one"),
        ("/one/two/", "two"),
    ]


def test_an_empty_folder(listed):
    assert b"This folder is empty" in listed.ask("/").body


def test_only_what_can_be_fetched_is_shown(listed, tmp_path):
    (tmp_path / "secret").write_bytes(b"secret")
    listed.write("seen", b"x")
    listed.write(".hidden", b"x")
    listed.write("back\\slash", b"x")
    os.mkfifo(listed.folder / "fifo")
    for name, target in {"out": "../secret", "dangling": "nothing", "in": "seen", "parent": ".."}.items():
        (listed.folder / name).symlink_to(target)
    assert labels(listed.ask("/")) == ["in", "seen"]


HOSTILE = [
    b"<script>alert(1)</script>",
    b'"><img src=x onerror=alert(1)>',
    b"javascript:alert(1)",
    b"a?b#c",
    b"a&lt;b&amp;",
    b"<!--ROWS-->",
    b"{}%s%41",
    b"line\nbreak",
    b"caf\xe9",
    "日本 ü.txt".encode(),
    "\u202etxt.exe".encode(),
]


def test_hostile_names_stay_names(listed):
    for name in HOSTILE:
        if b"/" not in name:
            listed.write(name, name)
    page = Page(listed.ask("/").body)
    assert {"script", "img"}.isdisjoint(page.elements)
    assert len(page.links) == len([name for name in HOSTILE if b"/" not in name])
    for href, _ in page.links:
        assert listed.ask(urljoin("/", href)).body == unquote_to_bytes(href)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.binary(min_size=1, max_size=12), max_size=5, unique=True))
def test_every_link_leads_to_its_file(tmp_path_factory, site_of, names):
    site = site_of(tmp_path_factory.mktemp("listing"), listing=True)
    names = [name for name in names if not (set(name) & set(b"/\\\0") or name.startswith(b"."))]
    for name in names:
        site.write(name, name)
    page = Page(site.ask("/").body)
    if b"index.html" in names:
        return
    assert sorted(unquote_to_bytes(href) for href, _ in page.links) == sorted(names)
    for href, _ in page.links:
        assert site.ask(urljoin("/", href)).body == unquote_to_bytes(href)


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (150 * 1024, "150 KiB"),
        (5 * 1024**3, "5.0 GiB"),
        (3 * 1024**5, "3072 TiB"),
    ],
)
def test_sizes(size, text):
    assert f">{text}<" in listing._size(size)
    assert f"{size:,} bytes" in listing._size(size)


def test_a_folder_of_too_many_files(listed, monkeypatch):
    monkeypatch.setattr(listing, "MOST_ENTRIES", 3)
    for name in "abcde":
        listed.write(name, b"x")
    reply = listed.ask("/")
    assert len(labels(reply)) == 3
    assert b"Only 3 entries are shown" in reply.body


def test_dates_that_no_calendar_has(listed):
    path = listed.write("a", b"x")
    status = list(path.stat())
    status[8] = 10**17
    assert listing.Entry(b"a", os.stat_result(status), False).modified == 253402300799


def test_an_unreadable_folder(listed, monkeypatch):
    (listed.folder / "closed").mkdir()

    def refuse(*arguments):
        raise Refused(403)

    monkeypatch.setattr(listing, "_entries", refuse)
    assert listed.ask("/closed/").status == 403


def test_no_descriptor_is_left(listed, descriptors):
    listed.write("a", b"x")
    listed.ask("/")
    before = descriptors()
    listed.ask("/")
    assert descriptors() == before
