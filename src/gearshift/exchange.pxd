cimport cython

from gearshift.channel cimport Channel, Driver
from gearshift.counters cimport Counters
from gearshift.http.limits cimport Limits
from gearshift.http.output cimport Output
from gearshift.http.protocol cimport Protocol
from gearshift.http.request cimport Request
from gearshift.http.response cimport Response
from gearshift.http.states cimport Event
from gearshift.proxy.forwarding cimport Forwarding
from gearshift.roster cimport Roster
from gearshift.times cimport Times

cdef enum Stage:
    COLLECTING      # the body is gathered before the application is called
    READY           # the application can be called
    RUNNING         # the application has been called, and its answer is pulled
    DRAINING        # answered, while the rest of the request's body is read and dropped
    OVER            # nothing is left to do

cdef enum Made:
    PIECE           # something was written: ask again
    MUST_LEAVE      # something was written that must be sent before the application is asked again
    NOT_YET         # the application has nothing to say yet
    LAST            # the answer is whole
    DELIVERED       # a raw handler has been told, and what it said is written

cdef class Service:
    cdef readonly Application application
    cdef readonly Application own       # what answers questions about the server itself
    cdef readonly Limits limits
    cdef readonly long long body_memory
    cdef readonly object access_log     # or None
    cdef readonly object error_log
    cdef readonly str engine
    cdef readonly object health         # paths that the server itself answers, or None
    cdef readonly Counters counts       # shared by all engines of the server, as are the next two
    cdef readonly Times times
    cdef readonly Roster roster
    cdef readonly long running          # requests whose application was called and has not finished its answer
    cdef readonly bint wakes            # what is to be sent may come from another thread than the one that sends
    cdef readonly object http2          # what speaks it on connections that begin so (a RawApplication), or None
    cdef readonly bint server_timing    # answers tell where their time went
    cdef readonly Forwarding forwarding # what is believed of proxies, or None
    cdef readonly object compression    # what is compressed and how (a Compression), or None
    cdef public bint draining

cdef class Application:
    cdef readonly bint asynchronous     # its answers come from an event loop, whose thread may be another
    cdef Exchange begin(self, Channel channel, Service service)
    cpdef object local(self, bint concurrent)

cdef class Exchange:
    cdef Channel channel
    cdef readonly Service service
    cdef readonly Request request
    cdef readonly Response response
    cdef readonly Stage stage
    cdef readonly object origin         # what a proxy has said of the client (an Origin), or None
    cdef readonly bint peer_finished    # it has half-closed: nothing more will come
    cdef readonly bint lost             # it is gone: nothing can be sent any more
    cdef bint uncoded                   # its answer is not compressed, whatever it is
    cdef bint immediate                 # the server's own answer: it waits for no thread
    cdef bint body_complete, continued, head_written, broken
    cdef bint upgraded                  # its connection is no HTTP any more: it lasts as long as that
    cdef bint stirred                   # of an upgraded one: there is something new that the engine has not looked at
    cdef bint running                   # counts as such in the service
    cdef long long drained
    cdef readonly double called         # monotonic seconds; 0 before the application is
    cdef readonly double began          # monotonic seconds at which its head was whole
    cdef double began_wall, application_seconds
    cdef double write_blocked           # seconds that the peer took less than there was to send
    cdef double processor               # seconds of the call on the processor; below 0 where they were not measured
    cdef object body                    # gathered: bytes, or a file once it was large
    cdef Py_ssize_t body_filled

    cdef int open(self, Channel channel, Service service, bint body_first) except -1
    cdef int collect(self) except -1
    cdef int _gather(self, const char* piece, Py_ssize_t length) except -1
    cdef int _spill(self) except -1
    cdef int run(self) except -1
    cdef int _measured_call(self) except -1
    cdef int _tell_times(self) except -1
    cdef Made pull(self) except *
    cdef int settle(self) except -1
    cdef bint wants_input(self) noexcept
    cdef int drain(self) except -1
    cdef bytes read_piece(self)
    cdef int continue_body(self) except -1
    cdef int start(self, int status, const char* reason, Py_ssize_t length) except -1
    cdef int finish_head(self, long long length) except -1
    cdef long long _choose_coding(self, long long length) except? -2
    cdef Made _press(self, Made made) except *
    cdef int _write_timing(self, Response response) except -1
    cdef int fail(self, object error) except -1
    cdef int answer(self, int status, bytes text) except -1
    cdef int shed(self) except -1
    cdef int finish(self) except -1

    # What an application interface adds.
    cdef int call(self) except -1
    cdef Made produce(self) except *
    cdef int peer_has_finished(self) except -1
    cdef int peer_is_lost(self) except -1
    cdef int release(self) except -1
