"""What the kernel knows of one TCP connection: TCP_INFO (tcp(7); struct tcp_info in linux/tcp.h).

The struct has grown at its end with the kernel, which answers as much of it as it knows and is asked for (tcp_get_info
in net/ipv4/tcp.c); what an older kernel doesn't tell is None here.
"""

from __future__ import annotations

import struct
from socket import IPPROTO_TCP, TCP_INFO
from typing import NamedTuple

from gearshift.kernel.lent import Lent

# enum in include/net/tcp_states.h, by its numbers from 1, as ss(8) writes them.
STATES = (
    "UNKNOWN",
    "ESTAB",
    "SYN-SENT",
    "SYN-RECV",
    "FIN-WAIT-1",
    "FIN-WAIT-2",
    "TIME-WAIT",
    "UNCONN",
    "CLOSE-WAIT",
    "LAST-ACK",
    "LISTEN",
    "CLOSING",
    "SYN-RECV",  # TCP_NEW_SYN_RECV, a request that is no socket yet
)

# struct tcp_info up to tcpi_snd_wnd, as far as it is wanted here; x skips a byte.
LAYOUT = struct.Struct(
    "= B x B B 4x"  # state, retransmits, probes
    " 8x I 4x I 4x I 8x"  # snd_mss, unacked, lost
    " I 4x I I 8x"  # last_data_sent, last_data_recv, last_ack_recv
    " I I 4x I 16x I 16x"  # rtt, rttvar, snd_cwnd, total_retrans
    " Q Q 8x"  # bytes_acked, bytes_received
    " I I 8x Q"  # notsent_bytes, min_rtt, delivery_rate
    " Q Q Q 8x"  # busy_time, rwnd_limited, sndbuf_limited
    " Q Q 12x"  # bytes_sent, bytes_retrans
    " I"  # snd_wnd
)
# How long an answer is at least that has them, and since which kernel.
SINCE_4_1 = 136  # bytes_acked, bytes_received
SINCE_4_9 = 168  # notsent_bytes, min_rtt, delivery_rate
SINCE_4_10 = 192  # busy_time and what limited it
SINCE_4_19 = 216  # bytes_sent, bytes_retrans
SINCE_5_4 = LAYOUT.size  # snd_wnd

NO_SAMPLE = 0xFFFFFFFF  # tcpi_min_rtt of a connection that has none yet


class TcpInfo(NamedTuple):
    """One connection at one moment; times in seconds. None: this kernel doesn't tell, or has no sample yet.

    state: as in ss. rtt, rtt_variance, rtt_least: smoothed, its mean deviation, and the smallest seen.
    retransmits: time-outs in a row that nothing has answered. total_retransmits: segments sent again so far.
    probes: window probes that nothing has answered. unacked, lost, congestion_window: segments; mss: bytes in one.
    bytes_sent, bytes_retransmitted, bytes_acked, bytes_received: payload. The first has the second in it; a SYN sent
    and a FIN count one more in the last two. not_sent: bytes that the application has written and TCP has not sent yet.
    send_window: bytes that the peer takes. since_sent, since_received, since_ack: since data went out, data came, an
    acknowledgement came; where none has, since the connection was established. delivery_rate: bytes a second, of late.
    busy: how long there has been something to send, receiver_limited and buffer_limited: how long of that the peer's
    window and our own send buffer were what kept it back.
    """

    state: str
    retransmits: int
    probes: int
    mss: int
    unacked: int
    lost: int
    since_sent: float
    since_received: float
    since_ack: float
    rtt: float | None
    rtt_variance: float | None
    congestion_window: int
    total_retransmits: int
    bytes_acked: int | None
    bytes_received: int | None
    not_sent: int | None
    rtt_least: float | None
    delivery_rate: int | None
    busy: float | None
    receiver_limited: float | None
    buffer_limited: float | None
    bytes_sent: int | None
    bytes_retransmitted: int | None
    send_window: int | None


def tcp_info(fd: int) -> TcpInfo | None:
    """A connection's; None where the descriptor is no TCP socket. Raises OSError where it is no open socket.

    The connection's own lock is taken for a moment (lock_sock_fast). Of a listening socket only the state means what it
    says: see kernel/listening.py.
    """
    answer = raw(fd)
    return None if answer is None else parse(answer)


def raw(fd: int) -> bytes | None:
    """The struct as the kernel fills it; None where the descriptor is no TCP socket."""
    sock = Lent(fd)
    try:
        return sock.getsockopt(IPPROTO_TCP, TCP_INFO, LAYOUT.size)
    except OSError:  # EOPNOTSUPP, ENOPROTOOPT: neither family nor protocol know it
        return None


def state_name(number: int) -> str:
    return STATES[number] if number < len(STATES) else STATES[0]


def parse(answer: bytes) -> TcpInfo:
    """answer: at least the 104 bytes that every kernel gives."""
    size = len(answer)
    # fmt: off
    (
        state, retransmits, probes, mss, unacked, lost, data_sent, data_received, ack_received, rtt, rttvar, cwnd,
        total_retrans, acked, received, notsent, min_rtt, rate, busy, rwnd_limited, sndbuf_limited, sent, resent,
        window,
    ) = LAYOUT.unpack(answer.ljust(LAYOUT.size, b"\0"))
    # fmt: on
    return TcpInfo(
        state_name(state),
        retransmits,
        probes,
        mss,
        unacked,
        lost,
        data_sent / 1e3,
        data_received / 1e3,
        ack_received / 1e3,
        rtt / 1e6 if rtt else None,
        rttvar / 1e6 if rtt else None,
        cwnd,
        total_retrans,
        acked if size >= SINCE_4_1 else None,
        received if size >= SINCE_4_1 else None,
        notsent if size >= SINCE_4_9 else None,
        min_rtt / 1e6 if size >= SINCE_4_9 and min_rtt != NO_SAMPLE else None,
        rate if size >= SINCE_4_9 else None,
        busy / 1e6 if size >= SINCE_4_10 else None,
        rwnd_limited / 1e6 if size >= SINCE_4_10 else None,
        sndbuf_limited / 1e6 if size >= SINCE_4_10 else None,
        sent if size >= SINCE_4_19 else None,
        resent if size >= SINCE_4_19 else None,
        window if size >= SINCE_5_4 else None,
    )
