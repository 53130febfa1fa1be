from cpython.object cimport PyObject

cdef struct KnownName:
    PyObject* name              # the bytes that clients send, in their spelling
    PyObject* key               # what the interface calls it; NULL: not passed on
    PyObject* value             # what it last had, as the interface passes it on
    unsigned long request       # the last request that had it, in whatever spelling
    KnownName* canonical        # the entry of the lower-case spelling, where `request` is kept

cdef class HeaderTable:
    cdef KnownName names[256]
    cdef KnownName stranger     # for names met when the table is full
    cdef int known
    cdef unsigned long request  # counts what is looked up for whom

    cdef KnownName* lookup(self, const char* name, Py_ssize_t length) except NULL
    cdef bint repeats(self, KnownName* known) noexcept
    cdef object key_for(self, bytes name)
    cdef void remember(self, KnownName* known, object value) noexcept

cdef void forget(KnownName* known) noexcept
