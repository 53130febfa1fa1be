"""Runs a load: opens, warms up, measures, waits for the last answers; a signal ends it early."""

from __future__ import annotations

import os
import resource
import signal
import threading
import time
from contextlib import contextmanager

from gearshift.errors import SettingError
from gearshift.load.client import Client
from gearshift.load.result import Result, Showing
from gearshift.load.sequence import Sequence
from gearshift.load.target import TargetError, address_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gearshift.load.options import Options

SLICE = 0.1  # seconds from one look of Python's to the next
OTHER_DESCRIPTORS = 64  # that a process has open besides its connections


def measure(options: Options, show: Callable[[Showing], None] | None = None) -> Result:
    """Loads the server and says what came of it; at SIGINT what had come until then.

    show: is told a few times a second how far it is. Raises TargetError where nothing can be connected to,
    SettingError where this process may not have so many connections.
    """
    _make_room(options.connections)
    client = Client(
        address_of(options.target, options.timeout),
        Sequence(options.messages, options.to_head, options.pipeline),
        options.connections,
        options.pipeline,
        options.rate,
        options.timeout,
        options.closes,
    )
    with _interrupts() as interrupted:
        if not options.closes:
            _open(client, options, interrupted)
        _send(client, options, interrupted, show)
        _drain(client, options, interrupted)
    return Result.of(client, options, interrupted.is_set())


def _open(client: Client, options: Options, interrupted: threading.Event) -> None:
    """Makes the connections ahead, so that making them is no part of the first answers' latency."""
    client.open()
    until = time.monotonic() + options.timeout + SLICE
    while client.connecting and not interrupted.is_set() and time.monotonic() < until:
        client.serve(SLICE)
    _expect_connections(client, options)


def _send(
    client: Client,
    options: Options,
    interrupted: threading.Event,
    show: Callable[[Showing], None] | None,
) -> None:
    warm = options.warmup == 0
    client.begin(options.warmup + options.seconds)
    while (left := client.seconds_left) and not interrupted.is_set():
        if not warm and left <= options.seconds:
            client.forget()
            warm = True
        client.serve(min(SLICE, left if warm else left - options.seconds))
        if client.tally.failures():
            _expect_connections(client, options)
        if show is not None:
            show(Showing.of(client, options, warm))
    client.stop()


def _drain(client: Client, options: Options, interrupted: threading.Event) -> None:
    """Waits for what was sent: leaving out the slowest would make the latencies look better than they are."""
    until = time.monotonic() + 2 * options.timeout + SLICE  # for a connection, then for the answer
    while client.outstanding and not interrupted.is_set() and time.monotonic() < until:
        client.serve(SLICE)


def _expect_connections(client: Client, options: Options) -> None:
    """Where not one connection could be made, waiting for the end would tell nothing more."""
    failed = sum(client.tally.failures().values())
    if client.tally.opened or failed < options.connections:
        return
    why = os.strerror(client.last_errno)
    raise TargetError(f"{options.target.url}: found nothing that accepts connections ({why})")


def _make_room(connections: int) -> None:
    """Lets this process have a descriptor for each connection. Raises SettingError."""
    needed = connections + OTHER_DESCRIPTORS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return
    if hard != resource.RLIM_INFINITY and hard < needed:
        raise SettingError(
            f"--connections: found {connections}, expected at most {hard - OTHER_DESCRIPTORS}:"
            f" this process may open {hard} files (ulimit -Hn)"
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))


@contextmanager
def _interrupts() -> Iterator[threading.Event]:
    """An event that SIGINT sets, where this is the main thread: no other can be told of signals."""
    interrupted = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield interrupted
        return
    former = signal.signal(signal.SIGINT, lambda number, frame: interrupted.set())
    try:
        yield interrupted
    finally:
        signal.signal(signal.SIGINT, former)
