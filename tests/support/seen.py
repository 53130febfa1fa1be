"""Status values of the form that docs/status-schema.md gives, for what shows them."""

from __future__ import annotations

from typing import Any


def connection(number: int, **changes: object) -> dict[str, Any]:
    """One that is idle."""
    return {
        "number": number,
        "stream_of": None,
        "protocol": "tcp",
        "local": "127.0.0.1:8000",
        "remote": f"127.0.0.1:{20000 + number}",
        "via": None,
        "client": None,
        "fd": 10 + number,
        "inode": 70000 + number,
        "engine": "pool",
        "owner": None,
        "tcp_state": "ESTAB",
        "phase": "idle",
        "age_seconds": 60.0 + number,
        "phase_seconds": 2.0,
        "requests": 3,
        "bytes_in": 1500,
        "bytes_out": 40000,
        "method": None,
        "path": None,
        "rtt_ms": 0.04,
        "retransmits": 0,
        "unread": 0,
        "unsent": 0,
        **changes,
    }


def thread(name: str, native_id: int, **changes: object) -> dict[str, Any]:
    """One that waits for work."""
    return {
        "name": name,
        "native_id": native_id,
        "role": "worker",
        "state": "idle",
        "seconds": None,
        "request": None,
        "connection": None,
        "cpu_seconds": 1.5,
        "where": "threading.Condition.wait",
        **changes,
    }


def spread(mean: float) -> dict[str, float]:
    """How a kind's times lie about their mean."""
    return {
        "mean_seconds": mean,
        "p50_seconds": mean * 0.9,
        "p95_seconds": mean * 2,
        "p99_seconds": mean * 3,
        "max_seconds": mean * 5,
        "total_seconds": mean * 100,
    }


def kind(name: str, mean: float, **changes: object) -> dict[str, Any]:
    """A kind of request whose handlers take so long."""
    return {
        "kind": name,
        "count": 100,
        "queue": spread(0.0001),
        "handler": spread(mean),
        "write_blocked": spread(0.00001),
        "cpu_share": 0.85,
        "buckets": [[0.001, 60], [0.1, 40]],
        **changes,
    }


def slow(request: str, total: float, **changes: object) -> dict[str, Any]:
    """One of the slowest requests."""
    return {
        "at": 1764040000.0,
        "request": request,
        "kind": request,
        "status": 200,
        "connection": 7,
        "remote": "127.0.0.1:20007",
        "thread": "pool-3",
        "accept_queue_estimated": 0.0,
        "queue": total * 0.25,
        "handler": total * 0.75,
        "handler_cpu": None,
        "write_blocked": 0.0,
        "total": total,
        **changes,
    }


def stuck(request: str, seconds: float, **changes: object) -> dict[str, Any]:
    """A handler that doesn't return."""
    return {
        "request": request,
        "connection": 7,
        "remote": "127.0.0.1:20007",
        "owner": "pool-3",
        "seconds": seconds,
        "stack": [
            'File "threading.py", line 1012, in Thread.run',
            'File "shop.py", line 12, in checkout',
            "    time.sleep(60)",
        ],
        **changes,
    }


def listener(address: str, **changes: object) -> dict[str, Any]:
    """One whose queue is empty."""
    return {
        "address": address,
        "fd": 5,
        "accept_queue": 0,
        "accept_queue_limit": 2048,
        "drops": 0,
        "syn_queue": 0,
        "backlog_asked": 2048,
        "backlog_clamped": 2048,
        **changes,
    }


def oldest_form(**changes: object) -> dict[str, Any]:
    """The keys that a server has told from the first."""
    return {
        "version": "0.3",
        "pid": 4711,
        "application": "shop:app",
        "uptime_seconds": 100.0,
        "engine": "pool",
        "threads_asked": 16,
        "leaving": [],
        "listeners": [listener("http://127.0.0.1:8000")],
        "descriptors": {"open": 45, "limit": 1024, "by_kind": {"socket": 40, "file": 5}},
        "host": {"ListenOverflows": 0, "ListenDrops": 0, "TCPReqQFullDrop": 0, "SyncookiesSent": 0},
        "open_connections": 3,
        "requests": {"total": 1000, "running": 1, "waiting": 2, "shed": 3},
        "counts": {
            "accepted": 30,
            "requests": 1000,
            "refused_connections": 0,
            "evicted_connections": 0,
            "handed_over": 0,
            "shed_full": 2,
            "shed_overdue": 1,
            "abandoned": 0,
        },
        "kinds": [],
        **changes,
    }


def seen(**changes: object) -> dict[str, Any]:
    """A whole status."""
    whole = {
        "connections": [
            connection(1),
            connection(2, tcp_state="CLOSE-WAIT", phase="closing", phase_seconds=None),
            connection(
                3,
                phase="in handler",
                phase_seconds=4.0,
                owner="pool-3",
                method="GET",
                path="/orders/17",
                remote="[2001:db8:85a3::8a2e:370:7334]:44321",
            ),
        ],
        "threads": [
            thread("MainThread", 100, role="loop", state="polling"),
            thread("pool-3", 103, state="in handler", seconds=4.0, request="GET /orders/17", connection=3),
        ],
        "pool": {
            "threads": 8,
            "most_threads": 16,
            "busy": 1,
            "idle": 7,
            "queue": 2,
            "longest_wait_seconds": 0.012,
            "leader_changes": 5,
        },
        "loop": None,
        "times": {
            "kinds": [kind("GET /orders/*", 0.02), kind("GET /", 0.001)],
            "slowest": [slow("GET /orders/17", 1.2), slow("GET /", 0.4)],
        },
        "stuck": [stuck("GET /orders/17", 4.0)],
    }
    return oldest_form(**{**whole, **changes})
