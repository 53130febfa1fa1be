"""What OpenSSL tells of its secrets while it shakes hands (the key log, RFC 9850), heard and forgotten at once.

Python's ssl writes the log to a file that is named. Here that is a pipe of this process's: what stands in it is in the
kernel's memory, on no disk, not swapped, and gone once it is read.

Whose line it is need not be guessed: only one handshake goes on at a time (`lock`), and the pipe is read to its end
before the next. A line names its connection by the client's random, which is the client's to choose; somebody who
repeats another's must not have his secret taken for the other's.
"""

from __future__ import annotations

import os
from threading import Lock

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl

LABEL = b"SERVER_TRAFFIC_SECRET_0"
LONGEST = 4096  # bytes; a handshake of TLS 1.3 makes five lines of at most 198


class Secret(bytearray):
    """Bytes that are overwritten before their memory is somebody else's."""

    def __del__(self) -> None:
        self[:] = bytes(len(self))


class KeyLog:
    """The log of one process's handshakes. Raises OSError where there is no descriptor left for it.

    lock: to be held from before a step of a handshake until server_secret() has been asked.
    """

    def __init__(self) -> None:
        self._reading, self._writing = os.pipe2(os.O_CLOEXEC)
        os.set_blocking(self._reading, False)
        self.lock = Lock()

    def hear(self, context: ssl.SSLContext) -> None:
        """Has the context's handshakes write to this log."""
        # A pipe is opened anew through its name here, and never blocks: it holds 64 KiB, and a step writes one.
        context.keylog_filename = f"/proc/self/fd/{self._writing}"

    def server_secret(self) -> Secret | None:
        """The secret of what the server sends, where the step that has just been made told it; the lock is held."""
        said = bytearray(LONGEST)
        size = 0
        try:
            size = os.readv(self._reading, [said])
        except BlockingIOError:
            return None
        try:
            return _secret_of(said, size)
        finally:
            said[:] = bytes(LONGEST)

    def __del__(self) -> None:
        if hasattr(self, "_writing"):
            os.close(self._reading)
            os.close(self._writing)


def _secret_of(said: bytearray, size: int) -> Secret | None:
    """Out of lines `LABEL client_random secret`, both in hexadecimal; without making text of any other's."""
    start = said.find(LABEL, 0, size)
    end = said.find(b"\n", start, size) if start >= 0 else -1
    if end < 0:
        return None
    return Secret.fromhex(said[said.rfind(b" ", start, end) + 1 : end].decode("ascii"))
