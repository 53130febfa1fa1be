from __future__ import annotations

import re
from email import message_from_bytes
from email.policy import HTTP

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gearshift.apps.static.ranges import MOST_RANGES, parse_ranges

SIZE = 10_000


def spans(value: str, size: int = SIZE):
    found = parse_ranges(value.encode("latin-1"), size)
    return None if found is None else [(span.first, span.end) for span in found]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        # RFC 9110 section 14.1.2, for a representation of 10,000 bytes
        ("bytes=0-499", [(0, 500)]),
        ("bytes=500-999", [(500, 1000)]),
        ("bytes=-500", [(9500, 10000)]),
        ("bytes=9500-", [(9500, 10000)]),
        ("bytes=0-0,-1", [(0, 1), (9999, 10000)]),
        ("bytes= 0-0, -2", [(0, 1), (9998, 10000)]),
        ("bytes= 0-999, 4500-5499, -1000", [(0, 1000), (4500, 5500), (9000, 10000)]),
        ("bytes=500-600,601-999", [(500, 601), (601, 1000)]),
        ("bytes=500-700,601-999", [(500, 1000)]),
        # ends past the end, suffixes longer than the file
        ("bytes=9999-99999", [(9999, 10000)]),
        ("bytes=-20000", [(0, 10000)]),
        ("bytes=0-" + "9" * 100, [(0, 10000)]),
        ("bytes=" + "0" * 5000 + "5-7", [(5, 8)]),
        ("BYTES=0-0", [(0, 1)]),
        ("bytes=0-0,,\t2-2,", [(0, 1), (2, 3)]),
        # the client's order is kept where nothing overlaps
        ("bytes=100-199,0-9", [(100, 200), (0, 10)]),
        ("bytes=100-199,0-9,150-250,10-19", [(0, 20), (100, 251)]),
        # what does not exist is left out, and nothing at all is 416
        ("bytes=0-0,10000-", [(0, 1)]),
        ("bytes=10000-", []),
        ("bytes=-0", []),
        ("bytes=" + "9" * 5000 + "-", []),
        ("bytes=20000-30000,-0", []),
        # not ours, or not a range: ignored
        ("items=0-5", None),
        ("bytes", None),
        ("bytes=", None),
        ("bytes=,", None),
        ("bytes=-", None),
        ("bytes=5-2", None),
        ("bytes=0-0,5-2", None),
        ("bytes=a-b", None),
        ("bytes=0-0;1-1", None),
        ("bytes=+1-2", None),
        ("bytes=1--2", None),
        ("bytes=1_0-2_0", None),
        ("bytes=0x1-2", None),
        ("bytes=0 - 5", None),
        ("bytes =0-5", None),
        ("bytes=\xb2-\xb3", None),
    ],
)
def test_parse_ranges(value, expected):
    assert spans(value) == expected


def test_too_many_ranges_are_ignored():
    some = [f"{first * 10}-{first * 10 + 1}" for first in range(MOST_RANGES)]
    assert len(spans("bytes=" + ",".join(some))) == MOST_RANGES
    assert spans("bytes=" + ",".join([*some, "900-901"])) is None


def test_an_empty_file_is_always_whole():
    assert spans("bytes=0-", size=0) is None
    assert spans("bytes=-5", size=0) is None


def reference(value: str, size: int) -> set[int] | None:
    """The bytes that a Range asks for, one by one; None where it is to be ignored."""
    if not re.fullmatch(r"bytes=(\d+-\d*|-\d+)(,(\d+-\d*|-\d+))*", value):
        return None
    wanted: set[int] = set()
    for member in value[6:].split(","):
        first, last = member.split("-")
        if first and last and int(last) < int(first):
            return None
        if first:
            wanted.update(range(int(first), min(int(last) + 1 if last else size, size)))
        else:
            wanted.update(range(max(0, size - int(last)), size))
    return wanted


numbers = st.one_of(st.just(""), st.integers(0, 70).map(str))
members = st.tuples(numbers, numbers).map("-".join)
values = st.lists(members, min_size=1, max_size=8).map(lambda found: "bytes=" + ",".join(found))


