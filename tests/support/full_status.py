"""A status with everything in it that docs/status-schema.md documents."""

from __future__ import annotations

from typing import Any


def full_status() -> dict[str, Any]:
    """A new one each time."""
    return {
        "version": "1.2.3",
        "interpreter": "CPython 3.14.7 free-threaded, no interpreter lock",
        "pid": 4711,
        "application": "shop:app",
        "uptime_seconds": 3600.5,
        "engine": "pool",
        "threads_asked": 16,
        "leaving": [{"engine": "epoll", "connections": 2}],
        "workers": [{"pid": 4711, "engine": "pool", "connections": 5}],
        "open_connections": 5,
        "counts": {
            "accepted": 100,
            "requests": 1000,
            "refused_connections": 1,
            "evicted_connections": 2,
            "handed_over": 3,
            "shed_full": 4,
            "shed_overdue": 5,
            "abandoned": 6,
            "timed_out": 7,
            "unintroduced": 8,
            "handshakes": 40,
            "handshakes_failed": 8,
            "websockets": 8,
            "websocket_messages_in": 90,
            "websocket_messages_out": 91,
        },
        "requests": {"total": 1000, "running": 3, "waiting": 4, "shed": 9},
        "descriptors": {
            "open": 50,
            "limit": 1024,
            "sockets": 20,
            "explained": 30,
            "unexplained": 20,
            "growing": True,
        },
        "host": {"ListenOverflows": 11, "ListenDrops": 12, "SyncookiesSent": 13, "TCPReqQFullDrop": 14},
        "kinds": [
            {
                "kind": "GET /orders/*",
                "runs": 10,
                "mean_seconds": 0.02,
                "waiting_share": 0.9,
                "runs_on": "a thread of its own",
            },
            {
                "kind": "GET /",
                "runs": 99,
                "mean_seconds": 0.0001,
                "waiting_share": 0.0,
                "runs_on": "the polling thread",
            },
        ],
        "listeners": [listener("http://127.0.0.1:8088", 7), listener("http://[::1]:8088", 8)],
        "connections": [
            connection(1, "in handler", "ESTAB"),
            connection(2, "idle", "ESTAB"),
            connection(3, "closing", "CLOSE-WAIT"),
            {**connection(4, "idle", None), "protocol": "unix", "rtt_ms": None, "unread": None},
        ],
        "threads": [
            thread("gearshift", "leader", "polling"),
            thread("gearshift-1", "worker", "in handler"),
            thread("gearshift-2", "worker", "idle"),
            thread("gearshift-3", "worker", "idle"),
        ],
        "pool": {
            "threads": 4,
            "most_threads": 16,
            "busy": 1,
            "idle": 3,
            "queue": 2,
            "longest_wait_seconds": 0.25,
            "leader_changes": 17,
        },
        "loop": {"lag_seconds": 0.001, "lag_max_seconds": 0.05, "tasks": 8},
        "times": {
            "kinds": [
                kind("GET /orders/*", [[0.002048, 6], [0.016384, 3], [1.048576, 1]], 1.1, 0.4),
                kind("GET /", [[1e-6, 1], [0.000512, 900]], 0.3, None),
            ],
            "slowest": [],
        },
        "endpoints": [
            {
                "address": "udp://127.0.0.1:5353",
                "handler": "echo",
                "fd": 9,
                "receive_queue": 768,
                "receive_queue_limit": 425984,
                "drops": 3,
                "received": 20,
                "sent": 19,
                "unsent": 1,
            }
        ],
        "stuck": [
            {
                "request": "GET /orders/17",
                "connection": 1,
                "remote": "127.0.0.1:50000",
                "owner": "gearshift-1",
                "seconds": 12.5,
                "stack": ["orders.py, line 7, in show"],
            }
        ],
    }


def listener(address: str, fd: int) -> dict[str, Any]:
    return {
        "address": address,
        "fd": fd,
        "accept_queue": 3,
        "accept_queue_limit": 128,
        "drops": 21,
        "syn_queue": 1,
        "backlog_asked": 2048,
        "backlog_clamped": 128,
    }


def connection(number: int, phase: str, tcp_state: str | None) -> dict[str, Any]:
    return {
        "number": number,
        "stream_of": None,
        "protocol": "tcp",
        "local": "127.0.0.1:8088",
        "remote": "127.0.0.1:50000",
        "via": None,
        "client": None,
        "fd": 10 + number,
        "inode": 1000 + number,
        "engine": "pool",
        "owner": "gearshift-1",
        "speaks": "HTTP/1",
        "tls_version": None,
        "tls_cipher": None,
        "tls_sealed_by": None,
        "tcp_state": tcp_state,
        "phase": phase,
        "age_seconds": 10.0,
        "phase_seconds": 1.0,
        "requests": 5,
        "bytes_in": 500,
        "bytes_out": 5000,
        "method": "GET",
        "path": "/orders/17",
        "rtt_ms": 0.5 * number,
        "retransmits": 1,
        "unread": 10,
        "unsent": 100,
        "messages_in": None,
        "messages_out": None,
    }


def thread(name: str, role: str, state: str) -> dict[str, Any]:
    return {
        "name": name,
        "native_id": 4711,
        "role": role,
        "state": state,
        "seconds": 1.0,
        "request": None,
        "connection": None,
        "cpu_seconds": 2.5,
        "where": "select.epoll.poll",
    }


def kind(name: str, buckets: list[list[float]], seconds: float, cpu_share: float | None) -> dict[str, Any]:
    def spread(share: float) -> dict[str, float]:
        return {
            "mean_seconds": 0.01 * share,
            "p50_seconds": 0.005 * share,
            "p95_seconds": 0.05 * share,
            "p99_seconds": 0.5 * share,
            "max_seconds": 1.0 * share,
            "total_seconds": seconds * share,
        }

    return {
        "kind": name,
        "count": sum(int(count) for _, count in buckets),
        "queue": spread(0.1),
        "handler": spread(1.0),
        "write_blocked": spread(0.01),
        "cpu_share": cpu_share,
        "buckets": buckets,
    }
