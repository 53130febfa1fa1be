cimport cython

from gearshift.websocket.utf8 cimport Utf8Check

cpdef enum Told:
    MORE            # nothing whole is at hand: bring more bytes
    TEXT            # message: str
    BINARY          # message: bytes
    PING            # message: bytes
    PONG
    CLOSE           # code and reason
    BROKEN          # the peer broke the protocol or a limit: the code to close with, and why
    GO_ON           # between frames of one message: never handed out
    LATER           # a long message is not inflated to its end: ask again, with more bytes or without

cpdef enum Within:
    HEAD            # a frame's head is next
    PAYLOAD         # of a frame of which more must come
    INFLATION       # a message has come and is being inflated
    ENDED           # a close frame or a breach: nothing after it is interpreted

@cython.final
cdef class Reader:
    cdef readonly Within within
    cdef readonly object message
    cdef readonly int code
    cdef readonly str reason
    cdef readonly Py_ssize_t taken      # bytes of the last take() that are interpreted
    cdef object inflation               # of the message that is being inflated (deflate.py), or None
    cdef object inflater                # undoes permessage-deflate; None where it was not agreed on
    cdef Py_ssize_t limit               # bytes of a message
    cdef int opcode                     # of the message under way; 0: none
    cdef bint compressed                # it is
    cdef bint last                      # the frame under way ends the message
    cdef unsigned long long due         # bytes left of the frame under way
    cdef unsigned int phase             # where in the masking key its next byte stands
    cdef unsigned char key[4]
    cdef char* gathered                 # what has come of the message, or NULL
    cdef Py_ssize_t filled, capacity
    cdef Utf8Check utf8

    cdef Told take(self, char* data, Py_ssize_t size) except *
    cdef Told _head(self, char* data, Py_ssize_t size) except *
    cdef int _first_bytes(self, int first, int second) except -1
    cdef Told _control(self, int opcode, char* payload, Py_ssize_t length) except *
    cdef Told _closing(self, const char* payload, Py_ssize_t length) except *
    cdef Told _payload(self, char* data, Py_ssize_t size) except *
    cdef int _gather(self, const char* piece, Py_ssize_t length) except -1
    cdef Told _frame_over(self) except *
    cdef Told _message_over(self, const char* data, Py_ssize_t length) except *
    cdef Told _inflate(self) except *
    cdef Told _told(self, const char* data, Py_ssize_t length) except *
    cdef Told _tell(self, object message) except *
    cdef Told _break(self, int code, str reason) except *
    cdef void move(self, Within target) noexcept
