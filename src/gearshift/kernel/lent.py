"""A socket known by its descriptor alone, lent to Python's socket methods: not duplicated, not closed, not changed.

Nothing here lets go of the interpreter: neither making the object nor getsockopt() does in CPython's socketmodule.c.
So thousands of sockets can be asked while other threads serve, without as many changes of thread.
"""

from __future__ import annotations

from errno import EBADF

# SocketType is the class below socket.socket, without its Python layer.
from socket import AF_INET, SOCK_NONBLOCK, SOCK_STREAM, SocketType

# Said to be non-blocking already: of any other socket object socket.setdefaulttimeout() would set the descriptor's
# O_NONBLOCK, and an application may have called it. With type and protocol given the kernel isn't asked for them.
AS_IT_IS = SOCK_STREAM | SOCK_NONBLOCK


class Lent(SocketType):
    """Raises OSError where fd is no open socket. family: only getsockname() and getpeername() need it."""

    __slots__ = ()

    def __init__(self, fd: int, family: int = AF_INET) -> None:
        if fd < 0:  # a closed socket object's; Python would raise ValueError
            raise OSError(EBADF, "the socket is closed")
        super().__init__(family, AS_IT_IS, 0, fd)

    def __del__(self) -> None:
        """In the place of the finalizer that closes: so not even an interrupt in between closes what is not ours."""
        self.detach()


def is_socket(fd: int) -> bool | None:
    """Whether a descriptor is a socket of any family; None where it is not open at all."""
    try:
        Lent(fd)
    except OSError as error:  # ENOTSOCK, EBADF
        return None if error.errno == EBADF else False
    return True
