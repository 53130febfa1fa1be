"""Which answers are compressed, for whom, and what their heads say."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from gearshift.compression.choice import Choice, Compression
from gearshift.errors import SettingError

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n"
ALL = Compression(("zstd", "br", "gzip"), 1000, False)


def asking(minor: int = 1, **fields: str) -> Any:
    told = {name.replace("_", "-").encode(): value.encode() for name, value in fields.items()}
    return SimpleNamespace(minor=minor, header=told.get)


def choose(
    head: bytes = HEAD,
    request: Any = None,
    status: int = 200,
    promised: int = -1,
    length: int = -1,
    is_head: bool = False,
    by: Compression = ALL,
) -> Choice | None:
    return by.choose(request or asking(accept_encoding="gzip"), status, head, promised, length, is_head)


def coding_of(choice: Choice | None) -> bytes | None:
    assert choice is not None
    assert b"\r\nVary: Accept-Encoding\r\n" in choice.head
    found = [line for line in choice.head.split(b"\r\n") if line.startswith(b"Content-Encoding: ")]
    assert choice.coded == bool(found)
    return found[0].partition(b": ")[2] if found else None


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip, deflate, br, zstd", b"zstd"),
        ("gzip, deflate, br", b"br"),
        ("gzip", b"gzip"),
        ("x-gzip", b"gzip"),
        ("*", b"zstd"),
        ("gzip;q=0.9, br;q=0.5", b"gzip"),
        ("br;q=1.0, gzip;q=0", b"br"),
        ("gzip;q=0.001", b"gzip"),
        ("identity, gzip", b"gzip"),
        ("identity;q=1, gzip;q=0.5", None),
        ("gzip;q=0", None),
        ("*;q=0", None),
        ("identity", None),
        ("deflate", None),
        ("", None),
    ],
)
def test_what_the_client_likes_best(accepted: str, coding: bytes | None) -> None:
    assert coding_of(choose(request=asking(accept_encoding=accepted))) == coding


def test_a_client_that_says_nothing() -> None:
    assert coding_of(choose(request=asking())) is None


def test_only_what_is_set_and_in_that_order() -> None:
    by = Compression(("gzip", "br"), 0, False)
    assert coding_of(choose(request=asking(accept_encoding="zstd, br, gzip"), by=by)) == b"gzip"
    assert coding_of(choose(request=asking(accept_encoding="zstd"), by=by)) is None


@pytest.mark.parametrize(
    ("kind", "worth"),
    [
        ("text/plain", True),
        ("Text/CSS", True),
        ("text/event-stream", True),
        ("application/json", True),
        ("application/problem+json; charset=utf-8", True),
        ("application/atom+xml", True),
        ("image/svg+xml", True),
        ("application/wasm", True),
        ("image/png", False),
        ("video/mp4", False),
        ("font/woff2", False),
        ("application/zip", False),
        ("application/octet-stream", False),
        ("", False),
    ],
)
def test_what_shrinks(kind: str, worth: bool) -> None:
    choice = choose(b"HTTP/1.1 200 OK\r\ncontent-type: %s\r\n" % kind.encode())
    assert (choice is not None) == worth


@pytest.mark.parametrize(
    "line",
    [
        b"Content-Encoding: br",
        b"content-encoding: identity",
        b"Content-Range: bytes 0-1/2",
        b"Cache-Control: public, No-Transform",
        b"Digest: sha-256=x",
        b"Repr-Digest: sha-256=x",
        b"Content-MD5: x",
        b"Set-Cookie: session=1",
        b"Cache-Control: max-age=5, Private",
    ],
)
def test_what_is_left_alone(line: bytes) -> None:
    assert choose(HEAD + line + b"\r\n") is None


@pytest.mark.parametrize("status", [204, 205, 206, 304])
def test_without_content(status: int) -> None:
    assert choose(HEAD, status=status) is None


@pytest.mark.parametrize(
    ("promised", "length", "coded"),
    [(999, -1, 0), (-1, 999, 0), (1000, -1, 1), (-1, 1000, 1), (-1, -1, 1)],
)
def test_what_is_too_short(promised: int, length: int, coded: int) -> None:
    assert (choose(promised=promised, length=length) is not None) == coded


@pytest.mark.parametrize("field", ["cookie", "authorization"])
def test_what_belongs_to_one_user(field: str) -> None:
    request = asking(accept_encoding="gzip", **{field: "secret"})
    assert choose(request=request) is None
    private = Compression(("gzip",), 0, True)
    assert coding_of(choose(request=request, by=private)) == b"gzip"
    assert coding_of(choose(HEAD + b"Set-Cookie: a=b\r\n", by=private)) == b"gzip"


def test_the_head_of_a_compressed_answer() -> None:
    choice = choose(HEAD + b'ETag: "x"\r\nAccept-Ranges: bytes\r\nX-Other: 1\r\n')
    assert choice is not None
    assert choice.head == (
        HEAD + b'ETag: W/"x"\r\nX-Other: 1\r\nVary: Accept-Encoding\r\nContent-Encoding: gzip\r\n'
    )


def test_a_weak_tag_stays_as_it_is() -> None:
    choice = choose(HEAD + b'etag: W/"x"\r\n')
    assert choice is not None
    assert b'\r\nETag: W/"x"\r\n' in choice.head


@pytest.mark.parametrize("vary", [b"Accept-Encoding", b"Cookie, accept-encoding", b"*"])
def test_vary_is_not_said_twice(vary: bytes) -> None:
    choice = choose(HEAD + b"Vary: " + vary + b"\r\n")
    assert choice is not None
    assert choice.head.lower().count(b"vary") == 1


def test_an_answer_that_varies_says_so_uncompressed_too() -> None:
    choice = choose(HEAD + b'ETag: "x"\r\n', request=asking(accept_encoding="identity"))
    assert choice is not None
    assert choice.head == HEAD + b'ETag: "x"\r\nVary: Accept-Encoding\r\n'


def test_the_answer_to_head_is_that_to_get() -> None:
    choice = choose(promised=5000, is_head=True)
    assert coding_of(choice) == b"gzip"
    assert choice is not None
    assert choice.body is None


def test_http_1_0_gets_what_has_a_length() -> None:
    """Without chunks an answer whose length is not known ends by its connection's end."""
    old = asking(0, accept_encoding="gzip")
    assert coding_of(choose(request=old)) is None
    assert coding_of(choose(request=old, length=65537)) is None
    assert coding_of(choose(request=old, length=65536)) == b"gzip"


@pytest.mark.parametrize(
    ("asked", "tag", "changed"),
    [
        ('W/"x"', b'"x"', True),
        ('"y", W/"x"', b'"x"', True),
        ('"x"', b'"x"', False),
        ('W/"y"', b'"x"', False),
        ('W/"x"', b'W/"x"', False),
        ("*", b'"x"', False),
    ],
)
def test_not_modified_names_the_tag_that_was_given(asked: str, tag: bytes, changed: bool) -> None:
    head = b"HTTP/1.1 304 Not Modified\r\nETag: " + tag + b"\r\n"
    choice = choose(head, asking(if_none_match=asked), status=304)
    if not changed:
        assert choice is None
        return
    assert choice is not None
    assert choice.head == b'HTTP/1.1 304 Not Modified\r\nETag: W/"x"\r\nVary: Accept-Encoding\r\n'
    assert not choice.coded


@pytest.mark.parametrize(("coding", "package"), [("br", "brotli"), ("zstd", "zstandard")])
def test_a_package_that_is_missing(coding: str, package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, package, None)
    with pytest.raises(SettingError) as caught:
        Compression((coding,), 0, False)
    assert str(caught.value) == (
        f"--compress: found {coding}, for which {package} is missing (pip install gearshift[compress])"
    )
