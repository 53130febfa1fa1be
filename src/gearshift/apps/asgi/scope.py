"""The ASGI connection scope of one HTTP request (ASGI 3, HTTP spec version 2.5)."""

import cython
from cython.cimports.cpython.bytes import PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cython.cimports.gearshift.apps.header_table import KnownName
from cython.cimports.gearshift.channel import Channel
from cython.cimports.gearshift.exchange import Exchange
from cython.cimports.gearshift.http.request import Field, Request
from cython.cimports.gearshift.tls.session import TlsSession
from cython.cimports.libc.string import memchr, memcmp

LONGEST_REMEMBERED = cython.declare(cython.Py_ssize_t, 512)


_METHODS = {
    name: name.decode() for name in (b"GET", b"HEAD", b"POST", b"PUT", b"PATCH", b"DELETE", b"OPTIONS")
}


class ScopeBuilder:
    """Makes scopes; one for each engine thread, since it learns without a lock."""

    def __cinit__(self):
        self.base = {
            "type": "http",
            "asgi": {},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": "/",
            "raw_path": b"/",
            "query_string": b"",
            "root_path": "",
            "headers": [],
            "client": None,
            "server": None,
            "extensions": {},
        }

    def key_for(self, name: bytes):
        return name

    def _template_for(self, listener: object):
        self.listener = listener
        host, _colon, port = listener.address.rpartition(":")
        self.template = dict(self.base)
        if listener.keyring is not None:
            self.template["scheme"] = "https"
        if port.isdigit():
            self.template["server"] = (host.strip("[]"), int(port))
        else:
            self.template["server"] = (listener.address.removeprefix("unix:"), None)
        return 0

    def build(self, exchange: Exchange, state: dict):
        """The scope of the exchange's request; `state` is the lifespan's, or None."""
        request: Request = exchange.request
        channel: Channel = exchange.channel
        if self.listener is not channel.listener:
            self._template_for(channel.listener)
        scope: dict = self.template.copy()
        scope["asgi"] = {"version": "3.0", "spec_version": "2.5"}
        scope["extensions"] = {
            "http.response.pathsend": {},
            "http.response.early_hint": {},
            "http.response.trailers": {},
            "gearshift.connection": channel,
        }
        tls: TlsSession = channel.sealed_by()
        if tls is not None:
            scope["extensions"]["tls"] = tls.extension()
        if channel.outer is not None:
            scope["http_version"] = "2"
        elif request.minor == 0:
            scope["http_version"] = "1.0"
        if not request.method_is(b"GET", 3):
            method = request.method
            scope["method"] = _METHODS.get(method) or method.decode("latin-1").upper()
        if request.path_length > 1:
            raw: bytes = request.path
            scope["raw_path"] = raw
            if memchr(PyBytes_AS_STRING(raw), 37, PyBytes_GET_SIZE(raw)) == cython.NULL:
                scope["path"] = raw.decode("ascii")
            else:
                scope["path"] = request.decoded_path().decode("utf-8", "replace")
        if request.query_length:
            scope["query_string"] = request.query
        scope["headers"] = self._headers(request)
        if request.minor == 0:
            host: bytes = request.implied_host()
            if host is not None:
                scope["headers"].insert(0, (b"host", host))
        if channel.memory is None:
            channel.memory = _client(channel)
        scope["client"] = channel.memory if channel.memory else None
        if exchange.origin is not None:
            exchange.origin.into_scope(scope)
        if state is not None:
            scope["state"] = state.copy()
        return scope

    def _headers(self, request: Request):
        """Pairs of lower-case name and value, in the order they were sent."""
        index: cython.int
        field: cython.pointer[Field]
        known: cython.pointer[KnownName]
        text: cython.p_const_char
        length: cython.Py_ssize_t
        headers: list = []
        for index in range(request.count):
            field = cython.address(request.fields[index])
            known = self.lookup(request.data + field.name, field.name_length)
            text = request.data + field.value
            length = field.value_length
            if known.value != cython.NULL:
                pair = cython.cast(tuple, known.value)
                last = pair[1]
                if PyBytes_GET_SIZE(last) == length and memcmp(PyBytes_AS_STRING(last), text, length) == 0:
                    headers.append(pair)
                    continue
            pair = (cython.cast(bytes, known.key), PyBytes_FromStringAndSize(text, length))
            if length <= LONGEST_REMEMBERED:
                self.remember(known, pair)
            headers.append(pair)
        return headers


def _client(channel: Channel):
    """(host, port) of the peer; () for one without an address."""
    host = channel.peer_host()
    return (host, int(channel.peer_port())) if host else ()
