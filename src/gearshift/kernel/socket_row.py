"""What the kernel knows of one connected socket, in a few microseconds and without letting go of the interpreter.

A table of ten thousand connections is made of these. Python's own getsockname() and fstat() let go of the interpreter
each time, and beside busy threads wait up to a switch interval to have it back: 10,000 rows would take minutes.
"""

import cython
from cython.cimports.gearshift.kernel.system_calls import (
    AF_INET,
    AF_INET6,
    SIOCINQ,
    SIOCOUTQ,
    fstat,
    getsockname,
    getsockopt,
    inet_ntop,
    ioctl,
    sockaddr,
    sockaddr_storage,
    socklen_t,
    stat_type,
)
from cython.cimports.libc.stdint import uint32_t

from gearshift.kernel.tcp_info import STATES

IPPROTO_TCP = cython.declare(cython.int, 6)
TCP_INFO = cython.declare(cython.int, 11)
# Where the wanted members of struct tcp_info stand (linux/tcp.h); every kernel gives at least 104 bytes.
INFO_SIZE = cython.declare(cython.int, 104)
RTT = cython.declare(cython.int, 68)  # tcpi_rtt, microseconds
TOTAL_RETRANSMITS = cython.declare(cython.int, 100)


def socket_row(fd: cython.int) -> tuple:
    """(inode, local address, TCP state as ss names it, round-trip time in ms, segments sent again, bytes that came and
    were not read, bytes that were written and not acknowledged). None where the kernel doesn't tell: of a Unix socket
    the state and what follows from TCP; of a closed descriptor everything.
    """
    found: stat_type
    info: cython.uchar[104]
    size: socklen_t = INFO_SIZE
    state = rtt = retransmits = None
    if fd < 0 or fstat(fd, cython.address(found)) < 0:
        return (None, None, None, None, None, None, None)
    if getsockopt(fd, IPPROTO_TCP, TCP_INFO, cython.address(info[0]), cython.address(size)) == 0:
        state = STATES[info[0]] if info[0] < len(STATES) else STATES[0]
        rtt = cython.cast(cython.pointer[uint32_t], cython.address(info[RTT]))[0] / 1000.0
        retransmits = cython.cast(cython.pointer[uint32_t], cython.address(info[TOTAL_RETRANSMITS]))[0]
    return (found.st_ino, _local(fd), state, rtt, retransmits, _asked(fd, SIOCINQ), _asked(fd, SIOCOUTQ))


def _local(fd: cython.int):
    """The socket's own address as text; None for a Unix socket."""
    address: sockaddr_storage
    text: cython.char[64]
    size: socklen_t = cython.sizeof(sockaddr_storage)
    raw: cython.pointer[cython.uchar] = cython.cast(cython.pointer[cython.uchar], cython.address(address))
    if (
        getsockname(fd, cython.cast(cython.pointer[sockaddr], cython.address(address)), cython.address(size))
        < 0
    ):
        return None
    if address.ss_family == AF_INET:
        inet_ntop(AF_INET, raw + 4, text, 64)
        return f"{cython.cast(bytes, text).decode()}:{raw[2] * 256 + raw[3]}"
    if address.ss_family == AF_INET6:
        inet_ntop(AF_INET6, raw + 8, text, 64)
        return f"[{cython.cast(bytes, text).decode()}]:{raw[2] * 256 + raw[3]}"
    return None


def _asked(fd: cython.int, request: cython.ulong):
    count: cython.int = 0
    return count if ioctl(fd, request, cython.address(count)) == 0 else None
