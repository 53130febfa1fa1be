"""How a connection begins: whom a proxy introduces, the TLS handshake, and which protocol is spoken after them.

On the wire they come in this order, and each may be missing: the PROXY protocol's introduction, the handshake, HTTP/2's
preface (or its name in the handshake). A raw handler's connection begins in the same way.
"""

import cython
from cython.cimports.cpython.bytes import PyBytes_FromStringAndSize
from cython.cimports.gearshift.connection import Connection, Deadline, Phase, Step
from cython.cimports.gearshift.conversation import RawApplication
from cython.cimports.gearshift.http.refusals import Refusal
from cython.cimports.gearshift.http.states import Reading
from cython.cimports.gearshift.proxy.introduction import Introduction, Progress
from cython.cimports.gearshift.tls.session import Shake, TlsSession


def begin(connection: Connection, listener: object):
    """A connection that has just been accepted."""
    if listener.handler is not None:
        raw: RawApplication = listener.handler
        connection.datagrams = raw.datagrams
        connection.conversation = raw.converse(connection, connection.service)
    connection.phase = _first_phase(connection)
    connection.deadline = Deadline.NO_DEADLINE if connection.datagrams else Deadline.IDLE_UNTIL
    # Where TLS is spoken, the handshake names it (ALPN).
    connection.protocol.may_be_http2 = connection.service.http2 is not None and listener.keyring is None
    if listener.keyring is not None:
        connection.tls = TlsSession(listener.keyring)
        connection.protocol.secured = True
        connection.phase = Phase.SHAKING
        connection.deadline = Deadline.HEAD_BY
    forwarding = connection.service.forwarding
    if forwarding is not None and forwarding.introduced and not connection.datagrams:
        connection.phase = Phase.INTRODUCED
        connection.deadline = Deadline.HEAD_BY  # a proxy says it at once
    return 0


def _first_phase(connection: Connection):
    """In which a connection is that can be spoken on."""
    return Phase.SERVING if connection.conversation is None else Phase.CONVERSING


# ---- the PROXY protocol ----------------------------------------------------------------------------------------


def take_introduction(connection: Connection, data: cython.p_const_char, size: cython.Py_ssize_t):
    """A trusted proxy must begin with the PROXY protocol; of anybody else it would not be believed."""
    taken: cython.Py_ssize_t = 0
    if connection.service.forwarding.believes(connection):
        if connection.introduction is None:
            connection.introduction = Introduction()
        taken = connection.introduction.receive(PyBytes_FromStringAndSize(data, size))
        if connection.introduction.progress == Progress.BEGUN:
            return 0
        if connection.introduction.progress == Progress.BROKEN:
            connection.reset = True
            connection.phase = Phase.DONE
            connection.service.counts.unintroduced += 1
            return connection.service.forwarding.tell(connection, connection.service.error_log)
        connection.meet(connection.introduction)
        connection.introduction = None
    connection.phase = Phase.SHAKING if connection.tls is not None else _first_phase(connection)
    if taken == size:
        return 0
    connection.bytes_in -= size - taken
    return connection.received(data + taken, size - taken)  # what follows is the client's


def waits_for_introduction(connection: Connection) -> cython.bint:
    """Whether it may come yet."""
    if connection.has_finished() or connection.protocol.reading == Reading.BROKEN:
        connection.phase = Phase.DONE
        return False
    connection.deadline = Deadline.HEAD_BY
    return True


# ---- TLS -------------------------------------------------------------------------------------------------------


def shake_hands(connection: Connection):
    """The handshake, as far as it goes with what has come."""
    if not connection.driver.may_shake():
        return Step.LATER
    verdict: Shake = connection.shake()
    if verdict == Shake.MORE_IS_NEEDED:
        return Step.WRITE if connection.unsent() > 0 else Step.READ
    if verdict == Shake.AGREED:
        connection.service.counts.handshakes += 1
        connection.phase = _first_phase(connection)
        if connection.tls.alpn == "h2" and connection.conversation is None:
            multiplex(connection)
        return Step.READ
    connection.service.counts.handshakes_failed += 1
    connection.phase = Phase.LAST_ANSWER
    connection.unread_input = True
    if verdict == Shake.NOT_TLS and connection.conversation is None:
        connection.tls = None
        connection.protocol.refuse(Refusal.NOT_TLS)
        connection._refuse()
    return Step.CLOSE


# ---- HTTP/2 ----------------------------------------------------------------------------------------------------


def multiplex(connection: Connection) -> cython.bint:
    """HTTP/2 is spoken from here on. False where it can't be: the preface is then read as a request."""
    http2: RawApplication = connection.service.http2
    connection.conversation = http2.converse(connection, connection.service)
    return connection.conversation is not None
