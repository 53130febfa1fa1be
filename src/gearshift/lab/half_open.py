"""Half-open connections without raw packets: a filter on the listening socket that lets in SYNs and nothing else.

The kernel runs a socket's filter (SO_ATTACH_FILTER, classic BPF) on each packet for a listener, those for its half-open
connections too (tcp_v4_rcv in net/ipv4/tcp_ipv4.c), and the filter sees the TCP header first. So the client gets its
SYN, ACK and believes in its connection, and the last packet of the handshake never gets through. Everybody may set such
a filter on older kernels; recent ones want CAP_NET_ADMIN in the socket's network for one on TCP.
"""

from __future__ import annotations

import ctypes
import socket
import struct

SO_ATTACH_FILTER, SO_DETACH_FILTER = 26, 27  # asm-generic/socket.h
FLAGS_AT, SYN = 13, 0x02  # in the TCP header (RFC 9293, 3.1)
# linux/bpf_common.h: load the byte of flags; if SYN is among them go on to the next, else to the one after it.
PROGRAM = (
    (0x30, 0, 0, FLAGS_AT),  # BPF_LD | BPF_B | BPF_ABS
    (0x45, 0, 1, SYN),  # BPF_JMP | BPF_JSET | BPF_K
    (0x06, 0, 0, 0xFFFFFFFF),  # BPF_RET: keep all of it
    (0x06, 0, 0, 0),  # BPF_RET: drop
)


def only_syns(listener: socket.socket) -> None:
    """From now on handshakes with this listener begin and do not end. Raises PermissionError."""
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *each) for each in PROGRAM))
    listener.setsockopt(
        socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("@HP", len(PROGRAM), ctypes.addressof(code))
    )


def everything(listener: socket.socket) -> None:
    """From now on the listener hears all that is sent to it again."""
    listener.setsockopt(socket.SOL_SOCKET, SO_DETACH_FILTER, 0)
