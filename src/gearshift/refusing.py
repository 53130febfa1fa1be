"""The answer to bytes that were no request: there is no exchange that could make it."""

import cython
from cython.cimports.cpython.bytes import PyBytes_AS_STRING, PyBytes_GET_SIZE
from cython.cimports.gearshift.channel import Channel
from cython.cimports.gearshift.exchange import Service
from cython.cimports.gearshift.http.output import Output
from cython.cimports.gearshift.http.response import Response, reason_of


def refuse_unread(channel: Channel, service: Service, status: cython.int, text: bytes):
    """Writes it, whole, and logs it in the access log too, though there was no request that could be read."""
    response: Response = Response()
    output: Output = channel.writer()
    reason: bytes = reason_of(status)
    response.close = True
    response.is_head = channel.protocol.refused_head  # RFC 9110 section 9.3.2: never with content
    response.begin(output, status, PyBytes_AS_STRING(reason), PyBytes_GET_SIZE(reason))
    response.field(output, b"Content-Type", 12, b"text/plain; charset=utf-8", 25)
    response.finish_head(output, channel.driver.date, PyBytes_GET_SIZE(text))
    response.piece(output, text, PyBytes_AS_STRING(text), PyBytes_GET_SIZE(text))
    response.end(output)
    if service.access_log is not None:
        from gearshift.told import refusal_entry

        service.access_log.write(refusal_entry(channel, service.engine, response))
    return 0
