cpdef enum StreamState:
    IDLE                    # the peer may begin it
    OPEN
    HALF_CLOSED_LOCAL       # our answer is whole, the request is not
    HALF_CLOSED_REMOTE      # the request is whole
    CLOSED                  # both have come to their ends
    RESET_BY_US
    RESET_BY_PEER
    FORGOTTEN               # over, and nobody remembers how

cpdef enum Step:
    RECEIVE_HEADERS
    RECEIVE_DATA
    RECEIVE_WINDOW
    RECEIVE_RESET
    RECEIVE_END             # END_STREAM, on HEADERS or DATA that were allowed
    SEND                    # HEADERS or DATA
    SEND_END
    SEND_RESET

cpdef enum Outcome:         # beside the states, which go before
    STAY = 16
    DROP                    # the frame is read, and nothing comes of it
    CLOSED_TO_STREAM        # a stream error STREAM_CLOSED
    CLOSED_TO_ALL           # a connection error STREAM_CLOSED
    UNKNOWN_TO_ALL          # a connection error PROTOCOL_ERROR
    NEVER

cpdef int outcome(StreamState state, Step step) noexcept
