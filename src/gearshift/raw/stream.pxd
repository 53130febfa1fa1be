cimport cython

from gearshift.channel cimport Channel
from gearshift.exchange cimport Exchange, Made, Service
from gearshift.http.request cimport Request
from gearshift.conversation cimport Conversation, RawApplication

cdef enum Call:
    CONNECTED
    RECEIVED
    EOF

cdef class StreamApplication(RawApplication):
    cdef tuple labels                   # a Request for each kind of call: what it is named in the house's tables
    cdef readonly bint greets           # connected() is called before anything has come
    cdef bint hears_the_end             # eof() is called
    cdef readonly long long most_unsent

@cython.final
cdef class StreamConversation(Conversation):
    cdef bint greeted, eof_told
    cdef bint busy                      # the handler runs: what it says is sent when it returns
    cdef long long _number              # of the connection, once it is closed
    cdef str _peer

    cdef bint _say(self, object data) except -1
    cdef int keep(self, object data) except -1
    cdef Exchange _call(self, int kind, bytes data)

@cython.final
cdef class StreamExchange(Exchange):
    cdef readonly StreamConversation conversation
    cdef Call kind
    cdef bytes data                     # that came
    cdef object rest                    # of an iterable of bytes, or None
    cdef bint last                      # the handler had closed when it returned that: all of it is sent yet
    cdef bint pending                   # an asynchronous handler has not returned yet
    cdef object error                   # what it raised

    cdef int _take(self, object result) except -1
    cdef int _await(self, object call) except -1
    cdef int _returned(self, object result, object error) except -1
    cdef int _tell(self, object error) except -1
