"""`gearshift doctor`: what this machine offers a server, what each thing means, and what to do about it."""

from __future__ import annotations

import os
import sys
from textwrap import fill
from typing import NamedTuple

from gearshift.cli.output import write
from gearshift.kernel.backlog import somaxconn
from gearshift.kernel.limits import descriptor_limits, descriptors_for

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

IPV4 = "/proc/sys/net/ipv4/"
WIDTH = 100
DEFAULT_BACKLOG = 2048
DEFAULT_CONNECTIONS = 10_000


class Finding(NamedTuple):
    """One thing. advice: what to do, empty where nothing needs doing."""

    name: str
    value: str
    meaning: str
    advice: str = ""


def run(flags: Mapping[str, object]) -> int:
    """Prints the findings; the exit code is 0: advice is no failure."""
    write(text(findings()))
    return 0


def findings() -> list[Finding]:
    return [_python(), _processors(), _io_uring(), _somaxconn(), _syn_backlog(), _overflow(), _descriptors()]


def text(found: list[Finding]) -> str:
    """The findings for people."""
    blocks = []
    for finding in found:
        lines = [f"{finding.name}: {finding.value}", _indented(finding.meaning)]
        if finding.advice:
            lines.append(_indented(f"-> {finding.advice}"))
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks) + "\n"


def _indented(words: str) -> str:
    return fill(words, WIDTH, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False)


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    if getattr(sys, "_is_gil_enabled", lambda: True)():
        return Finding(
            "Python",
            f"{version}, with its interpreter lock",
            "Python code of one process runs on one processor at a time, whatever the engine; waiting overlaps.",
        )
    return Finding(
        "Python", f"{version}, free-threaded", "Python code of several threads runs at the same time."
    )


def _processors() -> Finding:
    usable = len(os.sched_getaffinity(0))
    return Finding(
        "processors",
        f"{usable} usable of {os.cpu_count()}",
        "One server process keeps about one of them busy with Python code; the kernel's work and its clients need some"
        " too.",
    )


def _io_uring() -> Finding:
    from gearshift.engines.ring import refusal

    reason = refusal()
    meaning = "The engine uring submits operations and learns of their completion, many with one system call."
    if not reason:
        return Finding("io_uring", f"usable (Linux {os.uname().release})", meaning)
    return Finding(
        "io_uring",
        f"not usable: {reason}",
        meaning,
        "--engine uring serves with epoll here; the other engines do not need it",
    )


def _somaxconn() -> Finding:
    value = somaxconn()
    short = value is not None and value < DEFAULT_BACKLOG
    return Finding(
        "net.core.somaxconn",
        _shown(value),
        "The longest accept queue: connections that the kernel has completed and the server has not yet accepted."
        " listen() cuts --backlog to it without a word.",
        f"sysctl -w net.core.somaxconn={DEFAULT_BACKLOG}, or bursts of connections are dropped"
        if short
        else "",
    )


def _syn_backlog() -> Finding:
    value = _number(IPV4 + "tcp_max_syn_backlog")
    return Finding(
        "net.ipv4.tcp_max_syn_backlog",
        _shown(value),
        "How many half-open connections are remembered; beyond it SYN cookies take over, where they are on"
        f" (net.ipv4.tcp_syncookies is {_shown(_number(IPV4 + 'tcp_syncookies'))}).",
        "sysctl -w net.ipv4.tcp_max_syn_backlog=1024" if value is not None and value < 256 else "",
    )


def _overflow() -> Finding:
    value = _number(IPV4 + "tcp_abort_on_overflow")
    return Finding(
        "net.ipv4.tcp_abort_on_overflow",
        _shown(value),
        "What a client sees when the accept queue is full: with 0 its handshake is repeated until there is room, with 1"
        " its connection is reset.",
        "sysctl -w net.ipv4.tcp_abort_on_overflow=0, unless clients should hear of a short burst at once"
        if value == 1
        else "",
    )


def _descriptors() -> Finding:
    limits = descriptor_limits()
    needed = descriptors_for(DEFAULT_CONNECTIONS)
    return Finding(
        "open descriptors",
        f"at most {limits.soft} (hard limit {limits.hard})",
        f"Each connection takes one. The default of --max-connections, {DEFAULT_CONNECTIONS}, needs {needed};"
        " where they run out, idle connections are closed to make room.",
        f"ulimit -n {needed}, or LimitNOFILE={needed} in a systemd unit" if limits.soft < needed else "",
    )


def _number(path: str) -> int | None:
    """A kernel setting; None where it is not to be seen (a network namespace, a masked /proc)."""
    try:
        with open(path, encoding="ascii") as file:  # noqa: PTH123 - as everywhere in the command line
            return int(file.read())
    except (OSError, ValueError):
        return None


def _shown(value: int | None) -> str:
    return "not visible here" if value is None else str(value)
