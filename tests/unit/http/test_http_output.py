"""What waits to be sent: in order, small things copied, large ones by reference, whatever leaves when."""

import random
import sys
from collections.abc import Callable

import pytest

from gearshift.apps.native import OpenFile
from gearshift.http.output import Output

BY_REFERENCE = 16384


def test_it_begins_empty() -> None:
    output = Output()
    assert output.pending == 0
    assert bytes(output) == b""


def test_small_pieces_stand_together() -> None:
    output = Output()
    for piece in (b"a", b"", b"bc" * 100, b"d"):
        output.write_bytes(piece)
    assert bytes(output) == b"a" + b"bc" * 100 + b"d"
    assert output.pending == 202


@pytest.mark.parametrize("size", [BY_REFERENCE - 1, BY_REFERENCE, BY_REFERENCE + 1])
def test_large_pieces_are_not_copied(size: int) -> None:
    output = Output()
    piece = b"x" * size
    before = sys.getrefcount(piece)
    output.write_bytes(piece)
    assert sys.getrefcount(piece) == before + (1 if size >= BY_REFERENCE else 0)
    assert bytes(output) == piece
    output.sent(size)
    assert output.pending == 0
    assert sys.getrefcount(piece) == before


def test_a_large_piece_is_let_go_with_its_last_byte() -> None:
    output = Output()
    piece = b"x" * BY_REFERENCE
    before = sys.getrefcount(piece)
    output.write_bytes(piece)
    output.write_bytes(b"behind")
    output.sent(BY_REFERENCE - 1)
    assert sys.getrefcount(piece) == before + 1
    output.sent(1)
    assert sys.getrefcount(piece) == before
    assert bytes(output) == b"behind"


def test_clear_and_the_end_of_the_output_let_everything_go() -> None:
    piece = b"x" * BY_REFERENCE
    before = sys.getrefcount(piece)
    for end in (Output.clear, lambda _: None):
        output = Output()
        for _ in range(5):
            output.write_bytes(piece)
        end(output)
        del output
        assert sys.getrefcount(piece) == before


def test_it_can_be_used_again_after_clear() -> None:
    output = Output()
    output.write_bytes(b"x" * 500000)
    output.write_bytes(b"y" * 400)
    output.clear()
    assert (output.pending, bytes(output)) == (0, b"")
    output.write_bytes(b"again")
    assert bytes(output) == b"again"


def test_the_last_bytes_can_be_taken_back() -> None:
    output = Output()
    output.write_bytes(b"x" * BY_REFERENCE)
    output.write_bytes(b"kept")
    output.write_bytes(b"half a head")
    output.forget(len(b"half a head"))
    output.write_bytes(b"!")
    assert bytes(output) == b"x" * BY_REFERENCE + b"kept!"
    assert output.pending == BY_REFERENCE + 5


def test_a_piece_of_a_file_holds_its_place_and_its_owner() -> None:
    output = Output()
    owner = OpenFile(-1)
    before = sys.getrefcount(owner)
    output.write_bytes(b"before")
    output.write_file(owner, 7, 100, 1000)
    output.write_bytes(b"behind")
    assert output.pending == 1012
    assert sys.getrefcount(owner) == before + 1
    # What can be shown ends where the file begins.
    assert bytes(output) == b"before"
    output.sent(6 + 400)
    assert output.pending == 606
    assert bytes(output) == b""
    output.sent(600)
    assert sys.getrefcount(owner) == before
    assert bytes(output) == b"behind"


def test_an_empty_piece_of_a_file_is_nothing() -> None:
    output = Output()
    output.write_file(None, 7, 0, 0)
    output.write_bytes(b"x")
    assert (output.pending, bytes(output)) == (1, b"x")


def test_any_order_of_writing_and_sending_keeps_the_bytes() -> None:
    """Against the simplest model there is: one bytes object."""
    choices = random.Random(9112)
    for _ in range(60):
        output, model = Output(), b""
        for _ in range(choices.randrange(1, 40)):
            if choices.random() < 0.6:
                size = choices.choice([0, 1, 10, 300, 4096, BY_REFERENCE - 1, BY_REFERENCE, 40000])
                piece = bytes([choices.randrange(256)]) * size
                output.write_bytes(piece)
                model += piece
            else:
                size = choices.randrange(len(model) + 1)
                output.sent(size)
                model = model[size:]
            assert output.pending == len(model)
            assert bytes(output) == model


def test_many_pieces_are_all_shown() -> None:
    output = Output()
    for number in range(100):
        output.write_bytes(b"%03d" % number + b"x" * BY_REFERENCE)
    assert bytes(output)[: BY_REFERENCE + 3] == b"000" + b"x" * BY_REFERENCE
    assert len(bytes(output)) == output.pending


def test_a_reader_that_never_catches_up_does_not_make_the_queue_grow(resident: Callable[[], int]) -> None:
    """A slow reader of an endless answer: something always waits, what has left must not be remembered."""
    output = Output()
    piece = b"x" * BY_REFERENCE
    output.write_bytes(piece)
    before = resident()
    for _ in range(300000):
        output.write_bytes(piece)
        output.sent(BY_REFERENCE)
    assert output.pending == BY_REFERENCE
    assert resident() - before < 4 * 1024 * 1024
