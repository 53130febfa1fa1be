cimport cython

from gearshift.channel cimport Channel
from gearshift.conversation cimport Conversation, RawApplication
from gearshift.exchange cimport Exchange, Made, Service
from gearshift.http.request cimport Request
from gearshift.kernel.system_calls cimport iovec, mmsghdr, sockaddr_storage

cdef class DatagramApplication(RawApplication):
    cdef Request label                  # what its calls are named in the house's tables
    cdef readonly int most_at_once      # datagrams that one system call receives or sends

@cython.final
cdef class DatagramConversation(Conversation):
    cdef char* room                     # for the datagrams of a batch, 64 KiB each
    cdef mmsghdr messages[64]
    cdef iovec spans[64]
    cdef sockaddr_storage addresses[64]
    cdef int most, count                # datagrams a batch may have, and has
    cdef bint opened
    cdef unsigned long busy             # the thread in which the handler runs, or 0
    cdef list outgoing                  # (bytes, address) said by the running handler
    cdef dict peers                     # as Python has them, by the kernel's form, and the other way round
    cdef dict known
    cdef int outstanding                # datagrams whose coroutines have not returned
    cdef int late                       # batches read since the end began
    cdef readonly long long received, sent
    cdef readonly long long unsent      # datagrams that the kernel would not take

    cdef int answer(self) except -1
    cdef int _begin(self) except -1
    cdef int _returned(self, object address, object result, object error) except -1
    cdef object _peer(self, bytes address)
    cdef bytes _address(self, object peer)
    cdef int _keep(self, object data, bytes address) except -1
    cdef int _reply(self, object result, bytes address) except -1
    cdef int _send(self, list datagrams) except -1
    cdef int _send_some(self, list datagrams, Py_ssize_t first, Py_ssize_t count) except -2

@cython.final
cdef class DatagramExchange(Exchange):
    cdef DatagramConversation conversation
