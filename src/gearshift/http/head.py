"""The request head of RFC 9112, read strictly and in linear time however it is split.

A head is read line by line. An incomplete line is remembered (`Request.line`, `Request.scanned`), so a head
that comes byte by byte costs no more than one that comes whole; what can be refused early is refused early.
"""

import cython
from cython.cimports.gearshift.http.grammar import (
    decimal,
    has_control,
    has_option,
    is_host,
    is_target,
    is_token,
    same_word,
    token_length,
)
from cython.cimports.gearshift.http.limits import Limits
from cython.cimports.gearshift.http.refusals import Refusal
from cython.cimports.gearshift.http.request import Field, Known, Request
from cython.cimports.libc.string import memchr, memcmp

LONGEST_METHOD = cython.declare(cython.int, 32)


def parse_head(
    request: Request, data: cython.p_const_char, length: cython.Py_ssize_t, limits: Limits
) -> cython.int:
    """Reads on from where the last call stopped; `data` begins with the same bytes as then, and more."""
    refusal: cython.int
    start: cython.Py_ssize_t
    stop: cython.Py_ssize_t
    end: cython.Py_ssize_t
    line_feed: cython.p_const_char
    request.data = data
    while True:
        start = request.line
        line_feed = cython.cast(
            cython.p_const_char,
            memchr(data + start + request.scanned, 10, length - start - request.scanned),
        )
        end = length if line_feed == cython.NULL else line_feed - data
        stop = end - 1 if end > start and data[end - 1] == b"\r" else end
        refusal = _line_so_far(request, data, start, stop, limits)
        if refusal:
            return -refusal
        if end > limits.head:
            return -Refusal.HEAD_TOO_LONG
        if line_feed == cython.NULL:
            request.scanned = stop - start
            return 0
        if stop == end:
            return -Refusal.BARE_LINE_END
        if end == limits.head:
            return -Refusal.HEAD_TOO_LONG
        end = stop
        request.line = end + 2
        request.scanned = 0
        if request.in_fields:
            if end == start:
                request.length = request.line
                refusal = _finish(request, limits)
                return -refusal if refusal else 1
            refusal = _field_line(request, data, start, end, limits)
        else:
            if end == start:
                return -Refusal.BLANK_LINES
            refusal = _request_line(request, data, start, end, limits)
            request.in_fields = refusal == 0
        if refusal:
            return -refusal


def _line_so_far(
    request: Request,
    data: cython.p_const_char,
    start: cython.Py_ssize_t,
    stop: cython.Py_ssize_t,
    limits: Limits,
) -> cython.int:
    """What a line can be refused for before its end has come: its first fault, however the bytes were cut."""
    size: cython.Py_ssize_t = stop - start
    most: cython.Py_ssize_t = limits.field
    refusal: cython.int = Refusal.FIELD_TOO_LONG
    looked: cython.Py_ssize_t
    if request.in_fields:
        if size > 0 and (data[start] == b" " or data[start] == b"\t"):
            return Refusal.FIELD_LINE
    else:
        most = limits.target + LONGEST_METHOD + 10  # two spaces and the version
        if request.method_length == 0:
            refusal = _method(request, data, start, size)
            if refusal:
                return refusal
        refusal = Refusal.TARGET_TOO_LONG
    # A fault behind the point where the line is too long already does not count.
    looked = min(size, most, limits.head - start)
    if looked > request.scanned and has_control(data + start + request.scanned, looked - request.scanned):
        return Refusal.CONTROL_CHARACTER
    return refusal if size > most and start + most <= limits.head else 0


