from gearshift.http.output cimport Output

cpdef enum FrameKind:               # RFC 9113 section 6
    DATA = 0
    HEADERS = 1
    PRIORITY = 2
    RST_STREAM = 3
    SETTINGS = 4
    PUSH_PROMISE = 5
    PING = 6
    GOAWAY = 7
    WINDOW_UPDATE = 8
    CONTINUATION = 9

cdef enum Flag:
    END_STREAM = 0x1                # of DATA and HEADERS
    ACK = 0x1                       # of SETTINGS and PING
    END_HEADERS = 0x4
    PADDED = 0x8
    PRIORITIZED = 0x20

cdef enum Setting:                  # section 6.5.2, RFC 8441 section 3
    HEADER_TABLE_SIZE = 1
    ENABLE_PUSH = 2
    MAX_CONCURRENT_STREAMS = 3
    INITIAL_WINDOW_SIZE = 4
    MAX_FRAME_SIZE = 5
    MAX_HEADER_LIST_SIZE = 6
    ENABLE_CONNECT_PROTOCOL = 8

cdef enum:
    HEADER_LENGTH = 9
    SMALLEST_FRAME_LIMIT = 16384    # octets that every endpoint takes, and all that we take
    LARGEST_FRAME_LIMIT = 16777215
    LARGEST_WINDOW = 2147483647
    FIRST_WINDOW = 65535

cdef int write_header(Output output, Py_ssize_t length, int kind, int flags, unsigned int stream) except -1
cdef int write_short(Output output, int kind, unsigned int stream, unsigned int value) except -1
cdef int write_goaway(Output output, unsigned int last, unsigned int code) except -1
cdef int write_settings(Output output, dict settings) except -1
cdef int write_block(Output output, unsigned int stream, const char* block, Py_ssize_t length,
                     Py_ssize_t most, bint ended) except -1
cdef void write_number(unsigned char* place, unsigned int value) noexcept nogil
cdef unsigned int read_number(const unsigned char* place) noexcept nogil
