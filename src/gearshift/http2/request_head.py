"""A stream's header list as the head of an HTTP/1.1 request (RFC 9113 section 8).

What RFC 9113 calls malformed is refused here, and whatever could mean something else once it is written in lines. The
rest (the target's grammar, Host, limits) is judged by the one parser that all requests meet.
"""

from base64 import b64encode
from os import urandom

import cython
from cython.cimports.cpython.bytes import PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cython.cimports.gearshift.http.grammar import decimal, is_token
from cython.cimports.gearshift.http.output import Output

# RFC 9113 section 8.2.2: they speak of a connection that is no more.
OF_THE_CONNECTION = cython.declare(
    frozenset,
    frozenset((b"connection", b"proxy-connection", b"keep-alive", b"transfer-encoding", b"upgrade")),
)
_TOKEN = b"!#$%&'*+.^_`|~0123456789abcdefghijklmnopqrstuvwxyz-"

_in_name = cython.declare(cython.uchar[256])  # RFC 9113 section 8.2: a token in lower case
for _byte in range(256):
    _in_name[_byte] = _byte in _TOKEN


class MalformedRequest(Exception):
    """RFC 9113 section 8.1.1: the stream is reset with PROTOCOL_ERROR; the text says why."""


class RequestHead:
    """text: what the inner connection is sent. chunked: how its body goes on. tunnel: bytes follow, both ways, once the
    answer is 101 (RFC 8441). method: as sent. length: of the body in bytes, -1 where it is not announced.
    """


class _Lines:
    """What a header list says beside the fields that are written as they stand."""


def request_head(fields: list, ended: cython.bint) -> RequestHead:
    """ended: nothing follows the head. Raises MalformedRequest."""
    lines: _Lines = _Lines()
    lines.length = -1
    lines.output = Output()
    head: RequestHead = RequestHead()
    first: cython.Py_ssize_t = _pseudo(lines, fields)
    method: bytes = lines.method
    if method is None or not is_token(PyBytes_AS_STRING(method), PyBytes_GET_SIZE(method)):
        raise MalformedRequest("no valid :method")
    target: bytes = _target(lines)
    head.tunnel = lines.protocol is not None
    head.method = b"GET" if head.tunnel else method
    _write(lines.output, head.method, b" ", target, b" HTTP/1.1\r\n")
    if lines.authority is not None:
        _write(lines.output, b"Host: ", lines.authority, b"\r\n", b"")
    _regular(lines, fields, first)
    if ended and lines.length > 0:
        raise MalformedRequest("a content-length and no content")
    _rest(lines, head, ended)
    head.length = -1 if head.tunnel else lines.length
    head.text = _text(lines.output)
    return head


def trailer_lines(fields: list) -> bytes:
    """A trailer section's lines. Raises MalformedRequest."""
    output: Output = Output()
    for name, value in fields:
        _judge(name, value)
        _write(output, name, b": ", value, b"\r\n")
    return _text(output)


def _pseudo(lines: _Lines, fields: list) -> cython.Py_ssize_t:
    """Takes pseudo-header fields, which come first and once; returns how many they are."""
    count: cython.Py_ssize_t = 0
    name: bytes
    value: bytes
    seen: object
    for name, value in fields:
        if PyBytes_GET_SIZE(name) == 0 or PyBytes_AS_STRING(name)[0] != b":":
            break
        if not _is_value(value):
            raise MalformedRequest("a pseudo-header field that is no text")
        if name == b":method":
            seen, lines.method = lines.method, value
        elif name == b":path":
            seen, lines.path = lines.path, value
        elif name == b":scheme":
            seen, lines.scheme = lines.scheme, value
        elif name == b":authority":
            seen, lines.authority = lines.authority, value
        elif name == b":protocol":
            seen, lines.protocol = lines.protocol, value
        else:
            raise MalformedRequest("a pseudo-header field that is unknown")
        if seen is not None:
            raise MalformedRequest("a pseudo-header field that comes twice")
        count += 1
    return count


def _regular(lines: _Lines, fields: list, first: cython.Py_ssize_t):
    """Writes the others, but for those that come together or in another place."""
    index: cython.Py_ssize_t
    name: bytes
    value: bytes
    for index in range(first, len(fields)):
        name, value = fields[index]
        _judge(name, value)
        if name == b"cookie":
            if lines.cookies is None:
                lines.cookies = []
            lines.cookies.append(value)
        elif name == b"host":
            if lines.host is not None and lines.host != value:
                raise MalformedRequest("two host fields that differ")
            lines.host = value
        elif name == b"content-length":
            _content_length(lines, value)
        else:
            if name == b"sec-websocket-version":
                lines.asks_version = True
            _write(lines.output, name, b": ", value, b"\r\n")
    return 0


