"""What a handshake offers, by the grammar of RFC 6455 sections 4.3 and 9.1."""

import time

import pytest

from gearshift.websocket.offers import MalformedOffer, extensions_in, subprotocols_in


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (b"", []),
        (b" , ,", []),
        (b"a", [(b"a", [])]),
        (b"a,b", [(b"a", []), (b"b", [])]),
        (b"a ; b ; c = d, e", [(b"a", [(b"b", None), (b"c", b"d")]), (b"e", [])]),
        (b'a;b="c"', [(b"a", [(b"b", b"c")])]),
        (b'a;b="\\c\\d"', [(b"a", [(b"b", b"cd")])]),
        (b"a;b;b", [(b"a", [(b"b", None), (b"b", None)])]),
    ],
)
def test_extensions(value: bytes, found: list[object]) -> None:
    assert extensions_in(value) == found


MALFORMED = (
    *(
        b"a b",
        b"a;",
        b";a",
        b"a;;b",
        b"a;=",
        b"a;b=",
        b"a;=b",
        b"a=b",
        b"(a)",
        b"a\xff",
        b'"a"',
        b"a, b;",
        b"a\t\tb",
    ),
    *(b'a;b="', b'a;b=""', b'a;b="c', b'a;b=c"', b'a;b="c,d"', b'a;b="c d"', b'a;b="c"d', b"a;b=c=d"),
)


@pytest.mark.parametrize("value", MALFORMED)
def test_what_is_no_list_of_extensions(value: bytes) -> None:
    with pytest.raises(MalformedOffer):
        extensions_in(value)


@pytest.mark.parametrize(
    "rest", [b"a" * 16000, b";b" * 8000, b" " * 16000, b";b" + b"\t" * 16000, b';b="' + b"\\c" * 8000]
)
def test_a_long_one_takes_no_longer_than_it_is(rest: bytes) -> None:
    """It may be as long as a field may be, from anybody; nothing of it may be looked at again and again."""
    before = time.process_time()
    with pytest.raises(MalformedOffer):
        extensions_in(b"a" + rest + b"(")
    assert time.process_time() - before < 0.1  # 256 million looks otherwise


@pytest.mark.parametrize(
    ("value", "names"),
    [(b"", []), (b"chat", ["chat"]), (b" chat ,,v2.chat\t", ["chat", "v2.chat"]), (b"a,a", ["a", "a"])],
)
def test_subprotocols(value: bytes, names: list[str]) -> None:
    assert subprotocols_in(value) == names


@pytest.mark.parametrize("value", [b"a b", b"a;b", b"a/b", b'"a"', b"a, {}", b"\xe4"])
def test_what_is_no_list_of_subprotocols(value: bytes) -> None:
    with pytest.raises(MalformedOffer):
        subprotocols_in(value)
