"""One request's head as the parser leaves it: spans of bytes, turned into Python objects only when asked."""

import cython
from cython.cimports.cpython.bytes import PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cython.cimports.gearshift.http.grammar import hexadecimal, same_name
from cython.cimports.gearshift.http.request import Field, Known
from cython.cimports.libc.stdlib import free, malloc, realloc
from cython.cimports.libc.string import memcmp, memcpy


class Request:
    """What a client asked for; read-only to applications.

    `method`, `target`, `path` and `query` are the bytes that were sent: `path` is not decoded and has no
    query, and an absolute-form target has been reduced to its path. `OPTIONS *` has the path `*`.
    """

    def __cinit__(self):
        self.owned = cython.NULL
        self.fields = cython.address(self.inline_fields[0])
        self.capacity = 24
        self.restart()

    def __dealloc__(self):
        free(self.owned)
        if self.fields != cython.address(self.inline_fields[0]):
            free(self.fields)

    def restart(self):
        """Forgets everything, so that the parser can begin a head."""
        self.data = cython.NULL
        self.length = 0
        self.method_length = 0
        self.count = 0
        self.query_start = 0
        self.query_length = 0
        self.authority_length = 0
        self.minor = 1
        self.seen = 0
        self.asterisk = False
        self.absolute = False
        self.content_length = -1
        self.chunked = False
        self.expects_continue = False
        self.wants_close = False
        self.wants_keep_alive = False
        self.line = 0
        self.scanned = 0
        self.in_fields = False

    def keep(self):
        """Takes a copy of the head's bytes, because the buffer they stand in is about to change."""
        if self.owned != cython.NULL or self.data == cython.NULL:
            return 0
        self.owned = cython.cast(cython.p_char, malloc(self.length))
        if self.owned == cython.NULL:
            raise MemoryError
        memcpy(self.owned, self.data, self.length)
        self.data = self.owned
        return 0

    def new_field(self):
        """Room for one more field, or NULL where memory is exhausted."""
        wider: cython.pointer[Field]
        if self.count == self.capacity:
            size: cython.size_t = 2 * self.capacity * cython.sizeof(Field)
            if self.fields == cython.address(self.inline_fields[0]):
                wider = cython.cast(cython.pointer[Field], malloc(size))
                if wider != cython.NULL:
                    memcpy(wider, self.fields, self.count * cython.sizeof(Field))
            else:
                wider = cython.cast(cython.pointer[Field], realloc(self.fields, size))
            if wider == cython.NULL:
                return cython.NULL
            self.fields = wider
            self.capacity *= 2
        self.count += 1
        return cython.address(self.fields[self.count - 1])

    def has_body(self):
        return self.chunked or self.content_length > 0

    def method_is(self, name: cython.p_const_char, length: cython.uint):
        return self.method_length == length and memcmp(self.data + self.method_start, name, length) == 0

    def span(self, start: cython.uint, length: cython.uint):
        return PyBytes_FromStringAndSize(self.data + start, length)

    @property
    def method(self):
        return self.span(self.method_start, self.method_length)

    @property
    def target(self):
        return self.span(self.target_start, self.target_length)

    @property
    def is_conditional(self):
        """Whether it has a precondition or asks for a range (RFC 9110 sections 13.1 and 14.2)."""
        return self.seen & (Known.KNOWN_CONDITION | Known.KNOWN_RANGE) != 0

    @property
    def path(self):
        if self.path_length == 0:
            return b"*" if self.asterisk else b"/"
        return self.span(self.path_start, self.path_length)

    @property
    def query(self):
        return self.span(self.query_start, self.query_length)

    @property
    def headers(self):
        """The fields in the order they were sent: pairs of name (as sent) and value."""
        return [
            (
                self.span(self.fields[index].name, self.fields[index].name_length),
                self.span(self.fields[index].value, self.fields[index].value_length),
            )
            for index in range(self.count)
        ]

    def implied_host(self):
        """The authority of an absolute target that no Host field came with (HTTP/1.0), else None."""
        if not self.absolute or self.seen & Known.KNOWN_HOST:
            return None
        return self.span(self.authority_start, self.authority_length)

    def decoded_path(self):
        """The path, percent-decoded exactly once; an escape that is none stays as it was sent."""
        length: cython.Py_ssize_t = self.path_length
        text: cython.p_const_char = self.data + self.path_start
        decoded: bytes = PyBytes_FromStringAndSize(cython.NULL, length)
        plain: cython.p_char = PyBytes_AS_STRING(decoded)
        read: cython.Py_ssize_t = 0
        written: cython.Py_ssize_t = 0
        high: cython.int
        low: cython.int
        while read < length:
            if text[read] == b"%" and read + 2 < length:
                high = hexadecimal(cython.cast(cython.uchar, text[read + 1]))
                low = hexadecimal(cython.cast(cython.uchar, text[read + 2]))
                if high >= 0 and low >= 0:
                    plain[written] = cython.cast(cython.char, 16 * high + low)
                    written += 1
                    read += 3
                    continue
            plain[written] = text[read]
            written += 1
            read += 1
        return decoded[:written]

    def header(self, name: bytes):
        """The value of the field of that lower-case name, repeated ones joined by a comma, or None."""
        found = None
        wanted: cython.p_const_char = PyBytes_AS_STRING(name)
        length: cython.uint = cython.cast(cython.uint, PyBytes_GET_SIZE(name))
        index: cython.int
        for index in range(self.count):
            if self.fields[index].name_length != length:
                continue
            if not same_name(self.data + self.fields[index].name, wanted, length):
                continue
            value = self.span(self.fields[index].value, self.fields[index].value_length)
            found = value if found is None else found + b", " + value
        return found
