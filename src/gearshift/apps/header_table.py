"""A small learning table of header names, so that what an application calls them is made once.

Each entry also keeps its header's last value as the interface passed it on, since clients repeat themselves. A
table belongs to one thread of an engine: it learns without a lock.
"""

import cython
from cython.cimports.cpython.bytes import PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cython.cimports.cpython.object import PyObject
from cython.cimports.cpython.ref import Py_INCREF, Py_XDECREF
from cython.cimports.gearshift.apps.header_table import KnownName
from cython.cimports.libc.string import memcmp

SLOTS = cython.declare(cython.uint, 256)
MOST_NAMES = 160  # past this a name is made anew: strangers must not fill memory
_MOST_NAMES = cython.declare(cython.int, MOST_NAMES)


class HeaderTable:
    """Subclasses say by key_for() what a name becomes."""

    def __dealloc__(self):
        index: cython.uint
        for index in range(SLOTS):
            forget(cython.address(self.names[index]))
        forget(cython.address(self.stranger))

    def lookup(self, name: cython.p_const_char, length: cython.Py_ssize_t):
        """The table's entry for a name, made when it is first met."""
        first: cython.uint = cython.cast(cython.uchar, name[0])
        middle: cython.uint = cython.cast(cython.uchar, name[length >> 1])
        last: cython.uint = cython.cast(cython.uchar, name[length - 1])
        slot: cython.uint = cython.cast(cython.uint, length) * 31 + first * 17 + middle * 5 + last * 3
        known: cython.pointer[KnownName]
        while True:
            slot %= SLOTS
            known = cython.address(self.names[slot])
            if known.name == cython.NULL:
                break
            if (
                PyBytes_GET_SIZE(cython.cast(object, known.name)) == length
                and memcmp(PyBytes_AS_STRING(cython.cast(object, known.name)), name, length) == 0
            ):
                return known
            slot += 1
        if self.known >= _MOST_NAMES:
            known = cython.address(self.stranger)
            forget(known)
        else:
            self.known += 1
        spelling: bytes = PyBytes_FromStringAndSize(name, length)
        Py_INCREF(spelling)
        known.name = cython.cast(cython.pointer[PyObject], spelling)
        known.request = 0
        known.canonical = known
        lower: bytes = spelling.lower()
        key = self.key_for(lower)
        if key is not None:
            Py_INCREF(key)
            known.key = cython.cast(cython.pointer[PyObject], key)
        if lower != spelling and known != cython.address(self.stranger) and self.known < _MOST_NAMES:
            known.canonical = self.lookup(PyBytes_AS_STRING(lower), length)
        return known

    def repeats(self, known: cython.pointer[KnownName]):
        """Whether the present request (`self.request`) has had that header before, in any spelling."""
        before: cython.bint = known.canonical.request == self.request
        known.canonical.request = self.request
        return before

    def key_for(self, name: bytes):
        """What the interface calls the header of that lower-case name; None: it is not passed on."""
        raise NotImplementedError

    def remember(self, known: cython.pointer[KnownName], value: object):
        """Keeps the header's last value."""
        Py_XDECREF(known.value)
        Py_INCREF(value)
        known.value = cython.cast(cython.pointer[PyObject], value)


def forget(known: cython.pointer[KnownName]):
    Py_XDECREF(known.name)
    Py_XDECREF(known.key)
    Py_XDECREF(known.value)
    known.name = known.key = known.value = cython.NULL
