"""What TCP counts in this network namespace, whoever's listener it was: /proc/net/netstat, as nstat(8) shows it.

The names are the kernel's (snmp4_net_list in net/ipv4/proc.c). A container has its own; outside of containers all
servers of a machine share them.
"""

from __future__ import annotations

from time import monotonic
from typing import NamedTuple

from gearshift.kernel.proc_file import whole

NETSTAT = "/proc/net/netstat"

COUNTERS = (
    "ListenOverflows",  # a SYN or the end of a handshake found an accept queue full
    "ListenDrops",  # the same, and whatever else was dropped at a listener
    "TCPReqQFullDrop",  # a SYN found a SYN queue full and no cookie was sent
    "TCPReqQFullDoCookies",  # a SYN found a SYN queue full and a cookie was sent
    "SyncookiesSent",
    "SyncookiesRecv",
    "SyncookiesFailed",  # an acknowledgement that no cookie fits
    "EmbryonicRsts",  # a half-open connection was reset; by an overflow only with net.ipv4.tcp_abort_on_overflow
    "TCPDeferAcceptDrop",  # a bare acknowledgement at a listener with TCP_DEFER_ACCEPT: counts as a drop of its own
    "TCPSynRetrans",  # SYNs and their answers that were sent again
    "TCPTimeouts",
)


class HostCounters(NamedTuple):
    """One reading. at: when, by time.monotonic(). counts: by the kernel's names; what it doesn't have is missing."""

    at: float
    counts: dict[str, int]

    def rates_since(self, earlier: HostCounters) -> dict[str, float]:
        """Events a second between two readings. A counter that has fallen, or is in one of them only, has no rate."""
        seconds = self.at - earlier.at
        if seconds <= 0:
            return {}
        return {
            name: (count - earlier.counts[name]) / seconds
            for name, count in self.counts.items()
            if count >= earlier.counts.get(name, count + 1)
        }


def host_counters(path: str = NETSTAT) -> HostCounters | None:
    """None where /proc doesn't tell."""
    try:
        return HostCounters(monotonic(), parse(whole(path).decode("ascii")))
    except (OSError, ValueError):
        return None


def parse(text: str) -> dict[str, int]:
    """The COUNTERS in /proc/net/netstat, whose lines come in pairs: a protocol's names, then its values."""
    lines = iter(text.splitlines())
    found: dict[str, int] = {}
    for names, values in zip(lines, lines, strict=True):
        if names.startswith("TcpExt:"):
            found.update(zip(names.split()[1:], map(int, values.split()[1:]), strict=True))
    return {name: found[name] for name in COUNTERS if name in found}
