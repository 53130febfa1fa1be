"""WebSocket frames (RFC 6455 section 5): heads written, payloads unmasked, close codes judged."""

import cython
from cython.cimports.gearshift.http.output import Output
from cython.cimports.gearshift.websocket.frames import MOST_CONTROL
from cython.cimports.libc.string import memcpy

LARGEST_SHORT = cython.declare(cython.Py_ssize_t, 65535)  # a length that two bytes hold


def unmask(data: cython.p_char, length: cython.Py_ssize_t, key: cython.p_const_uchar, phase: cython.uint):
    """In place, eight bytes at a time. phase: of the payload's byte that `data` begins with (section 5.3)."""
    wide: cython.uchar[8]
    mask: cython.ulonglong
    word: cython.ulonglong
    index: cython.Py_ssize_t
    for index in range(8):
        wide[index] = key[(phase + index) & 3]
    memcpy(cython.address(mask), wide, 8)
    index = 0
    while index + 8 <= length:
        memcpy(cython.address(word), data + index, 8)
        word ^= mask
        memcpy(data + index, cython.address(word), 8)
        index += 8
    while index < length:
        data[index] = cython.cast(cython.char, cython.cast(cython.uchar, data[index]) ^ wide[index & 7])
        index += 1


def write_frame(
    output: Output,
    first: cython.int,
    owner: object,
    data: cython.p_const_char,
    length: cython.Py_ssize_t,
):
    """One frame, unmasked as a server's are. first: FIN, reserved bits and opcode. owner: keeps `data` alive."""
    place: cython.p_char = output.room(10)
    size: cython.int = 2
    shift: cython.int
    place[0] = cython.cast(cython.char, first)
    if length <= MOST_CONTROL:
        place[1] = cython.cast(cython.char, length)
    elif length <= LARGEST_SHORT:
        place[1] = 126
        place[2] = cython.cast(cython.char, length >> 8)
        place[3] = cython.cast(cython.char, length & 255)
        size = 4
    else:
        place[1] = 127
        for shift in range(8):
            place[2 + shift] = cython.cast(cython.char, (length >> (8 * (7 - shift))) & 255)
        size = 10
    output.added(size)
    return output.write_memory(owner, data, length)


def frame(opcode: int, payload: bytes, first: int = 0x80) -> bytes:
    """One whole frame as bytes. first: the bits beside the opcode, FIN where nobody says otherwise."""
    output: Output = Output()
    write_frame(output, first | opcode, payload, payload, len(payload))
    return bytes(output)


def close_payload(code: cython.int, reason: bytes):
    """Of a close frame; empty where no code was given (section 7.1.5: 1005 is never sent)."""
    if code == 1005:
        return b""
    return bytes((code >> 8, code & 255)) + reason[: MOST_CONTROL - 2]


def may_be_sent(code: cython.int):
    """Whether the code may stand in a close frame (section 7.4; 1012 to 1014 are in IANA's registry)."""
    return (1000 <= code <= 1014 and code not in (1004, 1005, 1006)) or 3000 <= code <= 4999
