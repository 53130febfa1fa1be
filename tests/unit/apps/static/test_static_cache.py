from __future__ import annotations

import os
import threading

import pytest

from gearshift.apps.static import cache as cache_module
from gearshift.apps.static.cache import LARGEST_IN_MEMORY, Cache, _affordable_descriptors

SMALL, LARGE = b"s" * 100, b"l" * (LARGEST_IN_MEMORY + 1)


@pytest.fixture
def stats(monkeypatch):
    """The paths that were compared with the file system."""
    seen = []
    real = os.stat

    def counted(path, *arguments, **keywords):
        seen.append(path)
        return real(path, *arguments, **keywords)

    monkeypatch.setattr(os, "stat", counted)
    return seen


def kept(site):
    return set(site.responder.cache.spelled)


@pytest.mark.parametrize("content", [SMALL, LARGE], ids=["small", "large"])
class TestHits:
    def test_are_the_same_answer(self, site, content):
        site.write("a", content)
        first = site.ask("/a")
        assert first.body == content
        assert site.ask("/a").answer is first.answer

    def test_look_once_in_a_turn(self, site, content, stats):
        site.write("a", content)
        site.ask("/a", turn=1.0)
        stats.clear()
        for _ in range(5):
            site.ask("/a", turn=1.0)
        assert stats == []
        for _ in range(5):
            site.ask("/a", turn=2.0)
        assert stats == [os.fsencode(site.folder) + b"/a"]

    @pytest.mark.parametrize("how", ["rewritten", "appended", "truncated", "replaced", "same size and time"])
    def test_see_a_change_in_the_next_turn(self, site, content, how):
        path = site.write("a", content)
        before = site.ask("/a")
        if how == "rewritten":
            new = site.write("a", content.upper(), modified=1_700_000_001) and content.upper()
        elif how == "appended":
            with path.open("ab") as file:
                file.write(b"+")
            new = content + b"+"
        elif how == "truncated":
            os.truncate(path, 10)
            new = content[:10]
        elif how == "replaced":
            site.write("new", b"new")
            (site.folder / "new").replace(path)
            new = b"new"
        else:
            new = site.write("a", content.upper()) and content.upper()
        after = site.ask("/a")
        assert after.body == new
        if how != "same size and time":  # the entity tag is made of these
            assert after["ETag"] != before["ETag"]

    def test_see_that_it_is_gone_and_back(self, site, content):
        path = site.write("a", content)
        assert site.ask("/a").status == 200
        path.unlink()
        assert site.ask("/a").status == 404
        assert kept(site) == set()
        site.write("a", content)
        assert site.ask("/a").status == 200

    def test_an_answer_outlives_what_it_was_made_from(self, site, content):
        path = site.write("a", content)
        reply = site.ask("/a")
        path.unlink()
        site.ask("/a")
        site.responder.close()
        assert type(reply)(reply.answer).body == content


def test_other_spellings_share_the_resource(site):
    site.write("a.txt", SMALL)
    first = site.ask("/a.txt")
    for target in ("/%61.txt", "/a%2Etxt", "/%61%2e%74xt?q"):
        assert site.ask(target).answer is first.answer
    assert kept(site) == {b"/a.txt"}


def test_what_has_just_changed_is_sent_but_not_kept(site):
    """Within one tick of the kernel's clock a file can change twice and look the same."""
    path = site.write("a", SMALL)
    changed = path.stat().st_ctime_ns
    site.responder.loader.wall_clock = lambda: changed + 10_000_000
    assert site.ask("/a").body == SMALL
    assert kept(site) == set()
    site.responder.loader.wall_clock = lambda: changed + 30_000_000
    site.ask("/a")
    assert kept(site) == {b"/a"}


def test_a_change_while_it_is_read_is_never_mixed(site, monkeypatch):
    path = site.write("a", b"old old old")
    real = os.pread

    def interrupted(descriptor, size, offset):
        content = real(descriptor, size, offset)
        if content.startswith(b"old"):
            site.write("a", b"new and longer")
        return content

    monkeypatch.setattr(os, "pread", interrupted)
    site.responder.loader.wall_clock = lambda: path.stat().st_ctime_ns + 10**12
    reply = site.ask("/a")
    assert reply.body == b"new and longer"
    monkeypatch.undo()
    assert site.ask("/a")["ETag"] == reply["ETag"]


def test_a_file_that_never_stands_still(site, monkeypatch):
    site.write("a", b"0")
    real = os.pread
    sizes = iter(range(1, 100))

    def restless(descriptor, size, offset):
        content = real(descriptor, size, offset)
        site.write("a", b"x" * next(sizes))
        return content

    monkeypatch.setattr(os, "pread", restless)
    assert site.ask("/a").status == 503