def _method(
    request: Request, data: cython.p_const_char, start: cython.Py_ssize_t, size: cython.Py_ssize_t
) -> cython.int:
    """Judged as it comes: other protocols on this port may never send a line end."""
    length: cython.Py_ssize_t = min(size, LONGEST_METHOD + 1)
    space: cython.p_const_char = cython.cast(cython.p_const_char, memchr(data + start, 32, length))
    if space != cython.NULL:
        length = space - data - start
    elif length == 0:
        return 0
    if not is_token(data + start, length):
        return Refusal.METHOD
    if space != cython.NULL:
        request.method_start = start
        request.method_length = length
        return 0
    return Refusal.METHOD_TOO_LONG if length > LONGEST_METHOD else 0


def _request_line(
    request: Request,
    data: cython.p_const_char,
    start: cython.Py_ssize_t,
    end: cython.Py_ssize_t,
    limits: Limits,
) -> cython.int:
    """METHOD SP TARGET SP VERSION, with exactly these two spaces (RFC 9112 section 3)."""
    if request.method_length == 0:
        return Refusal.REQUEST_LINE
    target: cython.Py_ssize_t = start + request.method_length + 1
    space: cython.p_const_char = cython.cast(cython.p_const_char, memchr(data + target, 32, end - target))
    if space == cython.NULL:
        return Refusal.TARGET_TOO_LONG if end - target > limits.target else Refusal.REQUEST_LINE
    target_length: cython.Py_ssize_t = space - data - target
    if target_length > limits.target:
        return Refusal.TARGET_TOO_LONG
    if target_length == 0 or not is_target(data + target, target_length):
        return Refusal.TARGET
    request.target_start = target
    request.target_length = target_length
    refusal: cython.int = _version(
        request, data + target + target_length + 1, end - target - target_length - 1
    )
    if refusal:
        return refusal
    return _target_form(request, data)


def _version(request: Request, text: cython.p_const_char, length: cython.Py_ssize_t) -> cython.int:
    """HTTP/1.0, or HTTP/1.1 and what claims to be compatible with it (RFC 9110 section 2.5)."""
    if length != 8 or memcmp(text, cython.cast(cython.p_const_char, b"HTTP/"), 5) != 0 or text[6] != b".":
        return Refusal.VERSION
    if text[5] < 48 or text[5] > 57 or text[7] < 48 or text[7] > 57:
        return Refusal.VERSION
    if text[5] != b"1":
        if request.method_is(b"PRI", 3):
            return Refusal.HTTP2_PREFACE
        return Refusal.VERSION_UNSUPPORTED
    request.minor = 0 if text[7] == b"0" else 1
    return 0


def _target_form(request: Request, data: cython.p_const_char) -> cython.int:
    """The four forms of RFC 9112 section 3.2."""
    start: cython.uint = request.target_start
    length: cython.uint = request.target_length
    if request.method_is(b"CONNECT", 7):
        return Refusal.CONNECT_REFUSED
    if data[start] == b"/":
        _path_and_query(request, data, start, start + length)
        return 0
    if length == 1 and data[start] == b"*":
        request.asterisk = True
        request.path_start = start
        request.path_length = 1
        return 0 if request.method_is(b"OPTIONS", 7) else Refusal.TARGET
    # RFC 9110 section 7.4: what is not secured has no authority over https; nor is http what is secured.
    if length > 7 and same_word(data + start, b"http://", 7):
        if request.secured:
            return Refusal.MISDIRECTED_PLAIN
        return _absolute_form(request, data, start + 7, start + length)
    if length > 8 and same_word(data + start, b"https://", 8):
        if not request.secured:
            return Refusal.MISDIRECTED
        return _absolute_form(request, data, start + 8, start + length)
    return Refusal.TARGET


def _absolute_form(
    request: Request, data: cython.p_const_char, authority: cython.uint, end: cython.uint
) -> cython.int:
    path: cython.uint = authority
    while path < end and data[path] != b"/" and data[path] != b"?":
        path += 1
    if not is_host(data + authority, path - authority):
        return Refusal.TARGET
    request.absolute = True
    request.authority_start = authority
    request.authority_length = path - authority
    _path_and_query(request, data, path, end)
    # RFC 9112 section 3.2.4: a proxy turns an absolute OPTIONS without a path into the asterisk form.
    request.asterisk = path == end and request.method_is(b"OPTIONS", 7)
    return 0


