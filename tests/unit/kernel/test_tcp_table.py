"""/proc/net/tcp and tcp6, read and compared with ss."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from gearshift.kernel import tcp_table
from gearshift.kernel.sockets import address_text
from gearshift.kernel.tcp_table import PIECE, place, rows
from tests.support.sockets import connected, ss
from tests.support.waiting import eventually


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_rows_are_what_ss_lists(host: str) -> None:
    with connected(host) as (listener, client, server):
        server.sendall(b"x" * 300)
        port = listener.getsockname()[1]

        def ours() -> list[list[str]]:
            found = [row for row in rows() if port in (row.local[1], row.peer[1]) and row.local[0] == host]
            return sorted(
                [row.state, str(row.unread), str(row.unsent), address_text(row.local)] for row in found
            )

        def theirs() -> list[list[str]]:
            # A listener's row has its depth, and not its limit, which ss takes from sock_diag.
            return sorted(
                [row[0], row[1], "0" if row[0] == "LISTEN" else row[2], row[3]]
                for row in ss("-ta", f"sport = :{port} or dport = :{port}")
                if row[3].rpartition(":")[0].strip("[]") == host
            )

        eventually(lambda: ours() == theirs() and len(ours()) == 3, "both lists agree")
        inodes = {row.inode for row in rows() if port in (row.local[1], row.peer[1]) and row.local[0] == host}
        assert inodes == {os.fstat(sock.fileno()).st_ino for sock in (listener, client, server)}


def test_states_are_filtered() -> None:
    with connected() as (listener, _, _server):
        mine = [row for row in rows(("LISTEN",)) if row.local == listener.getsockname()]
        assert [row.state for row in mine] == ["LISTEN"]
        assert {row.state for row in rows(("LISTEN",))} == {"LISTEN"}


STATES = (1, 3, 8, 10, 6)
LINE = "%4d: 0100007F:%04X 0100007F:1F90 %02X 00000000:00000008 00:00000000 00000000  1000  0 %d 1 0 100 0 0 10 0\n"


@pytest.mark.parametrize("piece", [1, 7, 64, 1000, 10**6])
def test_wherever_the_pieces_end_no_line_is_missed_or_doubled(
    piece: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tcp_table, "PIECE", piece)
    table = "  sl  local_address rem_address   st tx_queue\n"
    table += "".join(LINE % (n, 1000 + n, STATES[n % len(STATES)], 100 + n) for n in range(20))
    (tmp_path / "tcp").write_text(table)
    everything = [*rows(folder=str(tmp_path))]
    assert len(everything) == 20
    for states in (
        ("SYN-RECV",),
        ("LISTEN", "SYN-RECV"),
        ("ESTAB", "CLOSE-WAIT", "TIME-WAIT"),
        ("LAST-ACK",),
    ):
        expected = sorted(row for row in everything if row.state in states)
        assert sorted(rows(states, str(tmp_path))) == expected


def test_what_nobody_has_accepted_has_no_inode_and_counts_at_its_listener() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.create_connection(listener.getsockname()) as client,
    ):
        found = {row.state: row for row in rows() if row.local == listener.getsockname()}
        assert (found["ESTAB"].inode, found["ESTAB"].peer) == (0, client.getsockname())
        assert found["LISTEN"].unread == 1


def test_addresses() -> None:
    assert place(b"0100007F:1F90") == ("127.0.0.1", 8080)
    assert place(b"B80D01200000000000000000010000FF:0050")[1] == 80
    assert place(b"00000000000000000000000001000000:01BB") == ("::1", 443)
    assert place(b"0000000000000000FFFF00000100007F:0001") == ("::ffff:127.0.0.1", 1)


def test_without_ipv6_there_is_one_table(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        list(rows(folder=str(tmp_path)))
    (tmp_path / "tcp").write_bytes(Path("/proc/net/tcp").read_bytes())
    with socket.create_server(("::1", 0), family=socket.AF_INET6):
        assert all("." in row.local[0] for row in rows(folder=str(tmp_path)))


def test_states_are_found_wherever_they_stand(tmp_path: Path) -> None:
    """In a table of many windows, with lines that cross their borders."""
    heading = (
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
    )
    kinds = ("06", "01", "06", "0A", "06", "06", "03", "0B")
    lines = [
        f"{number:4}: 0100007F:{number % 65536:04X} 0100007F:0050 {kinds[number % len(kinds)]} 00000000:00000000"
        f" 03:00000A03 00000000     0        0 {number} 1 0000000000000000 20 4 30 10 -1\n"
        for number in range(12_000)
    ]
    (tmp_path / "tcp").write_text(heading + "".join(lines))
    assert (tmp_path / "tcp").stat().st_size > 2 * PIECE
    whole = list(rows(None, str(tmp_path)))
    assert len(whole) == len(lines)
    for states in (("LISTEN", "SYN-RECV"), ("TIME-WAIT",), ("ESTAB",), ()):
        assert sorted(rows(states, str(tmp_path))) == sorted(row for row in whole if row.state in states)
