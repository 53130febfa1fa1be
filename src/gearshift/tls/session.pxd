cimport cython

from gearshift.http.output cimport Output, Part

cpdef enum Shake:
    MORE_IS_NEEDED      # the peer has the next word
    AGREED              # both sides have their keys
    FAILED              # there will be none; what is to be said of it stands in the wire's output
    NOT_TLS             # the peer speaks plain HTTP

cpdef enum Seal:
    SHAKING             # no keys yet
    SOUND               # both directions are sealed
    SHUT                # close_notify was said: nothing more can be
    BROKEN              # what came was no TLS, or was tampered with

@cython.final
cdef class TlsSession:
    cdef readonly object keyring        # whom the listener is to others
    cdef readonly object identity       # the keyring's, as it was when this session began
    cdef readonly object ssl_object     # of the standard library; None before the first byte
    cdef object incoming, outgoing      # its ends: ssl.MemoryBIO
    cdef readonly Seal seal_state
    cdef readonly bint wire_ended       # the peer's bytes have ended, with close_notify or without
    cdef Output plain                   # what waits to be sealed; None while nothing does
    cdef Py_ssize_t held                # bytes in `incoming`
    cdef Py_ssize_t tail                # of these, the ones of a record that is not whole
    cdef Py_ssize_t due                 # bytes that the record lacks, once its head is whole
    cdef int header_size                # bytes of a record's head that have come
    cdef int header_length              # what they say of its length so far
    cdef unsigned char first            # the first byte that ever came
    cdef bint unruly                    # what came has no records: OpenSSL may judge it
    cdef readonly str version           # "TLSv1.3"; "" before the handshake is over
    cdef readonly str cipher            # as OpenSSL names it
    cdef readonly int key_bits
    cdef readonly str alpn              # the protocol agreed on, "" for none
    # Where sealing may be left to the kernel (tls/offload.py); None, and nothing of it is asked, anywhere else.
    cdef object offload
    cdef object secret                  # what the server's records are sealed with, while the kernel may yet take over
    cdef unsigned long long records     # sealed by OpenSSL since the last step of the handshake began
    cdef unsigned long long written     # of these, the ones that are known for what they are
    cdef bint full                      # one of them was as long as a record may be
    cdef bint odd                       # one of them was no data, as everything is that is sealed with that secret
    cdef readonly bint in_kernel        # what is written to the socket is plain, and leaves sealed
    cdef bint owes_keys                 # OpenSSL would answer the peer, and can't any more
    cdef readonly str failure           # why the handshake, or what came after it, failed
    cdef dict _environ
    cdef dict _extension

    cdef int put(self, const char* data, Py_ssize_t size) except -1
    cdef void _follow(self, const unsigned char* data, Py_ssize_t size) noexcept
    cdef inline bint has_whole(self) noexcept:
        return self.held > self.tail
    cdef Shake shake(self, Output wire) except *
    cdef int _agreed(self) except -1
    cdef int _shake(self) except -1
    cdef Py_ssize_t take(self, char* place, Py_ssize_t room, Output wire) except -2
    cdef int _break(self, object error) except -1
    cdef bint may_leave_it(self) except -1
    cdef bint leave_it_to_kernel(self, int fd) except -1
    cdef int _keep_it(self) except -1
    cdef int _count(self, bytes sealed) except -1
    cdef bint seal(self, Output wire, long long most) except -1
    cdef Py_ssize_t _seal_file(self, Part* part) except -1
    cdef int _collect(self, Output wire) except -1
    cdef int say_goodbye(self, Output wire) except -1
    cdef void move(self, Seal target) noexcept
    cdef dict environ(self)
    cdef dict extension(self)
