from gearshift.http.output cimport Output

cpdef enum Opcode:                  # RFC 6455 section 5.2
    OP_CONTINUATION = 0
    OP_TEXT = 1
    OP_BINARY = 2
    OP_CLOSE = 8
    OP_PING = 9
    OP_PONG = 10

cdef enum Bit:
    FIN = 0x80
    RSV1 = 0x40
    RESERVED = 0x70
    OPCODE = 0x0F
    CONTROL = 0x08
    MASKED = 0x80

cdef enum:
    MOST_CONTROL = 125              # bytes of a control frame's payload

cdef void unmask(char* data, Py_ssize_t length, const unsigned char* key, unsigned int phase) noexcept nogil
cdef int write_frame(Output output, int first, object owner, const char* data, Py_ssize_t length) except -1
cpdef bytes close_payload(int code, bytes reason)
cpdef bint may_be_sent(int code) noexcept
