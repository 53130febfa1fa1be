"""The requests of a load as they go over the wire, taken in turn."""

import cython
from cython.cimports.libc.stdint import uint8_t
from cython.cimports.libc.stdlib import calloc, free


class Sequence:
    """texts: the requests, at least one. to_head: of each whether its method is HEAD. at_once: how many go together.

    They lie one behind the other, the first of them again behind the last, so that any run of `at_once` is one send.
    """

    def __cinit__(self, texts: list, to_head: list, at_once: cython.int):
        index: cython.int
        self.many = len(texts)
        places: cython.int = self.many + at_once - 1
        self.text = b"".join([texts[index % self.many] for index in range(places)])
        self.block = self.text
        self.offsets = cython.cast(
            cython.pointer[cython.Py_ssize_t], calloc(places + 1, cython.sizeof(cython.Py_ssize_t))
        )
        self.heads = cython.cast(cython.pointer[uint8_t], calloc(self.many, 1))
        if not (self.offsets and self.heads):
            raise MemoryError
        for index in range(places):
            self.offsets[index + 1] = self.offsets[index] + len(texts[index % self.many])
        for index in range(self.many):
            self.heads[index] = bool(to_head[index])

    def __dealloc__(self):
        free(self.offsets)
        free(self.heads)

    def take(self):
        """The place of the one whose turn it is."""
        request: cython.int = self.next
        self.next = request + 1 if request + 1 < self.many else 0
        return request

    def start(self, request: cython.int):
        return self.block + self.offsets[request]

    def size(self, request: cython.int, many: cython.int):
        """Bytes of this one and those behind it, `many` in all."""
        return self.offsets[request + many] - self.offsets[request]

    def follows(self, request: cython.int, first: cython.int, distance: cython.int):
        """Whether it is the one that stands so far behind the first."""
        return request == (first + distance) % self.many

    def to_head(self, request: cython.int):
        return self.heads[request]
