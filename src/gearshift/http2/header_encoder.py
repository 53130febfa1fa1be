"""Header blocks written (RFC 7541 section 6): fields in, octets out."""

import cython
from cython.cimports.cpython.bytes import (
    PyBytes_AS_STRING,
    PyBytes_FromStringAndSize,
    PyBytes_GET_SIZE,
)
from cython.cimports.gearshift.http.output import Output
from cython.cimports.gearshift.http2.header_table import HeaderTable, size_of
from cython.cimports.gearshift.http2.huffman import encode_into, encoded_length

from gearshift.http2.header_table import STATIC

TABLE_SIZE = 4096  # octets; the most that is used of what a peer offers
MOST_KNOWN = cython.declare(cython.Py_ssize_t, 256)  # fields looked up; twice what the table can hold
MOST_BLOCKS = cython.declare(cython.Py_ssize_t, 16)  # that are known as they stand, by the lists they are of
LONGEST_BLOCK = cython.declare(cython.Py_ssize_t, 256)  # octets of one of them
LONGEST_INTEGER = cython.declare(cython.Py_ssize_t, 10)
# They differ from answer to answer: in the table they would only push out what comes again.
OF_ONE_ANSWER = cython.declare(
    frozenset,
    frozenset((b"age", b"content-length", b"content-range", b"etag", b"last-modified", b"location")),
)
SECRET = cython.declare(
    frozenset, frozenset((b"set-cookie", b"authorization", b"proxy-authorization"))
)  # RFC 7541 section 7.1.3

_pairs: dict = {}
_names: dict = {}
for _index in range(len(STATIC), 0, -1):
    _pairs[STATIC[_index - 1]] = _names[STATIC[_index - 1][0]] = _index
_STATIC_PAIRS = cython.declare(dict, _pairs)
_STATIC_NAMES = cython.declare(dict, _names)


class HeaderEncoder:
    """table_size: octets of the peer's table, as long as it has not said otherwise."""

    def __init__(self, table_size: cython.Py_ssize_t = TABLE_SIZE):
        self.table = HeaderTable(table_size)
        self.output = Output()
        self.pairs = {}
        self.names = {}
        self.blocks = {}
        self.smallest = -1

    def resize(self, offered: cython.longlong):
        """What the peer's SETTINGS_HEADER_TABLE_SIZE says; the next block tells that it was heard (section 4.2)."""
        limit: cython.Py_ssize_t = min(offered, TABLE_SIZE)
        if limit != self.table.limit or self.smallest >= 0:
            self.smallest = limit if self.smallest < 0 else min(self.smallest, limit)
            self.table.resize(limit)
            self.blocks.clear()

    def encode(self, fields: list) -> bytes:
        """A whole block. fields: names in lower case, and values; a list that comes again is not to be changed."""
        output: Output = self.output
        before: cython.longlong = self.table.added
        plain: cython.bint = self.smallest < 0
        if plain and self.as_of == before:
            known: tuple = self.blocks.get(cython.cast(cython.Py_ssize_t, cython.cast(cython.p_void, fields)))
            if known is not None:
                return known[1]
        if not plain:
            self._tell_size()
        for field in fields:
            self._field(field)
        block: bytes = PyBytes_FromStringAndSize(output.buffer + output.start, output.end - output.start)
        output.clear()
        if plain and before == self.table.added:
            self._remember_block(fields, block)
        return block

    def _tell_size(self):
        if self.smallest < self.table.limit:
            self._integer(0x20, 5, self.smallest)
        self.smallest = -1
        return self._integer(0x20, 5, self.table.limit)

    def _remember_block(self, fields: list, block: bytes):
        """It means the same as long as nothing is put into the table."""
        if self.as_of != self.table.added or len(self.blocks) >= MOST_BLOCKS:
            self.blocks.clear()
            self.as_of = self.table.added
        if PyBytes_GET_SIZE(block) <= LONGEST_BLOCK:
            self.blocks[cython.cast(cython.Py_ssize_t, cython.cast(cython.p_void, fields))] = fields, block
        return 0

    def _field(self, field: tuple):
        name: bytes = field[0]
        number: cython.Py_ssize_t = self._number(_STATIC_PAIRS, self.pairs, field)
        if number > 0:
            return self._integer(0x80, 7, number)
        number = self._number(_STATIC_NAMES, self.names, name)
        if name in SECRET:
            self._integer(0x10, 4, number)
        elif name in OF_ONE_ANSWER or 2 * size_of(field) > self.table.limit:
            self._integer(0, 4, number)
        else:
            self._integer(0x40, 6, number)
            self._remember(field)
        if number == 0:
            self._string(name)
        return self._string(field[1])

    def _number(self, static: dict, dynamic: dict, key: object) -> cython.Py_ssize_t:
        """By which number the peer knows it, 0: none."""
        found: object = static.get(key)
        if found is not None:
            return found
        found = dynamic.get(key)
        return 0 if found is None else self.table.number(found)

    def _remember(self, field: tuple):
        self.table.add(field)
        if len(self.pairs) >= MOST_KNOWN or len(self.names) >= MOST_KNOWN:
            self.pairs.clear()
            self.names.clear()
            known: list = self.table.fields()
            number: cython.longlong = self.table.added - len(known)
            for each in known:
                number += 1
                self.pairs[each] = self.names[each[0]] = number
        else:
            self.pairs[field] = self.names[field[0]] = self.table.added
        return 0

    def _string(self, text: bytes):
        """Huffman-coded where that is shorter."""
        source: cython.p_const_uchar = cython.cast(cython.p_const_uchar, PyBytes_AS_STRING(text))
        length: cython.Py_ssize_t = PyBytes_GET_SIZE(text)
        coded: cython.Py_ssize_t = encoded_length(source, length)
        if coded >= length:
            self._integer(0, 7, length)
            return self.output.write(cython.cast(cython.p_const_char, source), length)
        self._integer(0x80, 7, coded)
        encode_into(cython.cast(cython.p_uchar, self.output.room(coded)), source, length)
        self.output.added(coded)
        return 0

    def _integer(self, first: cython.int, bits: cython.int, value: cython.ulonglong):
        """Section 5.1. first: what stands above those bits."""
        most: cython.ulonglong = (1 << bits) - 1
        place: cython.p_uchar = cython.cast(cython.p_uchar, self.output.room(LONGEST_INTEGER))
        size: cython.int = 1
        if value < most:
            place[0] = first | value
            self.output.added(1)
            return 0
        place[0] = first | most
        value -= most
        while value >= 128:
            place[size] = 128 | (value & 127)
            value >>= 7
            size += 1
        place[size] = value
        self.output.added(size + 1)
        return 0
