"""A connection as bytes, for another process to go on with: its socket travels beside them (SCM_RIGHTS, unix(7)).

Both are of one user on one machine, but may be of two versions of this program: the first byte says how the rest is
to be read, and whoever sends has made sure that it is understood (VERSION). What a later version adds is a key more.
"""

import json
import os

import cython
from cython.cimports.cpython.bytes import PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cython.cimports.gearshift.channel import Driver
from cython.cimports.gearshift.connection import Connection, Deadline, Phase
from cython.cimports.gearshift.exchange import Service
from cython.cimports.gearshift.floor import leave_floor, take_floor
from cython.cimports.libc.string import memcpy

VERSION = 1
PEER_SIZE = cython.declare(cython.int, 28)


def packed(connection: Connection) -> bytes:
    """What another process must know of it beside its socket. It is between two requests, and settled."""
    protocol = connection.protocol
    left: bytes = PyBytes_FromStringAndSize(
        protocol.data + protocol.position, protocol.end - protocol.position
    )
    facts = {
        "listener": connection.listener.address,
        "family": connection.family,
        "peer": PyBytes_FromStringAndSize(
            cython.cast(cython.p_char, cython.address(connection.peer[0])), PEER_SIZE
        ).hex(),
        "requests": connection.requests,
        "accepted_at": connection.accepted_at,
        "bytes_in": connection.bytes_in,
        "bytes_out": connection.bytes_out,
        "introduced": None if connection.via is None else _introduced(connection),
        "introduction": _introduction(connection),
    }
    return bytes([VERSION]) + json.dumps(facts).encode() + b"\n" + left


def _introduced(connection: Connection) -> list:
    """What a proxy has told of the peer by the PROXY protocol."""
    return [connection.via, connection.peer_host(), connection.peer_port(), connection.secured]


def _introduction(connection: Connection):
    """What has come of the PROXY protocol while it is waited for; None where it is not."""
    if connection.phase != Phase.INTRODUCED:
        return None
    return "" if connection.introduction is None else connection.introduction.held.hex()


def let_go(connection: Connection) -> None:
    """The socket is another process's from now on: here it is closed, which ends nothing."""
    take_floor()
    try:
        fd: cython.int = connection.fd
        if fd >= 0:
            connection.fd = -1
            connection.service.roster.leave(connection)
            connection.finish()
            os.close(fd)
    finally:
        leave_floor()


def unpacked(message: bytes, fd: cython.int, service: Service, driver: Driver, listeners: list) -> Connection:
    """The connection that was sent, for an engine to take. listeners: those of this process; it came from one of them,
    or from one that is no longer listened on. Raises ValueError for what is no such message.
    """
    head, newline, left = message[1:].partition(b"\n")
    if message[:1] != bytes([VERSION]) or not newline:
        raise ValueError(f"found a connection in the form {message[:1]!r}, expected {VERSION}")
    facts = json.loads(head)
    peer: bytes = bytes.fromhex(facts["peer"])
    if PyBytes_GET_SIZE(peer) != PEER_SIZE:
        raise ValueError("found a peer's address that is none")
    http = [one for one in listeners if one.handler is None]
    if not http:
        raise ValueError("found a connection that speaks HTTP, expected none: there are raw handlers alone")
    listener = next((one for one in http if one.address == facts["listener"]), http[0])
    driver.tick()
    connection: Connection = Connection(fd, service, driver, listener)
    connection.family = facts["family"]
    memcpy(connection.peer, PyBytes_AS_STRING(peer), PEER_SIZE)
    connection.requests = facts["requests"]
    connection.accepted_at = facts["accepted_at"]
    connection.bytes_out = facts["bytes_out"]
    # It has begun already, and without TLS, whatever the settings say of those to come.
    connection.tls = None
    connection.protocol.secured = False
    if facts.get("introduction") is None or connection.phase != Phase.INTRODUCED:
        connection.phase = Phase.SERVING
        connection.deadline = Deadline.IDLE_UNTIL
    else:
        left = bytes.fromhex(facts["introduction"]) + left
    if facts.get("introduced"):
        connection.via, connection._peer_host, connection._peer_port, connection.secured = facts["introduced"]
    if left:
        connection.received(PyBytes_AS_STRING(left), PyBytes_GET_SIZE(left))
        connection.settle()
        connection.deadline = Deadline.HEAD_BY
    connection.bytes_in = facts["bytes_in"]
    return connection
