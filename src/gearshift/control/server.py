"""The server's end: a Unix socket, a thread for each who asks, and a function for each command. One line of JSON
each way.

A request is `{"command": NAME, ...}`, a reply `{"ok": true, ...}` or `{"ok": false, "error": TEXT}`. A connection may
ask several times. Whoever may write to the socket may do all that the commands do: it has mode 0600.
"""

from __future__ import annotations

import contextlib
import os
import socket
import stat
from errno import EADDRINUSE, EEXIST
from threading import BoundedSemaphore, Thread
from time import sleep

from gearshift.control.paths import ControlError, listens
from gearshift.errors import GearshiftError
from gearshift.settings.declaration import described

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    Command = Callable[[dict[str, Any]], dict[str, Any]]

LONGEST_REQUEST = 65536  # bytes
PATIENCE = 5.0  # seconds that a client may be silent
MOST_CLIENTS = 16  # at once; further ones wait in the kernel


class ControlSocket:
    """Listens at `path` until close(). commands: what each does with a request, and its reply.

    Raises ControlError where the socket can't be had.
    """

    def __init__(
        self, path: str, commands: Mapping[str, Command], on_error: Callable[[str, Exception], None]
    ):
        self.path = path
        self._commands = commands
        self._on_error = on_error
        self._clients: set[socket.socket] = set()
        self._room = BoundedSemaphore(MOST_CLIENTS)
        self._closed = False
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._bind()
        except OSError as error:
            self._socket.close()
            # Python itself refuses a path that is too long, and gives no number.
            raise ControlError(f"--control: {path}: {error.strerror or error}") from None
        self._thread = Thread(target=self._serve, name="control", daemon=True)
        self._thread.start()

    def _bind(self) -> None:
        """A socket that nobody listens on any more is replaced; its mode is right before anybody can connect."""
        if listens(self.path):
            raise OSError(EADDRINUSE, "another server listens there")
        with contextlib.suppress(FileNotFoundError):
            if not stat.S_ISSOCK(os.lstat(self.path).st_mode):
                raise OSError(EEXIST, "found something that is no socket, expected a free path")
            os.unlink(self.path)  # noqa: PTH108 - pathlib would cost every start 6 ms
        before = os.umask(0o177)
        try:
            self._socket.bind(self.path)
        finally:
            os.umask(before)
        self._socket.listen(128)  # one that finds no room here is refused, not made to wait

    def fileno(self) -> int:
        """Of the listening socket; -1 once it is closed."""
        return self._socket.fileno()

    def close(self) -> None:
        """Ends the threads and removes the socket: what is being done is answered yet. May be called again."""
        if self._closed:
            return
        self._closed = True
        with contextlib.suppress(OSError):
            os.unlink(self.path)  # noqa: PTH108
        # Ends its accept(), and their recv().
        for waiting, how in (
            (self._socket, socket.SHUT_RDWR),
            *((c, socket.SHUT_RD) for c in [*self._clients]),
        ):
            with contextlib.suppress(OSError):
                waiting.shutdown(how)
        self._thread.join(PATIENCE)
        self._socket.close()

    def _serve(self) -> None:
        while True:
            self._room.acquire()
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            client.settimeout(PATIENCE)
            self._clients.add(client)
            if self._closed:  # close() may not have seen it
                with contextlib.suppress(OSError):
                    client.shutdown(socket.SHUT_RD)
            try:
                Thread(target=self._converse, args=(client,), name="control-client", daemon=True).start()
            except RuntimeError as error:
                self._on_error("no thread for who asks at the control socket", error)
                self._forget(client)

    def _converse(self, client: socket.socket) -> None:
        from gearshift.control.encoding import pieces

        try:
            with contextlib.suppress(OSError), client.makefile("rwb") as stream:
                while line := stream.readline(LONGEST_REQUEST):
                    for piece in pieces(self._answer(line)):
                        stream.write(piece)
                        sleep(0)  # whoever serves has the interpreter in between
                    stream.write(b"\n")
                    stream.flush()
                    if not line.endswith(b"\n"):
                        break  # it is longer than may be: what follows is no request
        finally:
            self._forget(client)

    def _forget(self, client: socket.socket) -> None:
        self._clients.discard(client)
        client.close()
        self._room.release()

    def _answer(self, line: bytes) -> dict[str, Any]:
        import json

        if len(line) == LONGEST_REQUEST and not line.endswith(b"\n"):
            return {"ok": False, "error": f"expected a line of at most {LONGEST_REQUEST} bytes"}
        try:
            request = json.loads(line)
            command = self._commands.get(request["command"])
        except (ValueError, TypeError, KeyError, RecursionError):
            return {"ok": False, "error": 'expected one line of JSON: {"command": NAME, ...}'}
        if command is None:
            found, known = described(request["command"]), ", ".join(sorted(self._commands))
            return {"ok": False, "error": f"found no command {found}, expected one of {known}"}
        try:
            return {"ok": True, **command(request)}
        except GearshiftError as error:
            return {"ok": False, "error": str(error)}
        except Exception as error:
            self._on_error(f"error in the control command {request['command']!r}", error)
            return {"ok": False, "error": f"internal error: {error}"}
