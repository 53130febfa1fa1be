from gearshift.connection cimport Connection
from gearshift.http.output cimport Output

cdef enum Sent:
    ALL             # the socket took everything it was given
    SOME            # the socket is full
    FAILED          # the peer is gone, or a file was cut short

cdef Sent send_output(Connection connection) except *
cdef bint peer_took(Connection connection) noexcept
cdef int _untaken(int fd) noexcept
cdef Sent _send_memory(Connection connection, Output output) except *
cdef Sent _send_record(int fd, Output output) except *
cdef Sent _send_file(int fd, Output output) except *
cdef bint peer_has_finished(Connection connection) noexcept
cdef int say_goodbye(Connection connection) except -1
cdef bint _has_hung_up(int fd) noexcept
cdef bint somebody_waits(int listening) noexcept
cdef int set_blocking(int fd, bint blocking) noexcept
cdef int end_reading(Connection connection) noexcept
cpdef bint hang_up(Connection connection) noexcept
cdef int close_socket(Connection connection) except -1
cdef int finish_sending(Connection connection) except -2
