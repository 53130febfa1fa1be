"""A server that does to each connection whatever a test wants done, and a load of it."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

from gearshift.load.measure import measure
from gearshift.load.options import options_from
from gearshift.load.result import Result

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
Script = Callable[[socket.socket], None]


@contextlib.contextmanager
def scripted(script: Script) -> Iterator[str]:
    """The URL of a server with a thread for each connection, in which the script runs; then it is closed."""
    threads: list[threading.Thread] = []
    stopped = threading.Event()

    def serve(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            connection.settimeout(10)
            script(connection)

    def accept(listener: socket.socket) -> None:
        while not stopped.is_set():
            connection, _ = listener.accept()
            if stopped.is_set():
                connection.close()
                return
            threads.append(threading.Thread(target=serve, args=(connection,)))
            threads[-1].start()

    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:
        acceptor = threading.Thread(target=accept, args=(listener,))
        acceptor.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        finally:
            stopped.set()
            socket.create_connection(listener.getsockname()).close()  # so that accept() looks up
            acceptor.join()
            for thread in threads:
                thread.join(10)


def heads(connection: socket.socket) -> Iterator[bytes]:
    """The requests without a body that come, one after the other."""
    data = b""
    while True:
        while b"\r\n\r\n" not in data:
            more = connection.recv(65536)
            if not more:
                return
            data += more
        head, _, data = data.partition(b"\r\n\r\n")
        yield head


def load(url: str, **flags: Any) -> Result:
    """What `gearshift load` measures, with the flags of that name."""
    said = {name: value if isinstance(value, list | bool) else str(value) for name, value in flags.items()}
    return measure(options_from({"url": url, **said}))
