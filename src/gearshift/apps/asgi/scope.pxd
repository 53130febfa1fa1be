from gearshift.apps.header_table cimport HeaderTable
from gearshift.channel cimport Channel
from gearshift.exchange cimport Exchange
from gearshift.http.request cimport Request

cdef class ScopeBuilder(HeaderTable):
    cdef dict base
    cdef object listener
    cdef dict template

    cdef dict build(self, Exchange exchange, dict state)
    cdef int _template_for(self, object listener) except -1
    cdef list _headers(self, Request request)

cdef object _client(Channel channel)
