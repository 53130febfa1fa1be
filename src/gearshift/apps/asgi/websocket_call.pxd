cimport cython

from gearshift.apps.asgi.turns cimport Conversing
from gearshift.websocket.reader cimport Reader

cpdef enum Spoken:
    SILENT              # the application has not answered the request
    ACCEPTED            # it has, and may send messages
    DENYING             # it answers with an HTTP answer instead, which is not whole
    FINISHED            # it has said its last word

cdef class WebSocketCall(Conversing):
    cdef readonly Spoken spoken
    cdef object terms
    cdef object refusal                 # why the request is no valid handshake, or None
    cdef object deflate                 # the compression agreed on, or None
    cdef Reader reader
    cdef bytes agreed                   # lines of the 101 answer, once it is accepted
    cdef object status, headers         # of a denial
    cdef list pieces                    # of its body
    cdef list outgoing                  # messages (str, bytes) and the last word (code, reason), not yet framed
    cdef long long held                 # their bytes
    cdef object incoming                # messages that the application has not taken: a deque
    cdef long long queued               # their bytes, and a little for each
    cdef bint held_back                 # nothing more is read before the application has taken some of them
    cdef bint connect_told
    cdef bint over                      # nothing can be sent any more, and after the messages comes the disconnect
    cdef int code                       # with which code
    cdef str reason
    cdef bint producing                 # it looks

    cdef int _refuse(self) except -1
    cdef object _take_message(self, object message)
    cdef object _send_message(self, dict message)
    cdef int _accept_message(self, dict message) except -1
    cdef int _close_message(self, dict message) except -1
    cdef int _start_message(self, dict message) except -1
    cdef int _body_message(self, dict message) except -1
    cdef object _sent(self)
