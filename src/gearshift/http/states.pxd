# The states of the protocol, for compiled modules. The tables that connect them stand in states.py.

cpdef enum Event:
    NEED_DATA      # nothing whole is at hand: bring more bytes
    REQUEST        # a request's head is complete
    BODY           # a piece of its body is at hand
    END_OF_BODY    # the request has been read to its end
    PAUSED         # the next request waits until this one is answered
    REFUSED        # the peer broke the protocol; Protocol.refusal says how
    CLOSED         # the peer has finished, and nothing is half received
    PREFACE        # what has come is no request but the beginning of HTTP/2

cpdef enum Reading:
    BETWEEN          # no byte of the next request has come
    HEAD             # part of a head has come
    SIZED_BODY       # Content-Length bytes are still due
    CHUNK_SIZE       # a chunk's size line is next
    CHUNK_DATA       # inside a chunk
    CHUNK_END        # the CRLF behind a chunk's data
    TRAILERS         # the trailer section
    COMPLETE         # the request is whole; the next one must wait for its answer
    BROKEN           # refused: no byte after it is interpreted
    ENDED            # the peer has finished sending
    UPGRADED         # HTTP is over: what comes is for whoever has taken the connection over

cpdef enum Framing:
    UNDECIDED        # no head written yet
    NO_BODY          # HEAD, 204, 304: nothing may follow the head
    BY_LENGTH        # Content-Length
    BY_CHUNKS        # chunked
    BY_CLOSE         # HTTP/1.0 without a length: the end of the connection ends the body
    FINISHED         # the last byte is written

cpdef bint may_move(Reading origin, Reading target) noexcept nogil
