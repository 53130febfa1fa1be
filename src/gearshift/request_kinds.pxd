from gearshift.http.request cimport Request

cdef unsigned long long key_of(Request request) noexcept
