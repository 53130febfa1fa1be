cimport cython

@cython.final
cdef class Done:
    pass

@cython.final
@cython.freelist(64)
cdef class Value:
    cdef object value

cdef Done DONE
cdef Value ready(object value)
