"""What is told of a request when it is over: to the access log, and to whoever asks for the slowest."""

from threading import current_thread

import cython
from cython.cimports.gearshift.channel import Channel
from cython.cimports.gearshift.clock import monotonic
from cython.cimports.gearshift.exchange import Exchange
from cython.cimports.gearshift.floor import let_go, take_again
from cython.cimports.gearshift.http.request import Request
from cython.cimports.gearshift.times import Times

from gearshift.observe.access_entry import AccessEntry
from gearshift.request_kinds import name_of


def client_of(exchange: Exchange):
    """The client's address as text: the connection's peer, or whom a trusted proxy has named."""
    if exchange.origin is not None:
        return exchange.origin.client(exchange.channel)
    return exchange.channel.peer_address()


def access_entry(exchange: Exchange):
    """An AccessEntry."""
    request: Request = exchange.request
    return AccessEntry(
        client_of(exchange),
        request.method,
        request.target,
        exchange.channel.spoken(request.minor),
        exchange.response.status,
        exchange.response.body_bytes,
        request.header(b"referer"),
        request.header(b"user-agent"),
        exchange.began_wall,
        monotonic() - exchange.began,
        exchange.application_seconds,
        exchange.service.engine,
        exchange.channel.requests,
    )


def tell_access(exchange: Exchange, log: object):
    """Into the access log, which may have to wait for its file."""
    entry = access_entry(exchange)
    floor: cython.int = let_go()
    try:
        log.write(entry)
    finally:
        take_again(floor)


def server_timing(exchange: Exchange):
    """The value of a Server-Timing field; of a request that was not run only how long it waited."""
    now: cython.double = monotonic()
    if exchange.called <= 0:
        return b"queue;dur=%.2f" % (1000 * (now - exchange.began))
    queue, application = 1000 * (exchange.called - exchange.began), 1000 * (now - exchange.called)
    return b"queue;dur=%.2f, app;dur=%.2f" % (max(queue, 0.0), application)


def slow_request(exchange: Exchange, queue: cython.double, handler: cython.double, now: cython.double):
    """A row of times.slowest[] in docs/status-schema.md; all times in seconds."""
    channel: Channel = exchange.channel
    times: Times = exchange.service.times
    waited = 0.0  # only the first request of a connection can have waited for its being accepted
    if channel.requests == 1:
        waited = times.accept_wait if times.accept_wait >= 0 else None
    return {
        "at": exchange.began_wall,
        "request": exchange.name_of_request(),
        "kind": name_of(exchange.request),
        "status": exchange.response.status,
        "connection": channel.number,
        "remote": client_of(exchange),
        "thread": current_thread().name,
        "accept_queue_estimated": waited,
        "queue": queue,
        "handler": handler,
        "handler_cpu": exchange.processor if exchange.processor >= 0 else None,
        "write_blocked": exchange.write_blocked,
        "total": now - exchange.began,
    }
