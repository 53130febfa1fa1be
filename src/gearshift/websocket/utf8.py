"""Whether bytes that come in pieces are UTF-8 (RFC 3629 section 4): known at the first byte that can't be."""

import cython
from cython.cimports.libc.string import memcpy

_HIGH_BITS = cython.declare(cython.ulonglong, 0x8080808080808080)


class Utf8Check:
    """Of one text. It may end only where no character is under way (`whole`)."""

    def feed(self, text: bytes) -> bool:
        """The next piece; False as soon as a byte can be of no UTF-8."""
        return self.take(text, len(text))

    @property
    def whole(self):
        """Whether the text may end here."""
        return self.due == 0

    def restart(self):
        self.due = 0

    def take(self, text: cython.p_const_char, length: cython.Py_ssize_t) -> cython.bint:
        index: cython.Py_ssize_t = 0
        word: cython.ulonglong
        byte: cython.uchar
        while index < length:
            if self.due == 0:
                while index + 8 <= length:
                    memcpy(cython.address(word), text + index, 8)
                    if word & _HIGH_BITS:
                        break
                    index += 8
                if index == length:
                    break
            byte = cython.cast(cython.uchar, text[index])
            index += 1
            if self.due > 0:
                if byte < self.low or byte > self.high:
                    return False
                self.due -= 1
                self.low = 0x80
                self.high = 0xBF
            elif byte >= 0x80 and not self._begins(byte):
                return False
        return True

    def _begins(self, byte: cython.uchar) -> cython.bint:
        """A character of several bytes: no overlong one, no surrogate, none beyond U+10FFFF."""
        self.low = 0x80
        self.high = 0xBF
        if byte < 0xC2 or byte > 0xF4:
            return False
        if byte < 0xE0:
            self.due = 1
        elif byte < 0xF0:
            self.due = 2
            if byte == 0xE0:
                self.low = 0xA0
            elif byte == 0xED:
                self.high = 0x9F
        else:
            self.due = 3
            if byte == 0xF0:
                self.low = 0x90
            elif byte == 0xF4:
                self.high = 0x8F
        return True
