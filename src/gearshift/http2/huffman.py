"""The Huffman code of header strings (RFC 7541 section 5.2 and appendix B), by tables both ways.

The code is canonical: the lengths give it. The decoder takes four bits at a time; since the shortest code has five, no
step ends more than one symbol. Its states are the inner nodes of the code's tree, of which there are 256.
"""

import cython
from cython.cimports.cpython.bytes import PyBytes_AS_STRING, PyBytes_FromStringAndSize
from cython.cimports.gearshift.http2.codes import ErrorCode
from cython.cimports.libc.stdlib import free, malloc

from gearshift.http2.codes import Http2Error

# Bits of each octet's code, and of EOS, which never stands in a string.
# fmt: off
LENGTHS = (
     13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28,
     28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
     6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6,
     5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
     13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
     7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
     15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5,
     6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
     20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
     24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
     22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23,
     21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
     26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
     19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
     20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
     26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
     30,
)
# fmt: on
ON_THE_STACK = cython.declare(cython.Py_ssize_t, 1024)  # bytes of a string as decoded

_codes = cython.declare(cython.uint[257])
_lengths = cython.declare(cython.uchar[257])
_next = cython.declare(cython.uchar[4096])  # [16 * state + four bits]
_symbols = cython.declare(cython.uchar[4096])
_marks = cython.declare(cython.uchar[4096])
_SYMBOL = cython.declare(cython.uchar, 1)  # one is complete
_ENDS = cython.declare(cython.uchar, 2)  # a string may end here
_FAILS = cython.declare(cython.uchar, 4)
_EOS = cython.declare(cython.int, 256)


def _tree() -> list:
    """Inner nodes as [where 0 leads, where 1 leads]: another node, or minus one minus the symbol; fills the codes."""
    nodes: list = [[0, 0]]
    code = length = 0
    for symbol in sorted(range(257), key=lambda symbol: (LENGTHS[symbol], symbol)):
        code <<= LENGTHS[symbol] - length
        length = LENGTHS[symbol]
        _codes[symbol] = code
        _lengths[symbol] = length
        at = 0
        for place in range(length - 1, 0, -1):
            bit = (code >> place) & 1
            if nodes[at][bit] == 0:
                nodes[at][bit] = len(nodes)
                nodes.append([0, 0])
            at = nodes[at][bit]
        nodes[at][code & 1] = -1 - symbol
        code += 1
    return nodes


def _fill(nodes: list) -> None:
    """The decoder's steps. Padding is the beginning of EOS, less than an octet of it: seven ones or fewer."""
    padding = [0]
    while len(padding) < 8:
        padding.append(nodes[padding[len(padding) - 1]][1])
    for state in range(256):
        for nibble in range(16):
            at, mark, symbol = state, 0, 0
            for place in (3, 2, 1, 0):
                at = nodes[at][(nibble >> place) & 1]
                if at < 0:
                    symbol, at = -1 - at, 0
                    mark = _FAILS if symbol == _EOS else _SYMBOL
                    if mark == _FAILS:
                        break
            slot = 16 * state + nibble
            _next[slot] = at
            _symbols[slot] = symbol & 255
            _marks[slot] = mark | (_ENDS if at in padding else 0)


_fill(_tree())


def decoded(text: cython.p_const_uchar, length: cython.Py_ssize_t):
    """The string that this is the code of. Raises Http2Error."""
    buffer: cython.char[1024]
    place: cython.p_char = buffer
    most: cython.Py_ssize_t = length * 8 // 5 + 1
    size: cython.Py_ssize_t
    if most > ON_THE_STACK:
        place = cython.cast(cython.p_char, malloc(most))
        if place == cython.NULL:
            raise MemoryError
    size = _decode(text, length, place)
    string = PyBytes_FromStringAndSize(place, size) if size >= 0 else None
    if place != buffer:
        free(place)
    if size < 0:
        raise Http2Error(ErrorCode.COMPRESSION_ERROR, "a string that is no Huffman code")
    return string


def _decode(text: cython.p_const_uchar, length: cython.Py_ssize_t, place: cython.p_char) -> cython.Py_ssize_t:
    """How many octets it is, -1: none."""
    index: cython.Py_ssize_t
    size: cython.Py_ssize_t = 0
    slot: cython.uint
    state: cython.uint = 0
    mark: cython.uchar = _ENDS
    for index in range(length):
        slot = 16 * state + (text[index] >> 4)
        mark = _marks[slot]
        if mark & _FAILS:
            return -1
        if mark & _SYMBOL:
            place[size] = cython.cast(cython.char, _symbols[slot])
            size += 1
        slot = 16 * cython.cast(cython.uint, _next[slot]) + (text[index] & 15)
        mark = _marks[slot]
        if mark & _FAILS:
            return -1
        if mark & _SYMBOL:
            place[size] = cython.cast(cython.char, _symbols[slot])
            size += 1
        state = _next[slot]
    return size if mark & _ENDS else -1


def encoded_length(text: cython.p_const_uchar, length: cython.Py_ssize_t) -> cython.Py_ssize_t:
    """Octets that encode() writes."""
    index: cython.Py_ssize_t
    bits: cython.Py_ssize_t = 7
    for index in range(length):
        bits += _lengths[text[index]]
    return bits // 8


def encode_into(place: cython.p_uchar, text: cython.p_const_uchar, length: cython.Py_ssize_t):
    """Writes the code of a string."""
    index: cython.Py_ssize_t
    held: cython.ulonglong = 0
    bits: cython.int = 0  # of held, that are not written
    for index in range(length):
        held = (held << _lengths[text[index]]) | _codes[text[index]]
        bits += _lengths[text[index]]
        while bits >= 8:
            bits -= 8
            place[0] = (held >> bits) & 255
            place += 1
    if bits > 0:
        place[0] = ((held << (8 - bits)) | (0xFF >> bits)) & 255


def decode(text: bytes) -> bytes:
    """The string that this is the code of. Raises Http2Error."""
    return decoded(cython.cast(cython.p_const_uchar, PyBytes_AS_STRING(text)), len(text))


def encode(text: bytes) -> bytes:
    """The code of a string."""
    source: cython.p_const_uchar = cython.cast(cython.p_const_uchar, PyBytes_AS_STRING(text))
    result: bytes = PyBytes_FromStringAndSize(cython.NULL, encoded_length(source, len(text)))
    encode_into(cython.cast(cython.p_uchar, PyBytes_AS_STRING(result)), source, len(text))
    return result
