cdef class Counters:
    cdef readonly long accepted
    cdef readonly long requests             # begun, whoever answers them
    cdef readonly long refused_connections  # at the limit, with none idle to make room: 503
    cdef readonly long evicted_connections  # idle ones, closed to make room
    cdef readonly long handed_over          # connections given from one engine to another
    cdef readonly long shed_full            # requests told to come back: the queue was full
    cdef readonly long shed_overdue         # they had waited too long in a queue that stands
    cdef readonly long abandoned            # their clients had left before they were started
    cdef readonly long handshakes           # of TLS, that ended in agreement
    cdef readonly long handshakes_failed    # and those that didn't
    cdef readonly long timed_out            # their handlers were cancelled
    cdef readonly long unintroduced         # connections of trusted proxies that did not begin with the PROXY protocol
    cdef readonly long websockets           # that were accepted
    cdef readonly long long websocket_messages_in, websocket_messages_out
