"""Header blocks read (RFC 7541 section 6): octets in, fields out.

An error in a block is one of the connection, since the table can't be known any more; a list above the limit is too,
because the rest of it would have to be read to know the table.
"""

import cython
from cython.cimports.cpython.bytes import PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cython.cimports.gearshift.http2.codes import ErrorCode
from cython.cimports.gearshift.http2.header_table import HeaderTable, size_of
from cython.cimports.gearshift.http2.huffman import decoded

from gearshift.http2.codes import Http2Error

TABLE_SIZE = 4096  # octets; SETTINGS_HEADER_TABLE_SIZE as it is where nobody says otherwise
LARGEST = cython.declare(cython.ulonglong, 1 << 28)  # integer that is read; no length or number comes near it


class HeaderDecoder:
    """most: octets of a header list, each field counted with 32 more (RFC 9113 section 6.5.2)."""

    def __init__(self, most: cython.longlong, table_size: cython.Py_ssize_t = TABLE_SIZE):
        self.table = HeaderTable(table_size)
        self.most = most
        self.largest_table = table_size

    def decode(self, block: bytes) -> list:
        """The fields of a whole block. Raises Http2Error."""
        return self.read(cython.cast(cython.p_const_uchar, PyBytes_AS_STRING(block)), PyBytes_GET_SIZE(block))

    def read(self, block: cython.p_const_uchar, length: cython.Py_ssize_t):
        fields: list = []
        field: tuple
        first: cython.uchar
        size: cython.longlong = 0
        self.place = block
        self.end = block + length
        while self.place < self.end:
            first = self.place[0]
            if first & 0x80:
                field = self._known(self._integer(7))
            elif first & 0x40:
                field = self._literal(6)
                self.table.add(field)
            elif first & 0x20:
                self._resize(len(fields) > 0)
                continue
            else:  # without indexing, or never indexed: to us they are the same
                field = self._literal(4)
            size += size_of(field)
            if size > self.most:
                raise Http2Error(ErrorCode.ENHANCE_YOUR_CALM, "a header list above the limit")
            fields.append(field)
        return fields

    def _known(self, index: cython.Py_ssize_t):
        field: tuple = self.table.at(index)
        if field is None:
            raise Http2Error(ErrorCode.COMPRESSION_ERROR, "a field that no table has")
        return field

    def _literal(self, bits: cython.int):
        index: cython.Py_ssize_t = self._integer(bits)
        name: bytes = self._string() if index == 0 else self._known(index)[0]
        return (name, self._string())

    def _resize(self, behind_a_field: cython.bint):
        """Section 4.2: before the first field, and within what we have offered."""
        limit: cython.Py_ssize_t = self._integer(5)
        if behind_a_field or limit > self.largest_table:
            raise Http2Error(ErrorCode.COMPRESSION_ERROR, "a table size that is not allowed")
        return self.table.resize(limit)

    def _string(self):
        coded: cython.bint
        text: cython.p_const_uchar
        length: cython.Py_ssize_t
        if self.place >= self.end:
            raise Http2Error(ErrorCode.COMPRESSION_ERROR, "a block that ends too soon")
        coded = self.place[0] & 0x80
        length = self._integer(7)
        if length > self.end - self.place:
            raise Http2Error(ErrorCode.COMPRESSION_ERROR, "a string that is longer than its block")
        text = self.place
        self.place += length
        if coded:
            return decoded(text, length)
        return PyBytes_FromStringAndSize(cython.cast(cython.p_const_char, text), length)

    def _integer(self, bits: cython.int) -> cython.Py_ssize_t:
        """Section 5.1; the first octet is there."""
        most: cython.uint = (1 << bits) - 1
        value: cython.ulonglong = self.place[0] & most
        shift: cython.int = 0
        octet: cython.uchar
        self.place += 1
        if value < most:
            return value
        while True:
            if self.place >= self.end or value > LARGEST or shift > 28:
                raise Http2Error(ErrorCode.COMPRESSION_ERROR, "an integer that is too long")
            octet = self.place[0]
            self.place += 1
            value += cython.cast(cython.ulonglong, octet & 0x7F) << shift
            shift += 7
            if not octet & 0x80:
                return value