def test_a_date_in_the_future_is_not_told(site):
    site.write("a", SMALL, modified=4_000_000_000)
    site.responder.loader.wall_clock = lambda: 1_800_000_000 * 10**9
    assert site.ask("/a")["Last-Modified"] == "Fri, 15 Jan 2027 08:00:00 GMT"


def test_a_date_before_the_epoch(site):
    site.write("a", SMALL, modified=-1000)
    assert site.ask("/a")["Last-Modified"] == "Thu, 01 Jan 1970 00:00:00 GMT"


class TestBounds:
    def test_memory(self, site):
        cache = site.responder.cache
        for name in "abc":
            site.write(name, SMALL)
            site.ask("/" + name)
        cache.most_memory = cache.memory
        site.ask("/a")
        site.write("d", SMALL)
        site.ask("/d")
        assert kept(site) == {b"/a", b"/c", b"/d"}, "/b was used least recently"
        assert cache.memory <= cache.most_memory

    def test_descriptors(self, site, descriptors):
        cache = site.responder.cache
        cache.most_descriptors = 3
        site.write("small", SMALL)
        site.ask("/small")
        before = descriptors()
        for number in range(20):
            site.write(f"f{number}", LARGE)
            assert site.ask(f"/f{number}").body == LARGE
        assert kept(site) == {b"/small", b"/f17", b"/f18", b"/f19"}
        assert descriptors() == before + 3

    def test_a_large_file_goes_before_memory_overflows_with_its_variants(self, site):
        cache = site.responder.cache
        site.write("large", LARGE)
        site.write("large.br", SMALL)
        site.ask("/large")
        cache.most_memory = 1
        site.write("other", LARGE)
        assert site.ask("/other").body == LARGE
        assert (cache.memory, cache.descriptors, kept(site)) == (0, 0, set())

    def test_no_room_at_all(self, site):
        site.responder.cache.most_descriptors = 0
        site.write("a", LARGE)
        assert site.ask("/a").body == LARGE
        assert site.ask("/a").body == LARGE
        assert kept(site) == set()

    def test_the_sums_return_to_nothing(self, site, descriptors):
        before = descriptors()
        for name, content in {"a": SMALL, "b": LARGE, "c": SMALL}.items():
            site.write(name, content)
            site.write(name + ".gz", content)
            site.ask("/" + name)
        cache = site.responder.cache
        assert cache.descriptors == 2
        site.responder.close()
        assert (cache.memory, cache.descriptors, cache.spelled, cache.named) == (0, 0, {}, {})
        assert descriptors() == before

    @pytest.mark.parametrize(("limit", "affordable"), [(1024, 128), (1_000_000, 256), (64, 8), (-1, 256)])
    def test_a_low_limit_of_the_process_counts(self, monkeypatch, limit, affordable):
        monkeypatch.setattr(cache_module.os, "sysconf", lambda name: limit)
        assert _affordable_descriptors() == affordable
        assert Cache().most_descriptors == affordable


def test_forgetting_what_was_replaced_meanwhile(site):
    site.write("a", SMALL)
    site.ask("/a")
    old = site.responder.cache.named[b"a"]
    site.write("a", SMALL + b"2")
    site.ask("/a")
    site.responder.cache.forget(old)
    assert kept(site) == {b"/a"}


def test_many_threads(site, site_of):
    """Answers are whole and of one version, and the sums hold, while files change and room is short."""
    site.responder.cache.most_memory = 12_000
    site.responder.cache.most_descriptors = 2
    names = [f"f{number}" for number in range(6)]

    def content(name, version):
        filler = LARGE if name in ("f4", "f5") else SMALL
        return f"{name}:{version}:".encode() + filler

    for name in names:
        site.write(name, content(name, 0))
    faults = []
    done = threading.Event()

    def replace():
        for version in range(1, 60):
            for name in names:
                site.write(f"new/{name}", content(name, version))
                (site.folder / "new" / name).replace(site.folder / name)
        done.set()

    def read(seed):
        turn = float(seed)
        while not done.is_set():
            for name in names:
                turn += 0.001
                reply = site.ask("/" + name, turn=turn)
                found, version, _ = reply.body.split(b":")
                if (
                    reply.status != 200
                    or reply.body != content(found.decode(), int(version))
                    or found != name.encode()
                ):
                    faults.append((name, reply.status, reply.body[:20]))

    threads = [threading.Thread(target=read, args=(seed * 1000,)) for seed in range(4)]
    threads.append(threading.Thread(target=replace))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    cache = site.responder.cache
    assert cache.memory == sum(found.memory for found in cache.named.values()) <= cache.most_memory
    assert cache.descriptors == sum(found.descriptors for found in cache.named.values()) <= 2
    assert set(cache.named) == {path[1:] for path in cache.spelled}
    for name in names:
        assert site.ask("/" + name).body == content(name, 59)
