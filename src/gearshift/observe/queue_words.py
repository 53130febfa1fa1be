"""What queues, drops and descriptors mean, in words: from the plain values that status tells."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

NEARLY = 0.8  # of the descriptors are open: it is time to say so

SHORT_OF_CPU = (
    "this process gets too little of the processors to accept in time: fewer --threads, or more processors"
)
SLOW_ACCEPTING = {
    "epoll": "a handler that waits holds up accepting: gearshift shift auto, or pool",
    "uring": "a handler that waits holds up accepting: gearshift shift auto, or pool",
    "auto": f"an ASGI handler that does not await holds up accepting; else {SHORT_OF_CPU}",
}


def queue(listener: Mapping[str, Any]) -> str:
    """`accept queue 3 of 2048, SYN queue 0, 0 dropped`; what can't be known is left out."""
    depth, limit = listener["accept_queue"], listener["accept_queue_limit"]
    parts = []
    if depth is not None:
        full = limit is not None and depth > limit  # one more fits than the limit says
        parts.append(f"accept queue {depth}" + ("" if limit is None else f" of {limit}") + " (full)" * full)
    elif limit is not None:
        parts.append(f"accept queue of {limit}")
    if listener["syn_queue"] is not None:
        parts.append(f"SYN queue {listener['syn_queue']}")
    if listener["drops"] is not None:
        parts.append(f"{listener['drops']} dropped")
    return ", ".join(parts) or "queues not known"


def clamp(listener: Mapping[str, Any]) -> str:
    """That the kernel grants less than was asked for, or ""."""
    asked, limit = listener["backlog_asked"], listener["backlog_clamped"]
    if asked is None or limit is None or asked <= limit:
        return ""
    return f"--backlog {asked} was clamped to {limit} by net.core.somaxconn"


def drop_advice(listener: Mapping[str, Any], host: Mapping[str, int] | None, engine: str) -> list[str]:
    """Why a listener has dropped, and what to do, a sentence each; nothing where it hasn't."""
    if not listener["drops"]:
        return []
    overflows = None if host is None else host.get("ListenOverflows")
    if overflows == 0:
        return _other_drops(host or {})
    limit, asked, depth = (listener[key] for key in ("accept_queue_limit", "backlog_asked", "accept_queue"))
    said = [
        "dropped: packets of new connections that found the accept queue full; clients try again 1, 3 and 7 s later"
    ]
    if clamp(listener):
        said.append(
            f"for bursts: sysctl -w net.core.somaxconn={asked} and start again; {limit} is all it allows now"
        )
    else:
        said.append(f"for bursts: a --backlog above {limit}, with net.core.somaxconn at least as high")
    if limit is not None and depth is not None and depth > limit:
        said.append(f"it is full now: {SLOW_ACCEPTING.get(engine, SHORT_OF_CPU)}")
    else:
        said.append(f"if it goes on: {SLOW_ACCEPTING.get(engine, SHORT_OF_CPU)}")
    return said


def _other_drops(host: Mapping[str, int]) -> list[str]:
    if host.get("TCPReqQFullDrop"):
        return [
            "dropped: SYNs that found the SYN queue full, with cookies off",
            "sysctl -w net.ipv4.tcp_syncookies=1, or a higher net.ipv4.tcp_max_syn_backlog",
        ]
    return [
        "dropped, but no accept queue has overflowed here: nstat -as shows which counters beside ListenDrops rose"
    ]


def drops(listener: Mapping[str, Any], rise: Mapping[str, int], engine: str, busy: str) -> str:
    """That new connections are being dropped, in one line of a log. rise: of the host's counters meanwhile. busy: what
    the engine had to do.
    """
    cause, *advice = drop_advice(listener, rise, engine)
    said = [
        f"{listener['address']}: {listener['drops']} {cause}",
        queue({**listener, "drops": None}),
        f"the engine {engine} has {busy}",
        clamp(listener),
        *advice,
    ]
    return "; ".join(part for part in said if part)


