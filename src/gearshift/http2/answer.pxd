cimport cython

cdef extern from "string.h" nogil:
    void* memmem(const void* haystack, size_t size, const void* needle, size_t length)

cpdef enum Part:            # what comes next
    HEAD
    SIZED
    CHUNK_SIZE
    CHUNK_DATA
    CHUNK_END
    TRAILERS
    TUNNEL
    DONE

cpdef enum Told:
    NOTHING                 # more bytes are needed
    INTERIM                 # AnswerReader.head
    FINAL                   # AnswerReader.head
    DATA                    # `length` bytes from `skipped` on
    TRAILING                # AnswerReader.trailers

@cython.final
cdef class AnswerHead:
    cdef readonly list fields
    cdef readonly int status
    cdef readonly long long length
    cdef readonly bint chunked, closes

@cython.final
cdef class AnswerReader:
    cdef readonly Part part
    cdef readonly bint keeps
    cdef readonly AnswerHead head
    cdef readonly list trailers
    cdef readonly Py_ssize_t taken, skipped, length
    cdef long long due                  # bytes left of the body, or of a chunk
    cdef bint bodiless
    cdef bytes held                     # of a head or a line that is not whole

    cdef Told take(self, const char* data, Py_ssize_t size) except *
    cdef Told _step(self, const char* data, Py_ssize_t size) except *
    cdef bytes _until(self, const char* data, Py_ssize_t size, bytes mark, Py_ssize_t most)
    cdef Told _line(self, bytes line) except *
    cdef Told _head(self, const char* data, Py_ssize_t size) except *
    cdef Part _after_head(self, AnswerHead head) except *

cdef AnswerHead _parsed(bytes text)
cdef tuple _field(bytes line)
