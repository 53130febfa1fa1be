"""An observer that tells all that docs/status-schema.md names, of a busy server that changes from second to second."""

from __future__ import annotations

import math
import random
import time
from typing import Any

from gearshift.errors import GearshiftError

STACK = [
    '  File "/srv/shop/orders.py", line 88, in view',
    "    rows = cursor.fetchall()",
    '  File "/srv/shop/database.py", line 12, in fetchall',
    "    return self._wait()",
]
PHASES = (
    "idle",
    "idle",
    "idle",
    "in handler",
    "waiting",
    "writing",
    "reading head",
    "reading body",
    "closing",
)
PATHS = (
    "/",
    "/orders/4711",
    "/orders/12/items",
    "/search?q=gear%20lever",
    "/static/site.css",
    "/api/v2/reports/2026",
)
KINDS = (
    "GET /",
    "GET /orders/*",
    "POST /orders/*/items",
    "GET /search",
    "GET /static/*",
    "GET /api/v2/reports/*",
)
HOST = ("ListenOverflows", "ListenDrops", "SyncookiesSent", "TCPReqQFullDrop")


class DocumentedObserver:
    """connections: how many it lists. overloaded: queues full, requests shed, packets dropped."""

    def __init__(self, connections: int = 180, overloaded: bool = False, seed: int = 7) -> None:
        self._random = random.Random(seed)
        self._began = time.monotonic() - 93_784
        self._count = connections
        self._overloaded = overloaded
        self._total = 1_204_331
        self._lost = 0
        self.looks = 0
        self.closed: list[int] = []

    def status(self) -> dict[str, Any]:
        self.looks += 1
        wave = 1 + 0.3 * math.sin(self.looks / 4)
        self._total += int(2_400 * wave)
        self._lost += 37 if self._overloaded else 0
        waiting = int(180 * wave) if self._overloaded else 3
        return {
            "version": "0.3.0",
            "pid": 4711,
            "application": "shop.wsgi:application",
            "uptime_seconds": time.monotonic() - self._began,
            "engine": "auto",
            "threads_asked": 16,
            "leaving": [],
            "workers": [{"pid": 4711, "engine": "auto", "connections": self._count}],
            "open_connections": self._count,
            "counts": self._counts(),
            "requests": {"total": self._total, "running": 14, "waiting": waiting, "shed": self._lost},
            "listeners": self._listeners(),
            "host": dict.fromkeys(HOST, 12 + self._lost) | {"SyncookiesSent": 0, "TCPReqQFullDrop": 0},
            "descriptors": {
                "open": 211,
                "limit": 1024,
                "sockets": 190,
                "explained": 194,
                "unexplained": 17,
                "growing": self._overloaded,
                "by_kind": {"socket": 190, "file": 14, "pipe": 4, "eventpoll": 2, "eventfd": 1},
            },
            "kinds": [
                {
                    "kind": "GET /search",
                    "runs": 8123,
                    "mean_seconds": 0.031,
                    "waiting_share": 0.94,
                    "runs_on": "a thread of its own",
                },
                {
                    "kind": "GET /",
                    "runs": 90211,
                    "mean_seconds": 0.0004,
                    "waiting_share": 0.02,
                    "runs_on": "the polling thread",
                },
            ],
            "connections": [self._connection(number) for number in range(1, self._count + 1)],
            "threads": self._threads(),
            "pool": {
                "threads": 16,
                "most_threads": 16,
                "busy": 16 if self._overloaded else int(9 * wave),
                "idle": 0 if self._overloaded else 16 - int(9 * wave),
                "queue": waiting,
                "longest_wait_seconds": 2.4 if self._overloaded else 0.004,
                "leader_changes": 1833,
            },
            "loop": None,
            "times": {
                "kinds": [self._kind(index, kind) for index, kind in enumerate(KINDS)],
                "slowest": self._slowest(),
            },
            "stuck": [self._stuck()] if self._overloaded else [],
        }

    def history(self, since: float = 0.0) -> dict[str, Any]:
        now = math.floor(time.time())
        return {"seconds": [self._second(now - ago) for ago in range(3599, -1, -1) if now - ago > since]}

    def stacks(self) -> dict[str, Any]:
        return {"threads": [{"name": "auto-3", "stack": STACK}]}

    def close_connection(self, number: int) -> None:
        if not 1 <= number <= self._count:
            raise GearshiftError(f"found no open connection {number}")
        self.closed.append(number)

    def _counts(self) -> dict[str, int]:
        return {
            "accepted": 88_120 + self.looks * 20,
            "requests": self._total,
            "refused_connections": 0,
            "evicted_connections": 4,
            "handed_over": 0,
            "shed_full": self._lost,
            "shed_overdue": 0,
            "abandoned": self._lost // 5,
            "timed_out": 9,
            "unintroduced": 0,
            "handshakes": 0,
            "handshakes_failed": 0,
        }

    def _listeners(self) -> list[dict[str, Any]]:
        full = self._overloaded
        first = {
            "address": "http://0.0.0.0:8000",
            "fd": 5,
            "accept_queue": 129 if full else 2,
            "accept_queue_limit": 128,
            "drops": self._lost,
            "syn_queue": 31 if full else 0,
            "backlog_asked": 2048,
            "backlog_clamped": 128,
        }
        second = {
            **first,
            "address": "unix:/run/shop/gearshift.sock",
            "fd": 6,
            "accept_queue": None,
            "drops": None,
        }
        return [first, {**second, "accept_queue_limit": 2048, "backlog_clamped": 2048, "syn_queue": None}]

    def _connection(self, number: int) -> dict[str, Any]:
        chance = random.Random(number)
        phase = chance.choice(PHASES)
        busy = phase not in ("idle", "closing", "reading head")
        since = chance.expovariate(0.5) + (time.monotonic() - self._began) % 1
        return {
            "number": number,
            "stream_of": None,
            "protocol": "tcp",
            "local": "192.0.2.10:8000",
            "remote": f"198.51.100.{number % 250 + 1}:{40000 + number}"
            if number % 9
            else f"[2001:db8:0:12::{number:x}]:{50000 + number}",
            "via": None,
            "client": None,
            "fd": number + 9,
            "inode": 770_000 + number,
            "engine": "auto",
            "owner": f"auto-{number % 16 + 1}" if busy else None,
            "speaks": "HTTP/1",
            "tls_version": None,
            "tls_cipher": None,
            "tls_sealed_by": None,
            "tcp_state": "CLOSE-WAIT" if number % 17 == 0 else "ESTAB",
            "phase": phase,
            "age_seconds": since * 40,
            "phase_seconds": since,
            "requests": chance.randrange(1, 900),
            "bytes_in": chance.randrange(100, 90_000),
            "bytes_out": chance.randrange(1000, 90_000_000),
            "method": "GET" if busy else None,
            "path": chance.choice(PATHS) if busy else None,
            "rtt_ms": round(chance.uniform(0.04, 180), 3),
            "retransmits": chance.choice((0, 0, 0, 3)),
            "unread": 0,
            "unsent": chance.choice((0, 0, 262_144)),
        }

    def _threads(self) -> list[dict[str, Any]]:
        found = [
            self._thread(
                "MainThread", 4711, "server", "sleeping", None, "gearshift.gearbox.ThreadedGearbox.run"
            )
        ]
        for number in range(1, 17):
            state = "polling" if number == 1 else "in handler" if number < 10 or self._overloaded else "idle"
            request = "GET /orders/4711" if state == "in handler" else None
            where = (
                "shop.database.Cursor.fetchall (line 12)"
                if request
                else "threading.Condition.wait (line 355)"
            )
            found.append(
                self._thread(
                    f"auto-{number}",
                    4720 + number,
                    "leader" if number == 1 else "worker",
                    state,
                    request,
                    where,
                )
            )
        return found

    def _thread(
        self, name: str, native_id: int, role: str, state: str, request: str | None, where: str
    ) -> dict[str, Any]:
        return {
            "name": name,
            "native_id": native_id,
            "role": role,
            "state": state,
            "seconds": None if role == "server" else 0.31 * (native_id % 9),
            "request": request,
            "connection": 12 if request else None,
            "cpu_seconds": 3.2 + 0.02 * self.looks * (native_id % 5),
            "where": where,
        }

    def _kind(self, index: int, kind: str) -> dict[str, Any]:
        count = 40_000 // (index + 1)

        def spread(mean: float) -> dict[str, float]:
            return {
                "mean_seconds": mean,
                "p50_seconds": mean * 0.8,
                "p95_seconds": mean * 3,
                "p99_seconds": mean * 7,
                "max_seconds": mean * 20,
                "total_seconds": mean * count,
            }

        return {
            "kind": kind,
            "count": count,
            "queue": spread(0.004 if self._overloaded else 0.0002),
            "handler": spread(0.003 * (index + 1)),
            "write_blocked": spread(0.0009 if index == 4 else 0.00001),
            "cpu_share": None if index == 2 else 0.2 + 0.1 * index,
            "buckets": [[0.001, 10], [0.01, 900], [0.1, 30]],
        }

    def _slowest(self) -> list[dict[str, Any]]:
        now = math.floor(time.time() / 60) * 60
        return [
            {
                "at": now - index * 31,
                "request": f"GET {PATHS[index % len(PATHS)]}",
                "kind": KINDS[index % len(KINDS)],
                "status": 200 if index else 503,
                "connection": index + 1,
                "remote": f"198.51.100.{index + 1}:{40001 + index}",
                "thread": f"auto-{index + 2}",
                "accept_queue_estimated": 0.02,
                "queue": 0.3 / (index + 1),
                "handler": 2.4 / (index + 1),
                "handler_cpu": 0.4 / (index + 1) if index % 3 else None,
                "write_blocked": 0.2 if index == 2 else 0.0,
                "total": 2.7 / (index + 1) + 0.02 + (0.2 if index == 2 else 0.0),
            }
            for index in range(10)
        ]

    def _stuck(self) -> dict[str, Any]:
        return {
            "request": "GET /orders/4711",
            "connection": 12,
            "remote": "198.51.100.13:40012",
            "owner": "auto-4",
            "seconds": 18.2 + self.looks,
            "stack": STACK,
        }

    def _second(self, at: int) -> dict[str, Any]:
        wave = math.sin(at / 300) + 0.2 * math.sin(at / 17)
        burst = at % 900 < 25
        return {
            "at": at,
            "requests": int(2_400 + 900 * wave),
            "running": int(9 + 4 * wave),
            "waiting": 160 if burst else int(2 + 2 * wave),
            "shed": 40 if burst else 0,
            "connections": int(self._count * (1 + 0.2 * wave)),
            "accept_queue": 129 if burst else at % 3,
            "syn_queue": 20 if burst else 0,
            "drops": 12 if burst else 0,
            "ListenOverflows": 12 if burst else 0,
            "ListenDrops": 12 if burst else 0,
            "SyncookiesSent": 0,
            "TCPReqQFullDrop": 0,
        }
