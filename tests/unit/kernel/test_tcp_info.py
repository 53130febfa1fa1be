"""TCP_INFO: what it says of a connection is what has been done to it, and what ss says."""

from __future__ import annotations

import os
import re
import socket
import time
from pathlib import Path

import pytest

from gearshift.kernel import tcp_info
from gearshift.kernel.tcp_info import STATES, TcpInfo
from tests.support.namespaced import told
from tests.support.sockets import connected, ss
from tests.support.waiting import eventually


def info(sock: socket.socket) -> TcpInfo:
    found = tcp_info.tcp_info(sock.fileno())
    assert found is not None
    return found


def sent_once(sock: socket.socket) -> int:
    """What is sent again, as it may be on a machine with much to do, counts again."""
    seen = info(sock)
    assert seen.bytes_sent is not None
    assert seen.bytes_retransmitted is not None
    return seen.bytes_sent - seen.bytes_retransmitted


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_bytes_are_counted_in_both_directions(host: str) -> None:
    with connected(host) as (_, client, server):
        client.sendall(b"q" * 1234)
        server.sendall(b"a" * 100_000)
        eventually(lambda: info(server).bytes_received == 1234, "the question has come")
        eventually(lambda: sent_once(server) == 100_000, "the answer has gone")
        got = 0
        while got < 100_000:
            got += len(client.recv(65536))
        eventually(lambda: info(server).bytes_acked == 100_000, "the answer is acknowledged")
        # The client's SYN counts as one more byte that was acknowledged.
        assert info(client).bytes_acked == 1235
        assert info(server).state == info(client).state == "ESTAB"


def test_times_are_seconds() -> None:
    with connected() as (_, client, server):
        client.sendall(b"x")
        began = time.monotonic()
        eventually(lambda: info(server).bytes_received == 1, "it has come")
        time.sleep(0.15)
        seen, passed = info(server), time.monotonic() - began
        assert 0.1 < seen.since_received <= passed + 0.05
        assert (
            seen.since_sent >= seen.since_received - 0.05
        )  # it has sent nothing: since the connection began
        assert seen.rtt is not None
        assert 0 < seen.rtt < 1


def test_it_is_what_ss_says() -> None:
    with connected() as (_, client, _server):
        client.sendall(b"x" * 5000)
        eventually(lambda: info(client).bytes_acked == 5001, "it is acknowledged")
        ends = f"sport = :{client.getsockname()[1]} and dport = :{client.getpeername()[1]}"
        words = " ".join(" ".join(fields) for fields in ss("-ti", ends))
        seen = info(client)
    said = dict(re.findall(r"(\w+):([\d.]+)", words))
    rtt, variance = re.findall(r" rtt:([\d.]+)/([\d.]+)", words)[0]
    assert seen.rtt == pytest.approx(float(rtt) / 1000, abs=1e-6)
    assert seen.rtt_variance == pytest.approx(float(variance) / 1000, abs=1e-6)
    assert seen.rtt_least == pytest.approx(float(said["minrtt"]) / 1000, abs=1e-6)
    assert (seen.mss, seen.congestion_window) == (int(said["mss"]), int(said["cwnd"]))
    assert (seen.bytes_sent, seen.bytes_acked) == (int(said["bytes_sent"]), int(said["bytes_acked"]))
    assert seen.send_window == int(said["snd_wnd"])


def test_what_the_peer_does_not_read_is_not_sent() -> None:
    with connected() as (_, client, server):
        server.setblocking(False)
        written = 0
        try:
            while True:
                written += server.send(b"x" * 65536)
        except BlockingIOError:
            pass
        eventually(lambda: info(server).unacked == 0, "the peer's window is full")
        seen = info(server)
        assert seen.not_sent is not None
        assert seen.bytes_acked is not None
        assert seen.not_sent > 0
        assert seen.not_sent + seen.bytes_acked == written
        assert client.getsockname()


def test_states_are_those_of_the_connection_s_life() -> None:
    with connected() as (listener, client, server):
        assert info(listener).state == "LISTEN"
        client.shutdown(socket.SHUT_WR)
        eventually(lambda: info(server).state == "CLOSE-WAIT", "the end has come")
        eventually(lambda: info(client).state == "FIN-WAIT-2", "the end is acknowledged")
        server.shutdown(socket.SHUT_WR)
        eventually(lambda: info(server).state == "UNCONN", "both have ended")
    with socket.socket() as fresh:
        assert info(fresh).state == "UNCONN"


def test_a_state_of_a_later_kernel_is_unknown() -> None:
    assert tcp_info.state_name(len(STATES)) == "UNKNOWN"
    assert tcp_info.state_name(1) == "ESTAB"


def test_what_is_sent_again_is_counted_as_ss_counts_it() -> None:
    found = told("retransmits")
    retransmits, total, resent, unacked = found["ours"]
    said = re.search(r"unacked:(\d+) retrans:\d+/(\d+)", found["ss"])
    assert said is not None
    assert retransmits >= 2
    assert (unacked, total) == (int(said[1]), int(said[2]))
    assert f"bytes_retrans:{resent}" in found["ss"]
    assert found["unsent"] == 500


@pytest.mark.parametrize("size", [104, 120, 136, 168, 192, 216, 231, 232])
def test_an_older_kernel_leaves_the_end_out(size: int) -> None:
    with connected() as (_, client, _server):
        answer = tcp_info.raw(client.fileno())
    assert answer is not None
    whole, short = tcp_info.parse(answer), tcp_info.parse(answer[:size])
    assert short[:13] == whole[:13]
    assert (short.bytes_acked is None) == (size < 136)
    assert (short.not_sent is None) == (short.rtt_least is None) == (size < 168)
    assert (short.busy is None) == (size < 192)
    assert (short.bytes_sent is None) == (size < 216)
    assert (short.send_window is None) == (size < 232)


def test_what_is_not_tcp() -> None:
    with socket.socket(socket.AF_UNIX) as unix, socket.socket(type=socket.SOCK_DGRAM) as udp:
        assert tcp_info.tcp_info(unix.fileno()) is None
        assert tcp_info.tcp_info(udp.fileno()) is None
    with Path(os.devnull).open() as file, pytest.raises(OSError, match="socket"):
        tcp_info.tcp_info(file.fileno())
