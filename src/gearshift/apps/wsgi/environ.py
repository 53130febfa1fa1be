"""The WSGI environ (PEP 3333), built as a copy of a template plus what this request says.

Header names come from a learning table, so `HTTP_ACCEPT_LANGUAGE` is made once and not once a request.
"""

import sys

import cython
from cython.cimports.gearshift.apps.header_table import KnownName
from cython.cimports.gearshift.apps.wsgi.unicode import (
    PyDict_Copy,
    PyDict_SetItem,
    PyUnicode_1BYTE_DATA,
    PyUnicode_1BYTE_KIND,
    PyUnicode_DecodeLatin1,
    PyUnicode_GET_LENGTH,
    PyUnicode_KIND,
)
from cython.cimports.gearshift.channel import Channel
from cython.cimports.gearshift.exchange import Exchange
from cython.cimports.gearshift.http.request import Field, Request
from cython.cimports.gearshift.tls.session import TlsSession
from cython.cimports.libc.string import memchr, memcmp

from gearshift.apps.header_table import MOST_NAMES
from gearshift.version import __version__

LONGEST_REMEMBERED = cython.declare(cython.Py_ssize_t, 512)
_MOST_NAMES = cython.declare(cython.int, MOST_NAMES)

_METHODS = {
    name: name.decode() for name in (b"GET", b"HEAD", b"POST", b"PUT", b"PATCH", b"DELETE", b"OPTIONS")
}


class EnvironBuilder:
    """Makes environs; one for each engine thread, since it learns without a lock."""

    def __cinit__(
        self, errors: object, file_wrapper: object, concurrent: cython.bint, in_processes: cython.bint
    ):
        self.base = {
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.errors": errors,
            "wsgi.multithread": concurrent,
            "wsgi.multiprocess": in_processes,
            "wsgi.run_once": False,
            "wsgi.input_terminated": True,
            "wsgi.file_wrapper": file_wrapper,
            "SERVER_SOFTWARE": f"gearshift/{__version__}",
            "GATEWAY_INTERFACE": "CGI/1.1",
            "SCRIPT_NAME": "",
            # Replaced for every request; they stand here so that the copy has room for all of them.
            "REQUEST_METHOD": "GET",
            "PATH_INFO": "/",
            "QUERY_STRING": "",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "SERVER_NAME": "",
            "SERVER_PORT": "",
            "REMOTE_ADDR": "",
            "REMOTE_PORT": "",
            "wsgi.input": None,
            "gearshift.connection": None,
            "HTTP_HOST": "",
            "HTTP_USER_AGENT": "",
            "HTTP_ACCEPT": "",
            "HTTP_ACCEPT_ENCODING": "",
        }

    def _template_for(self, listener: object):
        """The template of the listener that a connection came by."""
        self.listener = listener
        self.template = dict(self.base)
        host, _colon, port = listener.address.rpartition(":")
        self.template["SERVER_NAME"] = host.strip("[]") if port.isdigit() else "localhost"
        self.template["SERVER_PORT"] = port if port.isdigit() else "80"  # a Unix socket: PEP 3333 wants one
        if listener.keyring is not None:
            self.template["wsgi.url_scheme"] = "https"
        # A dict keeps its table's size when keys go: these only made room.
        for name in ("HTTP_HOST", "HTTP_USER_AGENT", "HTTP_ACCEPT", "HTTP_ACCEPT_ENCODING"):
            del self.template[name]
        return 0

    def build(self, exchange: Exchange, body: object):
        """The environ of the exchange's request, with `body` as its wsgi.input."""
        request: Request = exchange.request
        channel: Channel = exchange.channel
        if self.listener is not channel.listener:
            self._template_for(channel.listener)
        environ: dict = PyDict_Copy(self.template)
        if not request.method_is(b"GET", 3):
            method = request.method
            environ["REQUEST_METHOD"] = _METHODS.get(method) or method.decode("latin-1")
        environ["PATH_INFO"] = _decoded_path(request)
        if request.query_length:
            environ["QUERY_STRING"] = PyUnicode_DecodeLatin1(
                request.data + request.query_start, request.query_length, cython.NULL
            )
        if request.minor == 0 or channel.outer is not None:
            environ["SERVER_PROTOCOL"] = channel.spoken(request.minor)
            host = request.implied_host()
            if host is not None:
                environ["HTTP_HOST"] = host.decode("latin-1")
        environ["REMOTE_ADDR"] = channel.peer_host()
        environ["REMOTE_PORT"] = channel.peer_port()
        environ["wsgi.input"] = body
        environ["gearshift.connection"] = channel
        tls: TlsSession = channel.sealed_by()
        if tls is not None:
            environ.update(tls.environ())
        self._add_fields(environ, request)
        if exchange.origin is not None:
            exchange.origin.into_environ(environ)
        return environ

    def _add_fields(self, environ: dict, request: Request):
        index: cython.int
        field: cython.pointer[Field]
        known: cython.pointer[KnownName]
        text: cython.p_const_char
        length: cython.Py_ssize_t
        repeated: cython.bint
        self.request += 1
        for index in range(request.count):
            field = cython.address(request.fields[index])
            known = self.lookup(request.data + field.name, field.name_length)
            if known.key == cython.NULL:
                continue
            key = cython.cast(object, known.key)
            repeated = self.repeats(known) or (self.known >= _MOST_NAMES and key in environ)
            text = request.data + field.value
            length = field.value_length
            if known.value != cython.NULL:
                value = cython.cast(object, known.value)
                if (
                    PyUnicode_GET_LENGTH(value) == length
                    and memcmp(PyUnicode_1BYTE_DATA(value), text, length) == 0
                ):
                    _set_field(environ, key, value, repeated)
                    continue
            value = PyUnicode_DecodeLatin1(text, length, cython.NULL)
            if length <= LONGEST_REMEMBERED and PyUnicode_KIND(value) == PyUnicode_1BYTE_KIND:
                self.remember(known, value)
            _set_field(environ, key, value, repeated)
        return 0

    def key_for(self, name: bytes):
        """None for a name with an underscore: it would pass for another's."""
        if b"_" in name:
            return None
        key = name.decode("latin-1").upper().replace("-", "_")
        return sys.intern(key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else "HTTP_" + key)


def _set_field(environ: dict, key: object, value: object, repeated: cython.bint):
    """Repeated fields are joined (RFC 9110 section 5.3); cookies by a semicolon (RFC 6265 section 5.4)."""
    if repeated:
        value = environ[key] + ("; " if key == "HTTP_COOKIE" else ",") + value
    PyDict_SetItem(environ, key, value)
    return 0


def _decoded_path(request: Request):
    """The path, percent-decoded once, as the latin-1 text that PEP 3333 asks for."""
    if request.path_length == 0:
        return "*" if request.asterisk else "/"
    if memchr(request.data + request.path_start, 37, request.path_length) == cython.NULL:
        return PyUnicode_DecodeLatin1(request.data + request.path_start, request.path_length, cython.NULL)
    return request.decoded_path().decode("latin-1")
