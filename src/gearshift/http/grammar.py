"""Character classes of RFC 9110 section 5.6 and RFC 9112, as functions over spans of bytes."""

import cython
from cython.cimports.gearshift.http.grammar import AF_INET6, inet_pton
from cython.cimports.libc.limits import LLONG_MAX
from cython.cimports.libc.string import memchr, memcpy

TOKEN = frozenset(b"!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
# RFC 3986 reg-name without the comma, which is what joins two Host fields into one (RFC 9110 section 5.3).
HOST = frozenset(b"-._~!$&'()*+;=%0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")

_ONES = cython.declare(cython.ulonglong, 0x0101010101010101)
_SPACES = cython.declare(cython.ulonglong, 0x2020202020202020)
_DELETES = cython.declare(cython.ulonglong, 0x7F7F7F7F7F7F7F7F)
_HIGH_BITS = cython.declare(cython.ulonglong, 0x8080808080808080)

_token = cython.declare(cython.uchar[256])
_host = cython.declare(cython.uchar[256])
for _byte in range(256):
    _token[_byte] = _byte in TOKEN
    _host[_byte] = _byte in HOST


def is_token(text: cython.p_const_char, length: cython.Py_ssize_t) -> bool:
    index: cython.Py_ssize_t
    for index in range(length):
        if not _token[cython.cast(cython.uchar, text[index])]:
            return False
    return length > 0


def token_length(text: cython.p_const_char, length: cython.Py_ssize_t) -> cython.Py_ssize_t:
    """How many token characters the text begins with."""
    index: cython.Py_ssize_t = 0
    while index < length and _token[cython.cast(cython.uchar, text[index])]:
        index += 1
    return index


def quoted_length(text: cython.p_const_char, length: cython.Py_ssize_t) -> cython.Py_ssize_t:
    """The bytes of the quoted string that the text begins with, 0 where none begins or it does not end.

    RFC 9110 section 5.6.4. The text must be free of control characters.
    """
    index: cython.Py_ssize_t = 1
    if length == 0 or text[0] != b'"':
        return 0
    while index < length:
        if text[index] == b'"':
            return index + 1
        index += 2 if text[index] == b"\\" else 1
    return 0


def has_control(text: cython.p_const_char, length: cython.Py_ssize_t) -> bool:
    """Whether a byte is a control character other than HTAB: eight bytes at a time, since almost none is."""
    index: cython.Py_ssize_t = 0
    word: cython.ulonglong
    suspect: cython.ulonglong = 0
    byte: cython.uchar
    while index + 8 <= length:
        memcpy(cython.address(word), text + index, 8)
        # The high bit of each byte below 32, and of each that is 127 (and of some above 127: see below).
        suspect |= (word - _SPACES) & ~word
        suspect |= (word ^ _DELETES) - _ONES & ~(word ^ _DELETES)
        index += 8
    if suspect & _HIGH_BITS:
        index = 0  # perhaps only HTAB, or a borrow from a neighbour: look at each
    while index < length:
        byte = cython.cast(cython.uchar, text[index])
        if (byte < 32 and byte != 9) or byte == 127:
            return True
        index += 1
    return False


def is_target(text: cython.p_const_char, length: cython.Py_ssize_t) -> bool:
    """Visible ASCII without a fragment: RFC 9112 section 3.2 allows no white space and no raw high bytes."""
    bad: cython.uchar = 0
    byte: cython.uchar
    index: cython.Py_ssize_t
    for index in range(length):
        byte = cython.cast(cython.uchar, text[index])
        bad |= (byte < 33) | (byte > 126) | (byte == 35)
    return bad == 0


def is_host(text: cython.p_const_char, length: cython.Py_ssize_t) -> bool:
    """uri-host [ ":" port ] with a host that is not empty (RFC 9110 sections 4.2.1 and 7.2)."""
    index: cython.Py_ssize_t = 0
    port: cython.int = 0
    if length > 0 and text[0] == b"[":
        index = _address_length(text, length)
        if index == 0:
            return False
    else:
        while index < length and text[index] != b":":
            if not _host[cython.cast(cython.uchar, text[index])]:
                return False
            if text[index] == b"%":
                if index + 2 >= length:
                    return False
                if hexadecimal(cython.cast(cython.uchar, text[index + 1])) < 0:
                    return False
                if hexadecimal(cython.cast(cython.uchar, text[index + 2])) < 0:
                    return False
            index += 1
        if index == 0:
            return False
    if index == length:
        return True
    if text[index] != b":" or length - index > 6:
        return False
    for index in range(index + 1, length):
        if text[index] < 48 or text[index] > 57:
            return False
        port = port * 10 + text[index] - 48
    return port <= 65535


def _address_length(text: cython.p_const_char, length: cython.Py_ssize_t) -> cython.Py_ssize_t:
    """The bytes of "[" IPv6address "]" at the text's beginning, 0 where it is none (RFC 3986 section 3.2.2)."""
    address: cython.char[46]
    binary: cython.uchar[16]
    closing: cython.p_const_char = cython.cast(cython.p_const_char, memchr(text, 93, length))
    size: cython.Py_ssize_t = closing - text - 1
    if closing == cython.NULL or size > 45:
        return 0
    memcpy(address, text + 1, size)
    address[size] = 0
    return size + 2 if inet_pton(AF_INET6, address, binary) == 1 else 0


def same_name(text: cython.p_const_char, lower_case: cython.p_const_char, length: cython.Py_ssize_t) -> bool:
    """Compares two names of whatever characters without the case of their letters."""
    index: cython.Py_ssize_t
    byte: cython.uchar
    for index in range(length):
        byte = cython.cast(cython.uchar, text[index])
        if byte >= 65 and byte <= 90:
            byte |= 32
        if byte != cython.cast(cython.uchar, lower_case[index]):
            return False
    return True


def same_word(text: cython.p_const_char, lower_case: cython.p_const_char, length: cython.Py_ssize_t) -> bool:
    """Compares letters without their case.

    `text` must be free of control characters, `lower_case` made of lower-case letters, digits and -/: only: then
    setting bit 5 changes nothing but the case of letters.
    """
    different: cython.uchar = 0
    index: cython.Py_ssize_t
    for index in range(length):
        different |= (cython.cast(cython.uchar, text[index]) | 32) ^ cython.cast(
            cython.uchar, lower_case[index]
        )
    return different == 0


def has_option(
    text: cython.p_const_char,
    length: cython.Py_ssize_t,
    lower_case: cython.p_const_char,
    option_length: cython.Py_ssize_t,
) -> bool:
    """Whether that word stands in a comma-separated list (RFC 9110 section 5.6.1); both as for same_word()."""
    start: cython.Py_ssize_t = 0
    end: cython.Py_ssize_t
    stop: cython.Py_ssize_t
    while start < length:
        stop = start
        while stop < length and text[stop] != b",":
            stop += 1
        end = stop
        while start < end and (text[start] == b" " or text[start] == b"\t"):
            start += 1
        while end > start and (text[end - 1] == b" " or text[end - 1] == b"\t"):
            end -= 1
        if end - start == option_length and same_word(text + start, lower_case, option_length):
            return True
        start = stop + 1
    return False


def decimal(text: cython.p_const_char, length: cython.Py_ssize_t) -> cython.longlong:
    """The value of 1 to 19 ASCII digits, or -1. Above 2**63 - 1 it saturates: that is over any limit."""
    value: cython.ulonglong = 0
    index: cython.Py_ssize_t
    if length < 1 or length > 19:
        return -1
    for index in range(length):
        if text[index] < 48 or text[index] > 57:
            return -1
        value = value * 10 + cython.cast(cython.ulonglong, text[index] - 48)
    if value >> 63:
        return LLONG_MAX
    return cython.cast(cython.longlong, value)


def hexadecimal(digit: cython.uchar) -> cython.int:
    if digit >= 48 and digit <= 57:
        return digit - 48
    digit |= 32
    if digit >= 97 and digit <= 102:
        return digit - 87
    return -1