def _path_and_query(
    request: Request, data: cython.p_const_char, start: cython.uint, end: cython.uint
) -> cython.void:
    mark: cython.p_const_char = cython.cast(cython.p_const_char, memchr(data + start, 63, end - start))
    request.path_start = start
    if mark == cython.NULL:
        request.path_length = end - start
    else:
        request.path_length = cython.cast(cython.uint, mark - data) - start
        request.query_start = start + request.path_length + 1
        request.query_length = end - request.query_start


def _field_line(
    request: Request,
    data: cython.p_const_char,
    start: cython.Py_ssize_t,
    end: cython.Py_ssize_t,
    limits: Limits,
) -> cython.int:
    """NAME ":" OWS VALUE OWS (RFC 9112 section 5): no space before the colon, no folding."""
    field: cython.pointer[Field]
    name_length: cython.Py_ssize_t = token_length(data + start, end - start)
    if name_length == 0 or start + name_length == end or data[start + name_length] != b":":
        return Refusal.FIELD_NAME
    if request.count >= limits.fields:
        return Refusal.TOO_MANY_FIELDS
    value: cython.Py_ssize_t = start + name_length + 1
    while value < end and (data[value] == b" " or data[value] == b"\t"):
        value += 1
    while end > value and (data[end - 1] == b" " or data[end - 1] == b"\t"):
        end -= 1
    field = request.new_field()
    if field == cython.NULL:
        return Refusal.TOO_MANY_FIELDS
    field.name = start
    field.name_length = name_length
    field.value = value
    field.value_length = end - value
    return _known_field(request, data + start, name_length, data + value, end - value)


def _known_field(
    request: Request,
    name: cython.p_const_char,
    name_length: cython.Py_ssize_t,
    value: cython.p_const_char,
    length: cython.Py_ssize_t,
) -> cython.int:
    """What the server itself must know of a field; the length tells most names apart."""
    if name_length == 4:
        if same_word(name, b"host", 4):
            return _host(request, value, length)
    elif name_length == 5:
        if same_word(name, b"range", 5):
            request.seen |= Known.KNOWN_RANGE
    elif name_length == 6:
        if same_word(name, b"expect", 6):
            return _expect(request, value, length)
    elif name_length == 7:
        if same_word(name, b"upgrade", 7):
            request.seen |= Known.KNOWN_UPGRADE
    elif name_length == 8:
        if same_word(name, b"if-match", 8) or same_word(name, b"if-range", 8):
            request.seen |= Known.KNOWN_CONDITION
    elif name_length == 10:
        if same_word(name, b"connection", 10):
            request.seen |= Known.KNOWN_CONNECTION
            request.wants_close |= has_option(value, length, b"close", 5)
            request.wants_keep_alive |= has_option(value, length, b"keep-alive", 10)
    elif name_length == 13:
        if same_word(name, b"if-none-match", 13):
            request.seen |= Known.KNOWN_CONDITION
    elif name_length == 14:
        if same_word(name, b"content-length", 14):
            return _content_length(request, value, length)
    elif name_length == 15:
        if same_word(name, b"accept-encoding", 15):
            request.seen |= Known.KNOWN_ACCEPT_ENCODING
    elif name_length == 17:
        if same_word(name, b"transfer-encoding", 17):
            return _transfer_encoding(request, value, length)
        if same_word(name, b"if-modified-since", 17):
            request.seen |= Known.KNOWN_CONDITION
    elif name_length == 19 and same_word(name, b"if-unmodified-since", 19):
        request.seen |= Known.KNOWN_CONDITION
    return 0


