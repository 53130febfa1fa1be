from gearshift.connection cimport Connection

cdef int refuse(Connection connection) except -1
cdef int _refuse_unread(Connection connection, int status, bytes text) except -1