@given(values, st.integers(1, 60))
def test_covers_exactly_what_was_asked_for(value, size):
    expected = reference(value, size)
    found = spans(value, size)
    if expected is None:
        assert found is None
        return
    assert {byte for first, end in found for byte in range(first, end)} == expected
    assert sum(end - first for first, end in found) == len(expected), "no byte is sent twice"
    one_by_one = [pair for member in value[6:].split(",") for pair in spans("bytes=" + member, size)]
    if sum(end - first for first, end in one_by_one) == len(expected):
        assert found == one_by_one, "the client's order, where nothing overlaps"


@given(st.binary(max_size=40))
def test_arbitrary_bytes_never_raise(value):
    parse_ranges(b"bytes=" + value, SIZE)


def parts_of(reply):
    """(Content-Range, Content-Type, bytes) of each part, as the email package reads them."""
    whole = b"Content-Type: " + reply["Content-Type"].encode() + b"\r\n\r\n" + reply.body
    message = message_from_bytes(whole, policy=HTTP)
    assert message.is_multipart()
    assert not message.defects
    return [
        (part["Content-Range"], part["Content-Type"], part.get_payload(decode=True))
        for part in message.iter_parts()
    ]


# Small files come out of memory, large ones out of a descriptor.
@pytest.fixture(params=[10_000, 200_000], ids=["memory", "descriptor"])
def content(request, site):
    content = bytes(range(256)) * (request.param // 256)
    site.write("data.bin", content)
    return content


def test_one_range(site, content):
    reply = site.ask("/data.bin", range="bytes=100-299")
    assert reply.status == 206
    assert reply.body == content[100:300]
    assert reply["Content-Range"] == f"bytes 100-299/{len(content)}"
    assert reply["Content-Type"] == "application/octet-stream"
    assert {"ETag", "Last-Modified", "Accept-Ranges"} <= set(reply.fields)


def test_several_ranges(site, content):
    reply = site.ask("/data.bin", range="bytes=-16,0-15,1000-1999")
    assert reply.status == 206
    assert reply["Content-Type"].startswith("multipart/byteranges; boundary=")
    assert "Content-Range" not in reply.fields
    size, kind = len(content), "application/octet-stream"
    assert [found[:2] for found in parts_of(reply)] == [
        (f"bytes {size - 16}-{size - 1}/{size}", kind),
        (f"bytes 0-15/{size}", kind),
        (f"bytes 1000-1999/{size}", kind),
    ]
    # The email package changes line ends, so the bytes are looked for as they are.
    boundary = reply["Content-Type"].partition("boundary=")[2].encode()
    bodies = [part.partition(b"\r\n\r\n")[2] for part in reply.body.split(b"\r\n--" + boundary)[1:-1]]
    assert bodies == [content[-16:], content[:16], content[1000:2000]]
    assert reply.body.endswith(b"\r\n--" + boundary + b"--\r\n")


def test_overlapping_ranges_become_one_part(site, content):
    reply = site.ask("/data.bin", range="bytes=0-99,50-149")
    assert (reply.status, reply.body) == (206, content[:150])
    assert reply["Content-Range"] == f"bytes 0-149/{len(content)}"


def test_nothing_of_it_exists(site, content):
    reply = site.ask("/data.bin", range=f"bytes={len(content)}-")
    assert reply.status == 416
    assert reply["Content-Range"] == f"bytes */{len(content)}"


@pytest.mark.parametrize("value", ["lines=1-2", "bytes=5-1", "bytes=" + ",".join(["0-"] * 1000)])
def test_what_is_ignored_gives_the_whole(site, content, value):
    reply = site.ask("/data.bin", range=value)
    assert (reply.status, reply.body) == (200, content)


def test_head_has_no_ranges(site, content):
    assert site.ask("/data.bin", method="HEAD", range="bytes=0-0").status == 200


def test_an_empty_file_is_sent_whole(site):
    site.write("empty.txt", b"")
    reply = site.ask("/empty.txt", range="bytes=0-")
    assert (reply.status, reply.body) == (200, b"")
