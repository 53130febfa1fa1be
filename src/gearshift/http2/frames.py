"""Frames written (RFC 9113 sections 4.1 and 6)."""

import cython
from cython.cimports.gearshift.http.output import Output
from cython.cimports.gearshift.http2.frames import HEADER_LENGTH, Flag, FrameKind


def write_header(
    output: Output, length: cython.Py_ssize_t, kind: cython.int, flags: cython.int, stream: cython.uint
):
    """The nine octets that a frame begins with."""
    place: cython.p_uchar = cython.cast(cython.p_uchar, output.room(HEADER_LENGTH))
    place[0] = (length >> 16) & 255
    place[1] = (length >> 8) & 255
    place[2] = length & 255
    place[3] = kind
    place[4] = flags
    write_number(place + 5, stream)
    output.added(HEADER_LENGTH)
    return 0


def write_short(output: Output, kind: cython.int, stream: cython.uint, value: cython.uint):
    """A frame that is one number: RST_STREAM, WINDOW_UPDATE."""
    write_header(output, 4, kind, 0, stream)
    write_number(cython.cast(cython.p_uchar, output.room(4)), value)
    output.added(4)
    return 0


def write_goaway(output: Output, last: cython.uint, code: cython.uint):
    write_header(output, 8, FrameKind.GOAWAY, 0, 0)
    place: cython.p_uchar = cython.cast(cython.p_uchar, output.room(8))
    write_number(place, last)
    write_number(place + 4, code)
    output.added(8)
    return 0


def write_settings(output: Output, settings: dict):
    """settings: their values by their numbers."""
    write_header(output, 6 * len(settings), FrameKind.SETTINGS, 0, 0)
    number: cython.uint
    for key, value in settings.items():
        number = key
        place: cython.p_uchar = cython.cast(cython.p_uchar, output.room(6))
        place[0] = (number >> 8) & 255
        place[1] = number & 255
        write_number(place + 2, value)
        output.added(6)
    return 0


def write_block(
    output: Output,
    stream: cython.uint,
    block: cython.p_const_char,
    length: cython.Py_ssize_t,
    most: cython.Py_ssize_t,
    ended: cython.bint,
):
    """A header block: HEADERS, and CONTINUATION for what a frame of `most` octets does not hold."""
    kind: cython.int = FrameKind.HEADERS
    flags: cython.int = Flag.END_STREAM if ended else 0
    size: cython.Py_ssize_t = min(length, most)
    while True:
        if size == length:
            flags |= Flag.END_HEADERS
        write_header(output, size, kind, flags, stream)
        output.write(block, size)
        block += size
        length -= size
        if length == 0:
            return 0
        kind, flags, size = FrameKind.CONTINUATION, 0, min(length, most)


def write_number(place: cython.p_uchar, value: cython.uint):
    place[0] = (value >> 24) & 255
    place[1] = (value >> 16) & 255
    place[2] = (value >> 8) & 255
    place[3] = value & 255


def read_number(place: cython.p_const_uchar) -> cython.uint:
    return (
        (cython.cast(cython.uint, place[0]) << 24)
        | (cython.cast(cython.uint, place[1]) << 16)
        | (cython.cast(cython.uint, place[2]) << 8)
        | place[3]
    )
