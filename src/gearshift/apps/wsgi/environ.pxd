from gearshift.apps.header_table cimport HeaderTable
from gearshift.exchange cimport Exchange
from gearshift.http.request cimport Request

cdef class EnvironBuilder(HeaderTable):
    cdef dict base
    cdef object listener        # whose template this is
    cdef dict template

    cdef dict build(self, Exchange exchange, object body)
    cdef int _template_for(self, object listener) except -1
    cdef int _add_fields(self, dict environ, Request request) except -1

cdef int _set_field(dict environ, object key, object value, bint repeated) except -1
cdef object _decoded_path(Request request)
