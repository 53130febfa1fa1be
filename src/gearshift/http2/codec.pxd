cimport cython

from gearshift.http.output cimport Output
from gearshift.http2.frame_reader cimport FrameReader
from gearshift.http2.header_decoder cimport HeaderDecoder
from gearshift.http2.header_encoder cimport HeaderEncoder
from gearshift.http2.stream_states cimport Step, StreamState

cdef enum:
    REMEMBERED = 512        # closed streams of which it is known how they ended

cdef class Listener:
    cpdef object request(self, Wire wire, list fields, bint ended)
    cpdef object data(self, Wire wire, bytes data, Py_ssize_t credit, bint ended)
    cpdef object trailers(self, Wire wire, list fields)
    cpdef object was_reset(self, Wire wire)
    cpdef object window_opened(self)
    cpdef object asked(self)
    cpdef object goaway(self)

@cython.final
cdef class Wire:
    cdef readonly unsigned int number
    cdef readonly StreamState state
    cdef public object owner            # the listener's
    cdef readonly long long may_leave   # octets of data that the peer's window takes; below 0 after a setting
    cdef readonly long long may_come    # that ours does
    cdef long long taken                # of ours, that are to be given back

@cython.final
cdef class Codec:
    cdef Listener listener
    cdef readonly bint over             # a GOAWAY has said why
    cdef readonly dict streams          # the open ones, by number: Wire
    cdef readonly unsigned int highest  # number of a stream that the peer has begun
    cdef readonly HeaderEncoder encoder
    cdef HeaderDecoder decoder
    cdef FrameReader reader
    cdef Output output
    cdef int most_streams
    cdef Py_ssize_t most_head
    cdef long long window, connection_window    # as wide as we let them be
    cdef long long peer_window                  # of each stream, at first
    cdef readonly long long may_leave, may_come # as a Wire's, of the connection
    cdef long long taken
    cdef int data_sent
    cdef unsigned int ended[REMEMBERED]                # numbers of closed streams, by half of them
    cdef unsigned char ended_as[REMEMBERED]

    cpdef object begin(self)
    cpdef bytes said(self)
    cpdef long long room(self, Wire wire) noexcept
    cpdef object send_head(self, Wire wire, list fields, bint ended)
    cpdef int send_block(self, Wire wire, bytes block, bint ended) except -1
    cpdef Py_ssize_t data_room(self, Wire wire) noexcept
    cpdef int send_data(self, Wire wire, const char* data, Py_ssize_t size, bint ended) except -1
    cdef int frames_of_data(self) noexcept
    cdef long long unsaid(self) noexcept
    cpdef object reset(self, Wire wire, unsigned int code)
    cpdef object acknowledge(self, Wire wire, Py_ssize_t credit)
    cpdef object leave(self)
    cpdef object fail(self, unsigned int code)
    cpdef object receive(self, bytes data)
    cdef int _acknowledge_connection(self, Py_ssize_t credit) except -1
    cdef int _heard(self) except -1
    cdef int _headers(self) except -1
    cdef int _begin_stream(self, Wire wire, list fields, bint ended) except -1
    cdef int _data(self) except -1
    cdef int _rst_stream(self) except -1
    cdef int _window_update(self) except -1
    cdef int _settings(self) except -1
    cdef int _setting(self, int number, long long value) except -1
    cdef int _ping(self) except -1
    cdef Wire _over_or_idle(self, unsigned int number)
    cdef bint _allows(self, Wire wire, Step step) except -1
    cdef int _step(self, Wire wire, Step step) except -1
    cdef int _enter(self, Wire wire, StreamState state) except -1
    cdef int _stream_error(self, Wire wire, unsigned int code) except -1