def _host(request: Request, value: cython.p_const_char, length: cython.Py_ssize_t) -> cython.int:
    if request.seen & Known.KNOWN_HOST:
        return Refusal.HOST_TWICE
    request.seen |= Known.KNOWN_HOST
    if not is_host(value, length):
        return Refusal.HOST_INVALID
    field: cython.pointer[Field] = cython.address(request.fields[request.count - 1])
    if request.absolute:
        # RFC 9112 section 3.2.2: the target's authority replaces what Host says.
        field.value = request.authority_start
        field.value_length = request.authority_length
    else:
        request.authority_start = field.value
        request.authority_length = field.value_length
    return 0


def _expect(request: Request, value: cython.p_const_char, length: cython.Py_ssize_t) -> cython.int:
    if request.seen & Known.KNOWN_EXPECT or length != 12 or not same_word(value, b"100-continue", 12):
        return Refusal.EXPECTATION
    request.seen |= Known.KNOWN_EXPECT
    request.expects_continue = True
    return 0


def _content_length(request: Request, value: cython.p_const_char, length: cython.Py_ssize_t) -> cython.int:
    if request.seen & Known.KNOWN_LENGTH:
        return Refusal.LENGTH_TWICE
    request.seen |= Known.KNOWN_LENGTH
    request.content_length = decimal(value, length)
    return Refusal.LENGTH_INVALID if request.content_length < 0 else 0


def _transfer_encoding(request: Request, value: cython.p_const_char, length: cython.Py_ssize_t) -> cython.int:
    if request.seen & Known.KNOWN_CODING:
        return Refusal.CODING_INVALID
    request.seen |= Known.KNOWN_CODING
    if request.minor == 0:
        return Refusal.CODING_IN_HTTP10  # RFC 9112 section 6.1: faulty, whatever it says
    if length == 7 and same_word(value, b"chunked", 7):
        request.chunked = True
        return 0
    return Refusal.CODING_UNKNOWN if _chunked_last(value, length) else Refusal.CODING_INVALID


def _chunked_last(value: cython.p_const_char, length: cython.Py_ssize_t) -> cython.bint:
    """Whether chunked ends a list of codings that are known but not undone here: then the body's end at least is known.

    RFC 9112 section 6.1 has 501 for these, section 6.3 has 400 for whatever does not end with chunked.
    """
    at: cython.Py_ssize_t = 0
    size: cython.Py_ssize_t
    while True:
        size = token_length(value + at, length - at)
        if size == 7 and same_word(value + at, b"chunked", 7):
            return at > 0 and at + size == length
        if not _known_coding(value + at, size):
            return False
        at += size
        while at < length and (value[at] == b" " or value[at] == b"\t"):
            at += 1
        if at == length or value[at] != b",":
            return False
        at += 1
        while at < length and (value[at] == b" " or value[at] == b"\t"):
            at += 1


def _known_coding(name: cython.p_const_char, length: cython.Py_ssize_t) -> cython.bint:
    """IANA's transfer codings, and the content codings that somebody may take for one."""
    return (
        (length == 4 and (same_word(name, b"gzip", 4) or same_word(name, b"zstd", 4)))
        or (length == 7 and same_word(name, b"deflate", 7))
        or (length == 8 and same_word(name, b"compress", 8))
        or (length == 6 and same_word(name, b"x-gzip", 6))
        or (length == 10 and same_word(name, b"x-compress", 10))
        or (length == 2 and same_word(name, b"br", 2))
    )


def _finish(request: Request, limits: Limits) -> cython.int:
    """What only the whole head can tell."""
    if request.seen & Known.KNOWN_CODING and request.seen & Known.KNOWN_LENGTH:
        return Refusal.LENGTH_AND_CODING
    if request.minor == 1 and not request.seen & Known.KNOWN_HOST:
        return Refusal.HOST_MISSING
    if request.content_length > limits.body:
        return Refusal.BODY_TOO_LONG
    if request.minor == 0:
        # RFC 9110 section 10.1.1: an expectation in an HTTP/1.0 request is ignored.
        request.expects_continue = False
    return 0
