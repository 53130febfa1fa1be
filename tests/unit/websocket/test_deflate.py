"""permessage-deflate (RFC 7692): which offers are taken, and that what is inflated has a limit."""

import random

import pytest

from gearshift.websocket.deflate import (
    DEFLATED_AT_ONCE,
    INFLATED_AT_ONCE,
    LEAST_BITS,
    TAKEN_AT_ONCE,
    Deflate,
    Deflating,
    InflatedTooLong,
    Inflating,
    NotDeflated,
    agree,
)

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


def stepped(steps: Inflating | Deflating) -> tuple[bytes, int]:
    """What comes out, and in how many steps."""
    number = 1
    while (done := steps.step()) is None:
        number += 1
    return done, number


@pytest.mark.parametrize(
    "size", [0, 1, DEFLATED_AT_ONCE - 1, DEFLATED_AT_ONCE, DEFLATED_AT_ONCE + 1, 1_000_000]
)
@pytest.mark.parametrize("keeps", [True, False])
def test_a_long_message_goes_through_in_steps(size: int, keeps: bool) -> None:
    sender, receiver = Deflate(we_keep=keeps), Deflate(they_keep=keeps)
    for data in (bytes(size), random.Random(size).randbytes(size)):
        done, steps = stepped(sender.deflating(data))
        assert steps == max(1, -(-size // DEFLATED_AT_ONCE))
        inflated, steps = stepped(receiver.inflating(done, size))
        assert inflated == data
        # One more where the last step was filled: nobody knows yet that nothing is left.
        assert steps <= 2 + max(size // INFLATED_AT_ONCE, len(done) // TAKEN_AT_ONCE)


def test_sizes_around_a_step_of_inflation() -> None:
    sender, receiver = Deflate(), Deflate()
    for size in range(INFLATED_AT_ONCE - 300, INFLATED_AT_ONCE + 300, 7):
        data = b"ab" * (size // 2) + b"c" * (size % 2)
        assert receiver.inflate(sender.deflate(data), size) == data
        with pytest.raises(InflatedTooLong):
            Deflate().inflate(Deflate().deflate(data), size - 1)
