from __future__ import annotations

import errno
import os
import resource
import tempfile
from pathlib import Path

import pytest

HTML = "text/html; charset=utf-8"


def test_a_file(site, long_ago):
    site.write("a.html", b"<p>Hi")
    reply = site.ask("/a.html")
    assert (reply.status, reply.body) == (200, b"<p>Hi")
    assert reply.fields == {
        "Content-Type": HTML,
        "ETag": reply["ETag"],
        "Last-Modified": long_ago[1],
        "Accept-Ranges": "bytes",
        "X-Content-Type-Options": "nosniff",
    }


def test_head_is_answered_like_get(site):
    site.write("a.html", b"<p>Hi")
    assert site.ask("/a.html", method="HEAD").answer is site.ask("/a.html").answer


def test_the_query_makes_no_other_file(site):
    site.write("a.js", b"1")
    assert site.ask("/a.js?v=1").answer is site.ask("/a.js?v=2").answer is site.ask("/a.js").answer


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "TRACE", "get", "PROPFIND"])
@pytest.mark.parametrize("target", ["/a.html", "/missing"])
def test_other_methods(site, method, target):
    site.write("a.html", b"<p>Hi")
    site.ask("/a.html")
    reply = site.ask(target, method=method)
    assert reply.status == 405
    assert reply["Allow"] == "GET, HEAD, OPTIONS"


def test_options(site):
    reply = site.ask("/", method="OPTIONS")
    assert (reply.status, reply.body, reply["Allow"]) == (204, b"", "GET, HEAD, OPTIONS")


@pytest.mark.parametrize("target", ["/missing", "/.env", "/a/../a.html", "/a.html/", "/a.html/x", "/folder/"])
def test_not_found_is_one_answer_whatever_the_reason(site, target):
    site.write("a.html", b"<p>Hi")
    site.write(".env", b"SECRET=1")
    (site.folder / "folder").mkdir()
    reply = site.ask(target)
    assert reply.status == 404
    assert reply["Content-Type"] == HTML
    assert reply.answer is site.ask("/something/else").answer


def test_a_malformed_address(site):
    assert site.ask("/%zz").status == 400


class TestFolders:
    def test_index(self, site):
        site.write("index.html", b"root")
        site.write("docs/index.html", b"docs")
        assert site.ask("/").body == b"root"
        assert site.ask("/docs/").body == b"docs"
        assert site.ask("/docs/")["Content-Type"] == HTML
        assert site.ask("/docs/?x=1").body == b"docs"

    @pytest.mark.parametrize(
        ("target", "location"),
        [
            ("/docs", "/docs/"),
            ("/docs?a=1&b=//x", "/docs/?a=1&b=//x"),
            ("/d%6Fcs", "/d%6Fcs/"),
            ("/docs/more", "/docs/more/"),
        ],
    )
    def test_the_slash_is_added(self, site, target, location):
        site.write("docs/more/index.html", b"docs")
        reply = site.ask(target)
        assert reply.status == 301
        assert reply["Location"] == location
        assert site.ask(target, method="HEAD").status == 301

    @pytest.mark.parametrize(
        "target", ["//docs", "//docs/..", "/\\docs", "/%5cdocs", "/%2fdocs", "//evil.example/%2e%2e"]
    )
    def test_no_redirect_leads_to_another_host(self, site, target):
        site.write("docs/index.html", b"docs")
        site.write("evil.example/index.html", b"docs")
        assert site.ask(target).status == 404

    def test_an_index_that_comes_and_goes(self, site):
        (site.folder / "docs").mkdir()
        assert site.ask("/docs/").status == 404
        path = site.write("docs/index.html", b"docs")
        assert site.ask("/docs/").body == b"docs"
        path.unlink()
        assert site.ask("/docs/").status == 404

    def test_an_index_that_is_a_folder(self, site):
        (site.folder / "docs" / "index.html").mkdir(parents=True)
        assert site.ask("/docs/").status == 404

    def test_a_file_that_becomes_a_folder(self, site):
        path = site.write("a", b"file")
        assert site.ask("/a").body == b"file"
        path.unlink()
        site.write("a/index.html", b"folder")
        assert site.ask("/a").status == 301
        assert site.ask("/a/").body == b"folder"


