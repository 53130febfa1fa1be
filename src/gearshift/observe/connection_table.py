"""The table of open connections: what the server has noted of each, beside what the kernel knows.

Made in pieces, between which the threads that serve have their turn: a row takes a few microseconds, and the
interpreter is held for all of a piece.
"""

from __future__ import annotations

import threading
from time import monotonic, sleep

from gearshift.floor import FLOOR
from gearshift.kernel.socket_row import socket_row
from gearshift.observe.seen_connection import seen, spoken
from gearshift.told import client_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from gearshift.connection import Connection
    from gearshift.exchange import Exchange
    from gearshift.roster import Roster

PIECE = 32  # rows
IN_HAND = ("in handler", "writing", "reading body", "websocket")


def connection_table(
    roster: Roster, tasks: Mapping[Any, Exchange]
) -> tuple[list[dict[str, Any]], dict[int, dict[str, Any]]]:
    """A row for each connection that was open when this began and still is, oldest first; and the rows of those whose
    request a thread has in hand, by the thread's ident. tasks: those of an ASGI application, and what each answers.
    """
    found = sorted(roster.all(), key=_number)
    names = thread_names()
    answering = {id(exchange): task for task, exchange in list(tasks.items())}
    rows: list[dict[str, Any]] = []
    serving: dict[int, dict[str, Any]] = {}
    for piece in _pieces(found):
        now = monotonic()
        with FLOOR:
            for connection in piece:
                if connection.fd < 0:
                    continue
                row = _row(connection, names, answering, now)
                rows.append(row)
                driver = connection.driver
                if row["phase"] in IN_HAND and (driver.can_block or row["owner"] == names.get(driver.thread)):
                    serving[driver.thread] = row
        sleep(0)
    return rows, serving


def row_of(connection: Connection) -> dict[str, Any]:
    """One connection's row, also of one that is closed; what its socket knew is None then."""
    tasks: Mapping[Any, Exchange] = getattr(connection.service.application, "tasks", {})
    answering = {id(exchange): task for task, exchange in list(tasks.items())}
    return _row(connection, thread_names(), answering, monotonic())


def thread_names() -> dict[int, str]:
    """Of every thread that Python knows, by its ident."""
    return {thread.ident or 0: thread.name for thread in threading.enumerate()}


def _pieces(connections: list[Connection]) -> Iterator[list[Connection]]:
    for start in range(0, len(connections), PIECE):
        yield connections[start : start + PIECE]


def _number(connection: Connection) -> int:
    return connection.number


def _row(
    connection: Connection, names: Mapping[int, str], answering: Mapping[int, Any], now: float
) -> dict[str, Any]:
    phase, since, method, path, exchange = seen(connection)
    inode, local, state, rtt, retransmits, unread, unsent = socket_row(connection.fd)
    task = None if exchange is None else answering.get(id(exchange))
    remote, via = connection.peer_address() or None, connection.via
    outer = connection.outer
    if outer is not None:
        local = socket_row(outer.fd)[1]
    tls = (outer or connection).tls
    over_unix = (via or remote or "unix") == "unix"
    return {
        "number": connection.number,
        "stream_of": None if outer is None else outer.number,
        "protocol": "udp" if connection.datagrams else "unix" if over_unix else "tcp",
        "local": local,
        "remote": remote,
        "via": via,
        "client": None if exchange is None else client_of(exchange) or None,
        "fd": connection.fd,
        "inode": inode,
        "engine": connection.service.engine,
        "owner": names.get(connection.driver.thread) if task is None else task.get_name(),
        "speaks": spoken(connection),
        "tls_version": None if tls is None else tls.version or None,
        "tls_cipher": None if tls is None else tls.cipher or None,
        "tls_sealed_by": None if tls is None or not tls.version else "kernel" if tls.in_kernel else "openssl",
        "tcp_state": state,
        "phase": phase,
        "age_seconds": now - connection.accepted_at,
        "phase_seconds": max(now - since, 0.0) if since else None,
        "requests": connection.requests,
        "bytes_in": connection.bytes_in,
        "bytes_out": connection.bytes_out,
        "method": None if method is None else method.decode("latin-1"),
        "path": None if path is None else path.decode("latin-1"),
        "rtt_ms": rtt,
        "retransmits": retransmits,
        "unread": unread,
        "unsent": unsent,
        "messages_in": getattr(exchange, "messages_in", None),
        "messages_out": getattr(exchange, "messages_out", None),
    }
