from gearshift.channel cimport Channel
from gearshift.http.request cimport Request

cdef enum Standing:
    UNDECIDED       # nobody has asked yet
    TRUSTED         # what the peer says of its clients is believed
    STRANGER        # it is not

cdef class Forwarding:
    cdef readonly object trust
    cdef readonly tuple names           # of the fields that are believed
    cdef readonly str prefix            # the path below which a proxy has put us
    cdef readonly bint kept
    cdef readonly bint introduced       # trusted peers begin with the PROXY protocol
    cdef bint told                      # in the error log, that a peer did not
    cdef dict remembered                # origins, by what was said

    cdef bint believes(self, Channel channel) except? -1
    cdef int tell(self, Channel channel, object error_log) except -1
    cdef object hear(self, Channel channel, Request request)
