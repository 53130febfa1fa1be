cimport cython

from gearshift.apps.native cimport OpenFile
from gearshift.apps.wsgi.body_input cimport BodyInput
from gearshift.apps.wsgi.environ cimport EnvironBuilder
from gearshift.channel cimport Channel
from gearshift.exchange cimport Application, Exchange, Made, Service

cdef class WsgiApplication(Application):
    cdef readonly object callable
    cdef object error_log
    cdef bint in_processes

@cython.final
@cython.freelist(32)
cdef class StartResponse:
    cdef WsgiExchange exchange
    cdef object status
    cdef object headers

@cython.final
cdef class WsgiExchange(Exchange):
    cdef WsgiApplication application
    cdef StartResponse started
    cdef BodyInput input
    cdef object result          # what the application returned
    cdef object iterator
    cdef OpenFile spool         # written output that the engine may not wait for
    cdef long long spooled

    cdef int _write_head(self, long long length) except -1
    cdef object _promised_length(self)
    cdef int _write_fields(self, list headers) except -1
    cdef Made _produce_list(self, object pieces, Py_ssize_t count) except *
    cdef object _next_piece(self, object result)
    cdef Made _produce_file(self) except *
    cdef int _write(self, bytes data) except -1
    cdef int _spool(self, bytes data) except -1
