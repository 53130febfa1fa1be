from gearshift.channel cimport Channel

cdef class Roster:
    cdef set _open
    cdef long long last_number

    cdef long long enter(self, Channel connection) except -1
    cdef int leave(self, Channel connection) except -1