class TestVariants:
    @pytest.fixture(autouse=True)
    def files(self, site):
        site.write("a.js", b"plain")
        site.write("a.js.br", b"brotli")
        site.write("a.js.gz", b"gzip")
        site.write("alone.js", b"alone")

    @pytest.mark.parametrize(
        ("accepted", "body", "coding"),
        [
            ("gzip, deflate, br, zstd", b"brotli", "br"),
            ("gzip, deflate", b"gzip", "gzip"),
            ("br;q=0.5, gzip", b"gzip", "gzip"),
            ("identity, br;q=0.5", b"plain", None),
            ("identity, br", b"brotli", "br"),
            ("zstd", b"plain", None),
            ("zstd, *;q=0.1", b"brotli", "br"),
            ("br;q=0, gzip;q=0", b"plain", None),
            ("identity;q=0, gzip;q=0.001", b"gzip", "gzip"),
            ("", b"plain", None),
        ],
    )
    def test_are_chosen_by_quality(self, site, accepted, body, coding):
        reply = site.ask("/a.js", accept_encoding=accepted)
        assert (reply.status, reply.body) == (200, body)
        assert reply.fields.get("Content-Encoding") == coding
        assert reply["Vary"] == "Accept-Encoding"
        assert reply["Content-Type"] == "text/javascript; charset=utf-8"

    def test_without_the_field_the_plain_file_is_sent(self, site):
        reply = site.ask("/a.js")
        assert reply.body == b"plain"
        assert reply["Vary"] == "Accept-Encoding"
        assert "Content-Encoding" not in reply.fields

    @pytest.mark.parametrize("accepted", ["identity;q=0", "*;q=0", "zstd, identity;q=0"])
    def test_nothing_acceptable(self, site, accepted):
        reply = site.ask("/a.js", accept_encoding=accepted)
        assert reply.status == 406
        assert reply["Vary"] == "Accept-Encoding"

    def test_a_file_without_variants_does_not_vary(self, site):
        reply = site.ask("/alone.js", accept_encoding="br")
        assert reply.body == b"alone"
        assert "Vary" not in reply.fields

    def test_each_has_its_own_etag(self, site):
        replies = [site.ask("/a.js", accept_encoding=accepted) for accepted in ("br", "gzip", "")]
        etags = {reply["ETag"] for reply in replies}
        assert len(etags) == 3
        brotli = replies[0]["ETag"]
        not_modified = site.ask("/a.js", accept_encoding="br", if_none_match=brotli)
        assert not_modified.status == 304
        assert not_modified["Vary"] == "Accept-Encoding"
        assert site.ask("/a.js", accept_encoding="gzip", if_none_match=brotli).status == 200

    def test_hard_links_have_different_etags_all_the_same(self, site):
        site.write("b.js", b"same")
        os.link(site.folder / "b.js", site.folder / "b.js.gz")
        assert site.ask("/b.js", accept_encoding="gzip")["ETag"] != site.ask("/b.js")["ETag"]

    def test_ranges_and_conditions_apply_to_the_chosen_one(self, site):
        reply = site.ask("/a.js", accept_encoding="br", range="bytes=0-1")
        assert (reply.status, reply.body) == (206, b"br")
        assert reply["Content-Range"] == "bytes 0-1/6"
        assert reply["Content-Encoding"] == "br"
        assert site.ask("/a.js", accept_encoding="gzip", range="bytes=5-")["Vary"] == "Accept-Encoding"
        assert site.ask("/a.js", accept_encoding="br", if_match='"x"')["Vary"] == "Accept-Encoding"

    def test_asked_for_by_name_they_are_files_of_their_own(self, site):
        reply = site.ask("/a.js.gz", accept_encoding="gzip")
        assert reply["Content-Type"] == "application/gzip"
        assert "Content-Encoding" not in reply.fields

    def test_of_an_index(self, site):
        site.write("docs/index.html", b"plain")
        site.write("docs/index.html.zst", b"zstandard")
        reply = site.ask("/docs/", accept_encoding="zstd")
        assert (reply.body, reply["Content-Encoding"], reply["Content-Type"]) == (b"zstandard", "zstd", HTML)

    def test_alone_they_are_nothing(self, site):
        site.write("only.css.gz", b"gzip")
        assert site.ask("/only.css", accept_encoding="gzip").status == 404

    def test_that_lead_out_are_not_there(self, site, tmp_path):
        (tmp_path / "secret").write_bytes(b"secret")
        (site.folder / "alone.js.br").symlink_to("../secret")
        assert site.ask("/alone.js", accept_encoding="br").body == b"alone"

    def test_that_change_are_seen_at_once(self, site):
        assert site.ask("/a.js", accept_encoding="br").body == b"brotli"
        path = site.write("a.js.br", b"BROTLI!")
        assert site.ask("/a.js", accept_encoding="br").body == b"BROTLI!"
        path.unlink()
        assert site.ask("/a.js", accept_encoding="br").body == b"plain"

    def test_that_appear_are_seen_after_a_second(self, site):
        site.ask("/alone.js", accept_encoding="br", turn=100.0)
        site.write("alone.js.br", b"brotli")
        assert site.ask("/alone.js", accept_encoding="br", turn=100.5).body == b"alone"
        assert site.ask("/alone.js", accept_encoding="br", turn=101.5).body == b"brotli"

    def test_large_and_small_together(self, site):
        site.write("big.js", b"x" * 200_000)
        site.write("big.js.br", b"small")
        site.write("big.js.gz", b"z" * 70_000)
        assert site.ask("/big.js", accept_encoding="br").body == b"small"
        assert site.ask("/big.js", accept_encoding="gzip").body == b"z" * 70_000
        assert site.ask("/big.js").body == b"x" * 200_000
        assert site.responder.cache.descriptors == 2


