cimport cython

from gearshift.channel cimport Channel
from gearshift.conversation cimport Conversation, RawApplication
from gearshift.exchange cimport Exchange, Service

cdef class Http2Application(RawApplication):
    cdef readonly object gateway        # where the streams of all connections are answered

@cython.final
cdef class Http2Conversation(Conversation):
    cdef readonly object gateway
    cdef object _session                # its streams; None until the gateway has made it
    cdef list early                     # what has come before there was a session
    cdef long long early_size

    cdef object _inner(self, int fd)
    cdef object _heard(self, bytes data)
