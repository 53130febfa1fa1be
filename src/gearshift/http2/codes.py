"""Why a stream or a connection ends (RFC 9113 section 7), and the fault that ends a connection."""


class Http2Error(Exception):
    """A connection error (RFC 9113 section 5.4.1). code: what the GOAWAY says."""

    code = 0

    def __init__(self, code: int, words: str):
        Exception.__init__(self, words)
        self.code = code
