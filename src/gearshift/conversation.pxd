from gearshift.channel cimport Channel
from gearshift.exchange cimport Application, Exchange, Service
from gearshift.http.request cimport Request

cdef class RawApplication(Application):
    cdef readonly object factory        # makes a handler
    cdef readonly str name              # as shown to users
    cdef readonly bint datagrams
    cdef readonly object loop           # of asyncio, for handlers that are asynchronous; or None
    cdef readonly object error_log
    cdef readonly dict tasks            # that have not ended, and whose call each is

    cdef Conversation converse(self, Channel channel, Service service)

cdef class Conversation:
    cdef readonly RawApplication application
    cdef Channel channel
    cdef Service service
    cdef readonly object handler        # made for the first call
    cdef readonly bint said             # something was said that does not stand in the output yet
    cdef list pieces                    # that is, where the conversation keeps it: bytes
    cdef readonly long long held        # how many
    cdef readonly bint over             # nothing more is to be told or said
    cdef readonly bint overfull         # the peer takes too little of what was said
    cdef readonly int streams           # requests under way that others answer: it does not rest
    cdef bint ended

    cdef Exchange next(self, Service service, bint ending)
    cdef int flush(self) except -1
    cdef int receive(self) except -1
    cdef bint unread(self) noexcept
    cdef int end(self) except -1
    cdef int farewell(self) except -1
    cdef int made(self) except -1
    cdef object method(self, str name)

cdef Request request_of(bytes method, bytes path)
