"""permessage-deflate (RFC 7692): which offers are taken, and that what is inflated has a limit."""

import pytest

from gearshift.websocket.deflate import LEAST_BITS, Deflate, InflatedTooLong, NotDeflated, agree

NAME = b"permessage-deflate"


@pytest.mark.parametrize(
    ("offers", "answer"),
    [
        (NAME, NAME + b"; server_max_window_bits=12"),
        (
            NAME + b"; client_max_window_bits",
            NAME + b"; server_max_window_bits=12; client_max_window_bits=12",
        ),
        (
            NAME + b"; client_max_window_bits=8",
            NAME + b"; server_max_window_bits=12; client_max_window_bits=8",
        ),
        (NAME + b'; server_max_window_bits="10"', NAME + b"; server_max_window_bits=10"),
        (
            NAME + b"; server_no_context_takeover; client_no_context_takeover",
            NAME + b"; server_max_window_bits=12; server_no_context_takeover; client_no_context_takeover",
        ),
        (b"x-other, " + NAME.upper(), NAME + b"; server_max_window_bits=12"),
        # The second offer is for those who can't have the first (section 5.1).
        (NAME + b"; server_max_window_bits=8, " + NAME, NAME + b"; server_max_window_bits=12"),
        (NAME + b"; server_max_window_bits=16", b""),
        (NAME + b"; server_max_window_bits", b""),
        (NAME + b"; client_max_window_bits=0", b""),
        (NAME + b"; client_max_window_bits=09", b""),
        (NAME + b"; server_no_context_takeover=1", b""),
        (NAME + b"; server_no_context_takeover; server_no_context_takeover", b""),
        (NAME + b'; server_max_window_bits="1\\0"', NAME + b"; server_max_window_bits=10"),
        (NAME + b"; client_max_window_bits_", b""),
        (NAME + b"; unheard_of", b""),
        (b"", b""),
        (None, b""),
    ],
)
def test_offers(offers: bytes | None, answer: bytes) -> None:
    taken, said = agree(offers)
    assert said == answer
    assert (taken is None) is (answer == b"")


@pytest.mark.parametrize("keeps", [True, False])
@pytest.mark.parametrize("bits", [9, 12, 15])
def test_there_and_back(bits: int, keeps: bool) -> None:
    sender = Deflate(our_bits=bits, we_keep=keeps)
    receiver = Deflate(their_bits=bits, they_keep=keeps)
    sizes = []
    for number in range(4):
        data = bytes(range(256)) * (10 + number)
        done = sender.deflate(data)
        sizes.append(len(done))
        assert receiver.inflate(done, len(data)) == data
    if bits > LEAST_BITS:  # with the least, a message has left the window when the next comes
        assert (sizes[1] < sizes[0]) is keeps


def test_a_bomb_is_not_inflated_past_the_limit() -> None:
    bomb = Deflate(we_keep=False).deflate(bytes(10_000_000))
    assert len(bomb) < 20_000
    with pytest.raises(InflatedTooLong):
        Deflate().inflate(bomb, 100_000)
    assert len(Deflate().inflate(bomb, 10_000_000)) == 10_000_000


def test_what_is_not_deflated() -> None:
    with pytest.raises(NotDeflated):
        Deflate().inflate(b"\xff\xff\xff", 1000)


def test_a_stream_may_end_with_a_message() -> None:
    """RFC 7692 section 7.2.3.4."""
    import zlib

    whole = zlib.compressobj(wbits=-15)
    final = whole.compress(b"Hello") + whole.flush()
    receiver = Deflate()
    assert receiver.inflate(final + b"\x00", 100) == b"Hello"
    assert receiver.inflate(Deflate().deflate(b"again"), 100) == b"again"
