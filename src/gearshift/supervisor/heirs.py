"""A new program in the place of this one, on the same listeners: what both ends of the change do.

The old one starts the new one as its child and sends it, over a line of their own, every listening socket and both ends
of the queue of connections. The new one says when its workers serve; until then, and for good where it fails, the old
one goes on. So both accept for a moment, from the same queues. What each may not know of the other is numbered.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from contextlib import suppress

from gearshift.errors import GearshiftError
from gearshift.kernel import backlog
from gearshift.listeners import Listener
from gearshift.supervisor.transit import FORMAT, Transit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from gearshift.supervisor.listening import Listening

VARIABLE = "GEARSHIFT_INHERITANCE_FD"  # the new program's end of the line
LANGUAGE = 1  # of what is said over it
LARGEST = 65536
MOST_DESCRIPTORS = 253  # that go with one message (SCM_MAX_FD, unix(7))
PATIENCE = 10.0  # seconds for what is to lie in the socket already


class Heir:
    """The new program, as the old one sees it. Raises OSError, or GearshiftError where there is too much to inherit."""

    def __init__(self, listening: Listening, transit: Transit) -> None:
        self.takes_connections = False
        self.silent = False
        self._end, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            self._bequeath(listening, transit)
            theirs.set_inheritable(True)
            self.pid = os.posix_spawn(
                sys.executable,
                [sys.executable, *sys.orig_argv[1:]],
                {**os.environ, VARIABLE: str(theirs.fileno())},
                setsigmask=(),
            )
        except BaseException:
            self._end.close()
            raise
        finally:
            theirs.close()
        self._end.setblocking(False)

    def _bequeath(self, listening: Listening, transit: Transit) -> None:
        places, descriptors = [], [transit.entrance.fileno(), transit.exit.fileno()]
        for text, index, number, listener in listening.all():
            places.append((text, index, number))
            descriptors.append(listener.fd)
        descriptors += [endpoint.fd for endpoint in listening.endpoints]
        if len(descriptors) > MOST_DESCRIPTORS:
            raise GearshiftError(f"a new program can inherit {MOST_DESCRIPTORS - 2} listeners at most")
        will = {"language": LANGUAGE, "listeners": places, "endpoints": listening.datagram_addresses}
        socket.send_fds(self._end, [json.dumps(will).encode()], descriptors)

    def fileno(self) -> int:
        return self._end.fileno()

    def is_ready(self) -> bool:
        """Whether it has said so just now."""
        try:
            said = self._end.recv(LARGEST)
        except BlockingIOError:
            return False
        except OSError:
            said = b""
        if not said:
            self.silent = True
            return False
        message: dict[str, Any] = json.loads(said)
        self.takes_connections = FORMAT in message.get("connections", ())
        return message.get("is") == "ready"

    def tell_that_the_desk_is_free(self) -> None:
        """Control socket and status page can be had."""
        with suppress(OSError):
            self._end.send(b'{"is": "desk free"}')

    def end(self) -> None:
        """Before it serves."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGTERM)

    def close(self) -> None:
        """May be called again."""
        self._end.close()


class Predecessor:
    """The old program, as the new one sees it."""

    def __init__(self, end: socket.socket) -> None:
        end.settimeout(PATIENCE)
        try:
            said, descriptors, _, _ = socket.recv_fds(end, LARGEST, MOST_DESCRIPTORS)
            will = json.loads(said)
        except (OSError, ValueError) as error:
            raise GearshiftError(f"{VARIABLE}: nothing can be inherited: {error}") from None
        if will["language"] != LANGUAGE or len(descriptors) != 2 + len(will["listeners"]) + len(
            will["endpoints"]
        ):
            raise GearshiftError(f"{VARIABLE}: found language {will['language']}, expected {LANGUAGE}")
        end.setblocking(False)
        self._end = end
        for descriptor in descriptors:
            os.set_inheritable(descriptor, False)
        sockets = [socket.socket(fileno=descriptor) for descriptor in descriptors]
        self.transit = Transit(*sockets[:2])
        places = will["listeners"]
        self.listeners = {
            (text, index, number): _listener(sock, text)
            for (text, index, number), sock in zip(places, sockets[2 : 2 + len(places)], strict=True)
        }
        self.endpoints = list(zip(will["endpoints"], sockets[2 + len(places) :], strict=True))

    def fileno(self) -> int:
        return self._end.fileno()

    def tell_ready(self) -> None:
        """Our workers serve: its own may leave."""
        with suppress(OSError):
            self._end.send(json.dumps({"is": "ready", "connections": [FORMAT]}).encode())

    def has_left_the_desk(self) -> bool:
        """Whether it has said so, or has gone."""
        try:
            self._end.recv(LARGEST)
        except BlockingIOError:
            return False
        except OSError:
            pass
        return True

    def close(self) -> None:
        """May be called again."""
        self._end.close()


def _listener(sock: socket.socket, text: str) -> Listener:
    """As it was opened: the file of a Unix socket is ours to remove now, unless somebody else had opened it."""
    sock.setblocking(False)
    limit = backlog.accept_queue_limit(sock)
    return Listener(sock, limit or 0, limit, inherited=text.startswith("fd:"))


def predecessor() -> Predecessor | None:
    """The program that has started this one to take its place; None where it was started in another way."""
    text = os.environ.pop(VARIABLE, "")
    if not text.isdigit():
        return None
    descriptor = int(text)
    try:
        end = socket.socket(fileno=descriptor)
    except OSError as error:
        raise GearshiftError(f"{VARIABLE}: descriptor {descriptor}: {error.strerror}") from None
    os.set_inheritable(descriptor, False)
    return Predecessor(end)
