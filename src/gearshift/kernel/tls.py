"""TLS in the kernel: what is written to a socket is sealed on its way out (Documentation/networking/tls.rst).

The sending side only, for TLS 1.3. The kernel counts the records itself, from the number that it is told; what it
seals is application data, but for a message that names another kind of record (engines/transport.py).
"""

from __future__ import annotations

import socket
import struct
from errno import ENOENT
from typing import NamedTuple

from gearshift.kernel.lent import Lent

TCP_ULP = 31  # linux/tcp.h
SOL_TLS = 282  # linux/socket.h
TLS_TX = 1  # linux/tls.h
VERSION = 0x0304


class Algorithm(NamedTuple):
    """As linux/tls.h knows it: a number, and how the twelve bytes of a write IV are parted. Sizes in bytes."""

    number: int
    key_size: int
    salt_size: int


# TLS 1.3's algorithms since Linux 5.1, ChaCha20 since 5.11.
ALGORITHMS = {
    "AES-128-GCM": Algorithm(51, 16, 4),
    "AES-256-GCM": Algorithm(52, 32, 4),
    "CHACHA20-POLY1305": Algorithm(54, 32, 0),
}


def seal_in_kernel(fd: int, algorithm: str, key: bytes, iv: bytes, sequence: int) -> None:
    """What is written to the TCP socket from now on is plain, and leaves sealed.

    sequence: the number of the next record under this key. Raises OSError: nothing has changed then, or only that the
    socket knows of TLS, which by itself changes nothing.
    """
    known = ALGORITHMS[algorithm]
    # struct tls12_crypto_info_*: version, cipher_type, iv, key, salt, rec_seq.
    told = bytearray(struct.pack("=HH", VERSION, known.number))
    told += iv[known.salt_size :]
    told += key
    told += iv[: known.salt_size]
    told += sequence.to_bytes(8, "big")
    lent = Lent(fd)
    try:
        lent.setsockopt(socket.IPPROTO_TCP, TCP_ULP, b"tls")
        lent.setsockopt(SOL_TLS, TLS_TX, told)
    finally:
        told[:] = bytes(len(told))


def sealable() -> tuple[frozenset[str], str]:
    """The algorithms that this kernel takes, tried on connections to itself; and where it takes none, why, in words."""
    found = set()
    why = ""
    for name, algorithm in ALGORITHMS.items():
        try:
            _try(name, algorithm)
        except OSError as error:
            why = why or _words(error)
        else:
            found.add(name)
    return frozenset(found), "" if found else why


def _try(name: str, algorithm: Algorithm) -> None:
    """A socket can be told once only, and only when it is connected."""
    with socket.socket() as listening, socket.socket() as connected:
        listening.bind(("127.0.0.1", 0))
        listening.listen(1)
        connected.connect(listening.getsockname())
        seal_in_kernel(connected.fileno(), name, bytes(algorithm.key_size), bytes(12), 0)


def _words(error: OSError) -> str:
    if error.errno == ENOENT:
        return "this kernel has no TLS, or its module tls is not loaded"
    return f"the kernel refuses it: {(error.strerror or 'no reason given').lower()}"