@pytest.fixture
def public(site_of):
    """A site in a folder that everybody may reach, and a way to lose root's right to read everything."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        was = os.geteuid()
        try:
            yield site_of(Path(folder)), lambda: os.seteuid(65534) if was == 0 else None
        finally:
            os.seteuid(was)


def test_unreadable(public):
    site, become_nobody = public
    site.write("ok.txt", b"fine")
    site.write("ok.txt.gz", b"gzip").chmod(0)
    site.write("closed.txt", b"secret").chmod(0)
    site.write("closed/index.html", b"secret").parent.chmod(0)
    become_nobody()
    assert site.ask("/ok.txt", accept_encoding="gzip").body == b"fine"
    assert site.ask("/closed.txt").status == 403
    assert site.ask("/closed/").status == 404


def test_a_file_that_becomes_unreadable_while_kept(public):
    site, become_nobody = public
    path = site.write("a.txt", b"fine")
    assert site.ask("/a.txt").status == 200
    path.chmod(0)
    become_nobody()
    assert site.ask("/a.txt").status == 403


def test_without_descriptors_it_says_try_again_and_lets_go_of_its_own(site):
    site.write("large", b"x" * 100_000)
    site.write("kept", b"kept")
    site.write("new", b"new")
    site.ask("/large")
    site.ask("/kept")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    hoard = []
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard))
    try:
        with pytest.raises(OSError, match="Too many") as told:  # noqa: PT012
            while True:
                hoard.append(os.open("/dev/null", os.O_RDONLY))
        assert told.value.errno == errno.EMFILE
        assert site.ask("/kept").status == 200
        busy = site.ask("/new")
        assert (busy.status, busy["Retry-After"]) == (503, "1")
        assert site.responder.cache.descriptors == 0
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for descriptor in hoard:
            os.close(descriptor)
    assert site.ask("/new").status == 200
