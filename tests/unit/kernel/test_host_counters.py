"""The namespace's counters and their rates. test_listening.py compares them with nstat where nothing else happens."""

from __future__ import annotations

from pathlib import Path

import pytest

from gearshift.kernel.host_counters import COUNTERS, HostCounters, host_counters, parse

NETSTAT = (
    "TcpExt: SyncookiesSent ListenOverflows ListenDrops Other\n"
    "TcpExt: 1 2 18446744073709551615 4\n"
    "IpExt: ListenOverflows\n"
    "IpExt: 99\n"
)


def test_only_tcp_is_read() -> None:
    assert parse(NETSTAT) == {"ListenOverflows": 2, "ListenDrops": 2**64 - 1, "SyncookiesSent": 1}


def test_this_kernel_has_them_all() -> None:
    found = host_counters()
    assert found is not None
    assert tuple(found.counts) == COUNTERS
    lines = Path("/proc/net/netstat").read_text().splitlines()
    now = dict(zip(lines[0].split()[1:], map(int, lines[1].split()[1:]), strict=True))
    assert all(0 <= count <= now[name] for name, count in found.counts.items())


@pytest.mark.parametrize("text", ["TcpExt: A B\n", "TcpExt: A B\nTcpExt: 1\n", "TcpExt: A\nTcpExt: x\n"])
def test_what_cannot_be_understood_is_not_guessed(text: str, tmp_path: Path) -> None:
    (tmp_path / "netstat").write_text(text)
    assert host_counters(str(tmp_path / "netstat")) is None
    assert host_counters(str(tmp_path / "missing")) is None


def test_two_readings_make_rates() -> None:
    earlier = HostCounters(10.0, {"ListenDrops": 5, "TCPTimeouts": 7, "SyncookiesSent": 9})
    later = HostCounters(
        14.0, {"ListenDrops": 25, "TCPTimeouts": 7, "SyncookiesSent": 3, "SyncookiesRecv": 1}
    )
    assert later.rates_since(earlier) == {"ListenDrops": 5.0, "TCPTimeouts": 0.0}
    assert earlier.rates_since(earlier) == {}
