"""The tables that header blocks refer to (RFC 7541 section 2.3): the static one, and a connection's own."""

import cython
from cython.cimports.cpython.bytes import PyBytes_GET_SIZE

OVERHEAD = 32  # what a field counts beside its octets (RFC 7541 section 4.1)
# Appendix A; the first is number 1.
STATIC = (
    (b":authority", b""),
    (b":method", b"GET"),
    (b":method", b"POST"),
    (b":path", b"/"),
    (b":path", b"/index.html"),
    (b":scheme", b"http"),
    (b":scheme", b"https"),
    (b":status", b"200"),
    (b":status", b"204"),
    (b":status", b"206"),
    (b":status", b"304"),
    (b":status", b"400"),
    (b":status", b"404"),
    (b":status", b"500"),
    (b"accept-charset", b""),
    (b"accept-encoding", b"gzip, deflate"),
    (b"accept-language", b""),
    (b"accept-ranges", b""),
    (b"accept", b""),
    (b"access-control-allow-origin", b""),
    (b"age", b""),
    (b"allow", b""),
    (b"authorization", b""),
    (b"cache-control", b""),
    (b"content-disposition", b""),
    (b"content-encoding", b""),
    (b"content-language", b""),
    (b"content-length", b""),
    (b"content-location", b""),
    (b"content-range", b""),
    (b"content-type", b""),
    (b"cookie", b""),
    (b"date", b""),
    (b"etag", b""),
    (b"expect", b""),
    (b"expires", b""),
    (b"from", b""),
    (b"host", b""),
    (b"if-match", b""),
    (b"if-modified-since", b""),
    (b"if-none-match", b""),
    (b"if-range", b""),
    (b"if-unmodified-since", b""),
    (b"last-modified", b""),
    (b"link", b""),
    (b"location", b""),
    (b"max-forwards", b""),
    (b"proxy-authenticate", b""),
    (b"proxy-authorization", b""),
    (b"range", b""),
    (b"referer", b""),
    (b"refresh", b""),
    (b"retry-after", b""),
    (b"server", b""),
    (b"set-cookie", b""),
    (b"strict-transport-security", b""),
    (b"transfer-encoding", b""),
    (b"user-agent", b""),
    (b"vary", b""),
    (b"via", b""),
    (b"www-authenticate", b""),
)
_static = cython.declare(tuple, STATIC)
STATIC_LENGTH = cython.declare(cython.Py_ssize_t, len(STATIC))


class HeaderTable:
    """A dynamic table. limit: octets that it may have. added: fields that were ever put into it."""

    def __init__(self, limit: cython.Py_ssize_t):
        self.entries = []
        self.limit = limit

    def __len__(self):
        return len(self.entries) - self.gone

    def at(self, index: cython.Py_ssize_t):
        """The field of that number, static ones first and of the others the newest; None where there is none."""
        if index <= STATIC_LENGTH:
            return _static[index - 1] if index > 0 else None
        index = len(self.entries) - (index - STATIC_LENGTH)
        return self.entries[index] if index >= self.gone else None

    def add(self, field: tuple):
        """A field more, the newest; the oldest make room. One above the limit empties the table (section 4.4)."""
        size: cython.Py_ssize_t = size_of(field)
        self.added += 1
        self._shrink(self.limit - size)
        if size <= self.limit:
            self.entries.append(field)
            self.size += size
        return 0

    def resize(self, limit: cython.Py_ssize_t):
        self.limit = limit
        return self._shrink(limit)

    def number(self, added: cython.longlong) -> cython.Py_ssize_t:
        """By which number the field is known that was put in as the `added`th, from 1; 0 where it has left."""
        newest: cython.longlong = self.added - added
        return STATIC_LENGTH + 1 + newest if newest < len(self.entries) - self.gone else 0

    def fields(self) -> list:
        """All of them, the oldest first."""
        return self.entries[self.gone :]

    def _shrink(self, limit: cython.Py_ssize_t):
        while self.size > limit and self.gone < len(self.entries):
            self.size -= size_of(self.entries[self.gone])
            self.entries[self.gone] = None
            self.gone += 1
        if self.gone > 64 and 2 * self.gone > len(self.entries):
            del self.entries[: self.gone]
            self.gone = 0
        return 0


def size_of(field: tuple) -> cython.Py_ssize_t:
    """What it counts in a table, and in SETTINGS_MAX_HEADER_LIST_SIZE."""
    return (
        PyBytes_GET_SIZE(cython.cast(bytes, field[0]))
        + PyBytes_GET_SIZE(cython.cast(bytes, field[1]))
        + OVERHEAD
    )