def _content_length(lines: _Lines, value: bytes):
    length: cython.longlong = decimal(PyBytes_AS_STRING(value), PyBytes_GET_SIZE(value))
    if length < 0 or (lines.length >= 0 and lines.length != length):
        raise MalformedRequest("a content-length that is no number, or another one")
    lines.length = length
    lines.announced = value
    return 0


def _rest(lines: _Lines, head: RequestHead, ended: cython.bint):
    """Host, where nothing but the field of that name said it, cookies, framing and upgrade."""
    output: Output = lines.output
    if lines.host is not None:
        if lines.authority is None:
            _write(output, b"Host: ", lines.host, b"\r\n", b"")
        elif lines.authority != lines.host:
            raise MalformedRequest(":authority and host differ")
    if lines.cookies is not None:  # RFC 9113 section 8.2.3: the crumbs of one field
        _write(output, b"Cookie: ", b"; ".join(lines.cookies), b"\r\n", b"")
    if head.tunnel:  # RFC 8441 section 5: what the handshake has in HTTP/1.1 and not here
        _write(output, b"Connection: Upgrade\r\nUpgrade: websocket\r\n", b"", b"", b"")
        _write(output, b"Sec-WebSocket-Key: ", b64encode(urandom(16)), b"\r\n", b"")
        if not lines.asks_version:
            _write(output, b"Sec-WebSocket-Version: 13\r\n", b"", b"", b"")
    elif lines.length >= 0:
        _write(output, b"Content-Length: ", lines.announced, b"\r\n", b"")
    elif not ended:
        head.chunked = True
        _write(output, b"Transfer-Encoding: chunked\r\n", b"", b"", b"")
    _write(output, b"\r\n", b"", b"", b"")
    return 0


def _target(lines: _Lines):
    """The request target. Raises MalformedRequest."""
    path: bytes = lines.path
    connects: cython.bint = lines.method == b"CONNECT"
    if lines.protocol is not None and not connects:
        raise MalformedRequest(":protocol without CONNECT")
    if connects and lines.protocol is None:  # RFC 9113 section 8.5
        if lines.scheme is not None or path is not None or not _is_visible(lines.authority):
            raise MalformedRequest("CONNECT takes :authority alone")
        return lines.authority
    if not lines.scheme or not _is_visible(path):
        raise MalformedRequest("no :scheme or :path")
    if path[:1] != b"/" and not (path == b"*" and lines.method == b"OPTIONS"):
        raise MalformedRequest("a :path that is none")
    if lines.protocol is not None and lines.protocol != b"websocket":
        raise MalformedRequest("a :protocol that is not known")
    return path


def _judge(name: bytes, value: bytes):
    """Raises MalformedRequest where the field may not come."""
    if not _is_name(name):
        raise MalformedRequest("a field name")
    if not _is_value(value):
        raise MalformedRequest("a field value")
    if name in OF_THE_CONNECTION or (name == b"te" and value.lower() != b"trailers"):
        raise MalformedRequest("a field of the connection")
    return 0


def _is_name(text: bytes) -> cython.bint:
    place: cython.p_const_uchar = cython.cast(cython.p_const_uchar, PyBytes_AS_STRING(text))
    index: cython.Py_ssize_t
    for index in range(PyBytes_GET_SIZE(text)):
        if not _in_name[place[index]]:
            return False
    return PyBytes_GET_SIZE(text) > 0


def _is_value(text: bytes) -> cython.bint:
    """No control character but HTAB, and no white space at either end (section 8.2.1)."""
    place: cython.p_const_uchar = cython.cast(cython.p_const_uchar, PyBytes_AS_STRING(text))
    size: cython.Py_ssize_t = PyBytes_GET_SIZE(text)
    index: cython.Py_ssize_t
    for index in range(size):
        if (place[index] < 32 and place[index] != 9) or place[index] == 127:
            return False
    return size == 0 or (place[0] > 32 and place[size - 1] > 32)


def _is_visible(text: bytes) -> cython.bint:
    """Something, and neither white space nor a control character."""
    if text is None:
        return False
    place: cython.p_const_uchar = cython.cast(cython.p_const_uchar, PyBytes_AS_STRING(text))
    index: cython.Py_ssize_t
    for index in range(PyBytes_GET_SIZE(text)):
        if place[index] <= 32 or place[index] == 127:
            return False
    return PyBytes_GET_SIZE(text) > 0


def _write(output: Output, first: bytes, second: bytes, third: bytes, fourth: bytes):
    output.write(PyBytes_AS_STRING(first), PyBytes_GET_SIZE(first))
    output.write(PyBytes_AS_STRING(second), PyBytes_GET_SIZE(second))
    output.write(PyBytes_AS_STRING(third), PyBytes_GET_SIZE(third))
    return output.write(PyBytes_AS_STRING(fourth), PyBytes_GET_SIZE(fourth))


def _text(output: Output):
    return PyBytes_FromStringAndSize(output.buffer + output.start, output.end - output.start)
