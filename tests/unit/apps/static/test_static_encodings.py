from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gearshift.apps.static import encodings
from gearshift.apps.static.encodings import REFUSED, qualities


def liked(value):
    return {coding.decode(): quality for coding, quality in qualities(value.encode()).items()}


@pytest.mark.parametrize(
    ("value", "br", "zstd", "gzip", "identity"),
    [
        # RFC 9110 section 12.5.3
        ("compress, gzip", REFUSED, REFUSED, 1000, 0),
        ("", REFUSED, REFUSED, REFUSED, 0),
        ("*", 1000, 1000, 1000, 1000),
        ("compress;q=0.5, gzip;q=1.0", REFUSED, REFUSED, 1000, 0),
        ("gzip;q=1.0, identity; q=0.5, *;q=0", REFUSED, REFUSED, 1000, 500),
        # browsers
        ("gzip, deflate, br, zstd", 1000, 1000, 1000, 0),
        ("gzip;q=0.8,br;q=0.9", 900, REFUSED, 800, 0),
        # q=0, the star and identity
        ("br;q=0, *", REFUSED, 1000, 1000, 1000),
        ("identity;q=0", REFUSED, REFUSED, REFUSED, REFUSED),
        ("*;q=0", REFUSED, REFUSED, REFUSED, REFUSED),
        ("*;q=0, identity", REFUSED, REFUSED, REFUSED, 1000),
        ("gzip, *;q=0.001", 1, 1, 1000, 1),
        # spelling
        ("GZip ; Q=0.25 ,\tX-GZIP", REFUSED, REFUSED, 1000, 0),
        (",, gzip ,", REFUSED, REFUSED, 1000, 0),
        ("br;q=1.000,zstd;q=0.000", 1000, REFUSED, REFUSED, 0),
        # a malformed weight makes its member count as unlisted
        ("br;q=1.001", REFUSED, REFUSED, REFUSED, 0),
        ("br;q=0.1234", REFUSED, REFUSED, REFUSED, 0),
        ("br;q=2", REFUSED, REFUSED, REFUSED, 0),
        ("br;q=-1", REFUSED, REFUSED, REFUSED, 0),
        ("br;q=.5", REFUSED, REFUSED, REFUSED, 0),
        ("br;q=0.x", REFUSED, REFUSED, REFUSED, 0),
        ("br;level=1", REFUSED, REFUSED, REFUSED, 0),
        ("identity;q=zero", REFUSED, REFUSED, REFUSED, 0),
    ],
)
def test_qualities(value, br, zstd, gzip, identity):
    assert liked(value) == {"br": br, "zstd": zstd, "gzip": gzip, "identity": identity}


@given(st.binary(max_size=60))
def test_arbitrary_bytes_never_raise(value):
    assert set(qualities(value)) == {b"br", b"zstd", b"gzip", b"identity"}


def test_what_strangers_send_is_not_remembered_without_bounds():
    for number in range(2000):
        qualities(b"gzip;q=0.5, x-%d" % number)
    qualities(b"gzip" + b" " * 1000)
    assert len(encodings._remembered) <= 256
    assert max(map(len, encodings._remembered)) <= 128
