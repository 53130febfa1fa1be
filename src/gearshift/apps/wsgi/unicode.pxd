# The parts of CPython's str interface that Cython does not declare.

cdef extern from "Python.h":
    int PyUnicode_KIND(object text) nogil
    Py_ssize_t PyUnicode_GET_LENGTH(object text) nogil
    char* PyUnicode_1BYTE_DATA(object text) nogil
    object PyUnicode_DecodeLatin1(const char* text, Py_ssize_t length, const char* errors)
    object PyDict_Copy(object source)
    int PyDict_SetItem(object target, object key, object value) except -1
    int PyUnicode_1BYTE_KIND
