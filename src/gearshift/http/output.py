"""What waits to be sent on one connection, in order: small pieces copied together, large ones by reference.

Heads and small bodies are copied into one buffer, so that pipelined answers leave in one send. A body above
`BY_REFERENCE` bytes is not copied, and a piece of a file is only named: the engine sends it with sendfile.
"""

import cython
from cython.cimports.cpython.bytes import PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cython.cimports.cpython.object import PyObject
from cython.cimports.cpython.ref import Py_INCREF, Py_XDECREF
from cython.cimports.gearshift.http.output import Part, Span
from cython.cimports.libc.stdlib import free, malloc, realloc
from cython.cimports.libc.string import memcpy, memmove

BY_REFERENCE = cython.declare(cython.Py_ssize_t, 16384)
FIRST_CAPACITY = cython.declare(cython.Py_ssize_t, 4096)
KEPT_CAPACITY = cython.declare(
    cython.Py_ssize_t, 262144
)  # a buffer grown beyond this is given back when empty


class Output:
    """A queue of bytes and pieces of files. `pending` says how many bytes are left to send."""

    def __cinit__(self):
        self.buffer = cython.NULL
        self.parts = cython.NULL

    def __dealloc__(self):
        self.clear()
        free(self.buffer)
        free(self.parts)

    def room(self, size: cython.Py_ssize_t):
        """A place for `size` more bytes; whoever fills it says so with added()."""
        capacity: cython.Py_ssize_t
        wider: cython.p_char
        if self.end + size > self.capacity:
            if self.start > 0:
                memmove(self.buffer, self.buffer + self.start, self.end - self.start)
                self.end -= self.start
                self.start = 0
            if self.end + size > self.capacity:
                capacity = max(2 * self.capacity, FIRST_CAPACITY)
                while capacity < self.end + size:
                    capacity *= 2
                wider = cython.cast(cython.p_char, realloc(self.buffer, capacity))
                if wider == cython.NULL:
                    raise MemoryError
                self.buffer = wider
                self.capacity = capacity
        return self.buffer + self.end

    def added(self, size: cython.Py_ssize_t):
        self.end += size
        self.loose += size
        self.pending += size

    def write(self, data: cython.p_const_char, size: cython.Py_ssize_t):
        if size > 0:
            memcpy(self.room(size), data, size)
            self.added(size)
        return 0

    def write_bytes(self, data: bytes):
        return self.write_memory(data, PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data))

    def write_memory(self, owner: object, memory: cython.p_const_char, size: cython.Py_ssize_t):
        """Copies what is small; of what is large only a reference to its owner is kept."""
        part: cython.pointer[Part]
        if size < BY_REFERENCE:
            return self.write(memory, size)
        part = self._new_part()
        part.owner = cython.cast(cython.pointer[PyObject], owner)
        Py_INCREF(owner)
        part.memory = memory
        part.length = size
        self.pending += size
        return 0

    def write_file(
        self, owner: object, descriptor: cython.int, offset: cython.longlong, length: cython.longlong
    ):
        part: cython.pointer[Part]
        if length == 0:
            return 0
        part = self._new_part()
        part.owner = cython.cast(cython.pointer[PyObject], owner)
        Py_INCREF(owner)
        part.memory = cython.NULL
        part.descriptor = descriptor
        part.offset = offset
        part.length = length
        self.pending += length
        return 0

    def write_record(
        self, kind: cython.int, owner: object, memory: cython.p_const_char, size: cython.Py_ssize_t
    ):
        """What is to leave as a TLS record of its own kind, by a kernel that seals (RFC 8446 section 5.1)."""
        part: cython.pointer[Part] = self._new_part()
        part.owner = cython.cast(cython.pointer[PyObject], owner)
        Py_INCREF(owner)
        part.memory = memory
        part.length = size
        part.record = kind
        self.pending += size
        return 0

    def _new_part(self):
        """The next place in the queue, behind the bytes that were written before it."""
        part: cython.pointer[Part]
        wider: cython.pointer[Part]
        needed: cython.int = 2 if self.loose else 1
        if self.first > 0 and self.first == self.last:
            self.first = self.last = 0
        if self.first > 0 and self.last + needed > self.room_for_parts:
            # A reader that is never quite caught up with must not make the queue grow for ever.
            self.last -= self.first
            memmove(self.parts, self.parts + self.first, self.last * cython.sizeof(Part))
            self.first = 0
        if self.last + needed > self.room_for_parts:
            wider = cython.cast(
                cython.pointer[Part],
                realloc(self.parts, (2 * self.room_for_parts + 4) * cython.sizeof(Part)),
            )
            if wider == cython.NULL:
                raise MemoryError
            self.parts = wider
            self.room_for_parts = 2 * self.room_for_parts + 4
        if self.loose:
            part = cython.address(self.parts[self.last])
            part.owner = cython.NULL
            part.record = 0
            part.length = self.loose
            self.loose = 0
            self.last += 1
        self.last += 1
        part = cython.address(self.parts[self.last - 1])
        part.record = 0
        return part

    def forget(self, size: cython.Py_ssize_t):
        """Takes back the last bytes, which must be loose: a head that turned out to be invalid."""
        self.end -= size
        self.loose -= size
        self.pending -= size

    def spans(self, spans: cython.pointer[Span], most: cython.int):
        """Names the runs of memory at the queue's front, up to the first file or record; returns how many."""
        count: cython.int = 0
        index: cython.int
        place: cython.Py_ssize_t = self.start
        part: cython.pointer[Part]
        for index in range(self.first, self.last):
            if count == most:
                return count
            part = cython.address(self.parts[index])
            if part.owner == cython.NULL:
                spans[count].start = self.buffer + place
                place += cython.cast(cython.Py_ssize_t, part.length)
            elif part.memory != cython.NULL and part.record == 0:
                spans[count].start = part.memory
            else:
                return count
            spans[count].length = cython.cast(cython.Py_ssize_t, part.length)
            count += 1
        if self.loose and count < most:
            spans[count].start = self.buffer + place
            spans[count].length = self.loose
            count += 1
        return count

    def file(self):
        """The piece of a file at the queue's front, or NULL."""
        if self.first == self.last:
            return cython.NULL
        part: cython.pointer[Part] = cython.address(self.parts[self.first])
        if part.owner == cython.NULL or part.memory != cython.NULL:
            return cython.NULL
        return part

    def record(self):
        """The TLS record of a kind of its own at the queue's front, or NULL."""
        if self.first == self.last or self.parts[self.first].record == 0:
            return cython.NULL
        return cython.address(self.parts[self.first])

    def sent(self, size: cython.longlong):
        """The first `size` bytes have left."""
        part: cython.pointer[Part]
        taken: cython.longlong
        self.pending -= size
        while self.first < self.last and size > 0:
            part = cython.address(self.parts[self.first])
            taken = min(size, part.length)
            if part.owner == cython.NULL:
                self.start += cython.cast(cython.Py_ssize_t, taken)
            elif part.memory != cython.NULL:
                part.memory += taken
            else:
                part.offset += taken
            part.length -= taken
            size -= taken
            if part.length == 0:
                Py_XDECREF(part.owner)
                self.first += 1
        self.start += cython.cast(cython.Py_ssize_t, size)
        self.loose -= cython.cast(cython.Py_ssize_t, size)
        if self.pending == 0:
            self.clear()

    def clear(self):
        """Drops everything; a buffer of usual size is kept for the next answers."""
        while self.first < self.last:
            Py_XDECREF(self.parts[self.first].owner)
            self.first += 1
        self.first = self.last = 0
        self.start = self.end = self.loose = 0
        self.pending = 0
        if self.capacity > KEPT_CAPACITY:
            free(self.buffer)
            self.buffer = cython.NULL
            self.capacity = 0

    def __bytes__(self):
        """Everything in memory that waits, as one bytes object: for tests and for showing."""
        count: cython.int = self.last - self.first + 1
        index: cython.int
        spans: cython.pointer[Span] = cython.cast(cython.pointer[Span], malloc(count * cython.sizeof(Span)))
        if spans == cython.NULL:
            raise MemoryError
        try:
            count = self.spans(spans, count)
            return b"".join(
                [PyBytes_FromStringAndSize(spans[index].start, spans[index].length) for index in range(count)]
            )
        finally:
            free(spans)
