cimport cython
from cpython.object cimport PyObject

cdef struct Span:               # a run of bytes in memory
    const char* start
    Py_ssize_t length

cdef struct Part:               # owner NULL: that many bytes of the buffer
    PyObject* owner             # keeps `memory` or `descriptor` alive
    const char* memory          # NULL: a piece of a file
    int descriptor
    int record                  # what kind of TLS record it is, where the kernel seals; 0: as everything else
    long long offset
    long long length

@cython.final
cdef class Output:
    cdef char* buffer
    cdef Py_ssize_t capacity, start, end
    cdef Part* parts
    cdef int first, last, room_for_parts
    cdef Py_ssize_t loose       # bytes at the buffer's end that no part counts yet
    cdef readonly long long pending

    cdef char* room(self, Py_ssize_t size) except NULL
    cdef void added(self, Py_ssize_t size) noexcept
    cdef int write(self, const char* data, Py_ssize_t size) except -1
    cpdef int write_bytes(self, bytes data) except -1
    cdef int write_memory(self, object owner, const char* memory, Py_ssize_t size) except -1
    cpdef int write_file(self, object owner, int descriptor, long long offset, long long length) except -1
    cdef int write_record(self, int kind, object owner, const char* memory, Py_ssize_t size) except -1
    cpdef void forget(self, Py_ssize_t size) noexcept
    cdef int spans(self, Span* spans, int most) noexcept
    cdef Part* file(self) noexcept
    cdef Part* record(self) noexcept
    cpdef void sent(self, long long size) noexcept
    cpdef void clear(self) noexcept
    cdef Part* _new_part(self) except NULL
