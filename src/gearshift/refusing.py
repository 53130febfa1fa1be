"""The answer to what broke the protocol: once, and nothing behind it is read."""

import cython
from cython.cimports.cpython.bytes import PyBytes_AS_STRING, PyBytes_GET_SIZE
from cython.cimports.gearshift.connection import Connection, Phase
from cython.cimports.gearshift.exchange import Exchange
from cython.cimports.gearshift.http.output import Output
from cython.cimports.gearshift.http.response import Response, reason_of

from gearshift.http.refusals import REASONS


def refuse(connection: Connection):
    """Says why, with the status that belongs to it, in the place of the answer that is under way or by itself."""
    status: cython.int
    status, words = REASONS[connection.protocol.refusal]
    text: bytes = words.encode() + b"\n"
    exchange: Exchange = connection.exchange
    if exchange is not None:
        connection.exchange = None
        exchange.peer_is_lost()
        if exchange.head_written:
            connection.reset = True
        else:
            exchange.answer(status, text)
        exchange.finish()
    else:
        _refuse_unread(connection, status, text)
    connection.phase = Phase.LAST_ANSWER
    connection.unread_input = True
    return 0


def _refuse_unread(connection: Connection, status: cython.int, text: bytes):
    """In the access log too, though there was no request that could be read."""
    response: Response = Response()
    output: Output = connection.writer()
    reason: bytes = reason_of(status)
    response.close = True
    response.is_head = connection.protocol.refused_head  # RFC 9110 section 9.3.2: never with content
    response.begin(output, status, PyBytes_AS_STRING(reason), PyBytes_GET_SIZE(reason))
    response.field(output, b"Content-Type", 12, b"text/plain; charset=utf-8", 25)
    response.finish_head(output, connection.driver.date, PyBytes_GET_SIZE(text))
    response.piece(output, text, PyBytes_AS_STRING(text), PyBytes_GET_SIZE(text))
    response.end(output)
    if connection.service.access_log is not None:
        from gearshift.told import refusal_entry

        connection.service.access_log.write(refusal_entry(connection, connection.service.engine, response))
    return 0
