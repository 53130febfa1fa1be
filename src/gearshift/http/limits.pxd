cdef class Limits:
    cdef readonly Py_ssize_t head, fields, field, target
    cdef readonly long long body