def overflows(number: int) -> str:
    """Where the listeners themselves don't tell."""
    return (
        f"{number} overflows of accept queues in this network namespace, and this kernel does not tell whose:"
        " ss -ltn shows which are full"
    )


def cookies(number: int, listeners: Sequence[Mapping[str, Any]]) -> str:
    """That SYN queues overflow into cookies, in one line of a log. A SYN queue may be as long as an accept queue."""
    ours = [
        f"{listener['address']} has {listener['syn_queue']} in its SYN queue"
        + (
            ""
            if listener["accept_queue_limit"] is None
            else f", which may hold {listener['accept_queue_limit']}"
        )
        for listener in listeners
        if listener["syn_queue"] is not None
    ]
    said = [
        f"{number} SYN cookies sent in this network namespace: a SYN queue was full, of this server or another",
        *ours,
        "for bursts: a higher --backlog, with net.core.somaxconn at least as high",
        "where nobody gets through it is a SYN flood, and cookies are what helps",
    ]
    return "; ".join(said)


def open_descriptors(found: Mapping[str, Any] | None) -> str:
    """`45 of 1024 descriptors open: 30 socket, 9 file; 40 explained, 5 not: 5 TCP connections to ... in CLOSE-WAIT`."""
    if found is None:
        return "descriptors: not known, /proc is not to be read"
    words = f"descriptors: {found['open']} of {found['limit']} open: {_kinds(found['by_kind'])}"
    if "explained" in found:
        words += f"; {found['explained']} are connections, listeners and the server's own"
        if found["unexplained"]:
            words += f", {found['unexplained']} the application's: {_unexplained(found)}"
            if found["growing"]:
                words += ", more each minute for ten minutes"
    if found["open"] > NEARLY * found["limit"]:
        words += "; raise the limit (ulimit -n, LimitNOFILE= of systemd)"
    return words


def leak(found: Mapping[str, Any], first: int, last: int) -> str:
    """That the application loses descriptors, in one line of a log."""
    return (
        "descriptors that neither connections nor the server explain have grown for ten minutes, from"
        f" {first} to {last}: {_unexplained(found)}; {found['open']} of {found['limit']} are open"
    )


def _kinds(by_kind: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {kind}" for kind, number in by_kind.items())


def _unexplained(found: Mapping[str, Any]) -> str:
    """Where the most sockets lead, and the kinds of all others."""
    said = [_leading(to) for to in found["leads_to"]]
    rest = found["unexplained_by_kind"].get("socket", 0) - sum(to["number"] for to in found["leads_to"])
    if rest > 0:
        said.append(f"{rest} other socket{'s' * (rest != 1)}")
    others = {kind: number for kind, number in found["unexplained_by_kind"].items() if kind != "socket"}
    return ", ".join([*said, *([_kinds(others)] if others else [])])


def _leading(to: Mapping[str, Any]) -> str:
    """`812 TCP connections to 10.0.0.7:5432 in CLOSE-WAIT`."""
    what = "connection" if to["to"] else "socket"
    words = f"{to['number']} {to['protocol']} {what}{'s' * (to['number'] != 1)}"
    words += f" to {to['to']}" if to["to"] else ""
    return words + (f" in {to['state']}" if to["state"] else "")


def host_counters(host: Mapping[str, int] | None) -> str:
    """Of everybody's listeners in this network namespace."""
    if host is None:
        return "host: counters not known"
    names = {
        "ListenOverflows": "accept-queue overflows",
        "ListenDrops": "drops at listeners",
        "TCPReqQFullDrop": "SYN-queue drops",
        "SyncookiesSent": "SYN cookies sent",
    }
    said = ", ".join(f"{host[name]} {words}" for name, words in names.items() if name in host)
    return f"host (all servers, since it started): {said or 'none of the counters'}"
