"""The tables' columns: what each shows of a row of docs/status-schema.md, and by what it is sorted."""

from __future__ import annotations

from time import localtime, strftime
from typing import NamedTuple

from gearshift.observe.quantities import UNKNOWN, duration, share, size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    Row = Mapping[str, Any]

SPLIT_WIDTH = 12
# Of the split of a request's time: each part, and the letter that stands for it.
PARTS = (("accept_queue_estimated", "a"), ("queue", "q"), ("handler", "h"), ("write_blocked", "w"))


class Column(NamedTuple):
    """title: its head. width: in cells; where `flexible`, the least. value: what it is sorted by, None last.
    text: what it shows. right: numbers are set to the right. end: of what is too long the end is shown.
    """

    title: str
    width: int
    value: Callable[[Row], Any]
    text: Callable[[Row], str]
    right: bool = False
    flexible: bool = False
    end: bool = False


def plain(row: Row, key: str) -> str:
    found = row.get(key)
    return UNKNOWN if found is None else str(found)


def said(key: str, title: str, width: int, flexible: bool = False, end: bool = False) -> Column:
    """Text as it is."""
    return Column(
        title, width, lambda row: row.get(key), lambda row: plain(row, key), flexible=flexible, end=end
    )


def number(key: str, title: str, width: int) -> Column:
    return Column(title, width, lambda row: row.get(key), lambda row: plain(row, key), right=True)


def seconds(key: str, title: str) -> Column:
    return Column(title, 7, lambda row: row.get(key), lambda row: duration(row.get(key)), right=True)


def within(outer: str, key: str, title: str) -> Column:
    """Seconds that stand in an object of the row."""

    def value(row: Row) -> Any:
        return (row.get(outer) or {}).get(key)

    return Column(title, 7, value, lambda row: duration(value(row)), right=True)


def octets(key: str, title: str) -> Column:
    return Column(title, 6, lambda row: row.get(key), lambda row: size(row.get(key)), right=True)


def request_of(row: Row) -> str:
    """Method and path of the present request, or nothing."""
    return f"{row.get('method') or ''} {row.get('path') or ''}".strip()


def milliseconds(row: Row) -> str:
    found = row.get("rtt_ms")
    return UNKNOWN if found is None else f"{found:.1f}ms"


def split_of(row: Row) -> str:
    """`qhhhhhhhhhhw`: how a request's time was spent, a letter for each twelfth. What took any time has its letter."""
    times = [(letter, row.get(key) or 0.0) for key, letter in PARTS]
    whole = sum(time for _, time in times)
    if whole <= 0:
        return ""
    cells = {letter: max(1, round(time / whole * SPLIT_WIDTH)) for letter, time in times if time > 0}
    longest = max(cells, key=lambda letter: cells[letter])
    cells[longest] += SPLIT_WIDTH - sum(cells.values())
    return "".join(letter * cells.get(letter, 0) for _, letter in PARTS)


# Those that matter most stand first: 80 cells show as far as the request, further ones are scrolled to.
CONNECTION_COLUMNS = (
    number("number", "#", 6),
    said("remote", "remote", 21, end=True),
    said("tcp_state", "state", 10),
    said("phase", "phase", 12),
    seconds("phase_seconds", "since"),
    Column("request", 17, request_of, request_of, flexible=True),
    seconds("age_seconds", "age"),
    number("requests", "reqs", 6),
    octets("bytes_in", "in"),
    octets("bytes_out", "out"),
    Column("rtt", 8, lambda row: row.get("rtt_ms"), milliseconds, right=True),
    number("retransmits", "retr", 5),
    octets("unread", "unread"),
    octets("unsent", "unsent"),
    said("owner", "owner", 14),
    said("engine", "engine", 6),
    number("fd", "fd", 5),
    number("inode", "inode", 9),
    said("local", "local", 21, end=True),
    said("speaks", "speaks", 9),
    said("tls_version", "tls", 7),
    said("tls_cipher", "cipher", 24, end=True),
)

THREAD_COLUMNS = (
    said("name", "name", 18),
    said("role", "role", 10),
    said("state", "state", 11),
    seconds("seconds", "since"),
    said("request", "request", 20, flexible=True),
    Column(
        "cpu", 7, lambda row: row.get("cpu_seconds"), lambda row: duration(row.get("cpu_seconds")), right=True
    ),
    number("connection", "conn", 6),
    number("native_id", "tid", 7),
    said("where", "where", 40),
)

KIND_COLUMNS = (
    said("kind", "kind of request", 22, flexible=True),
    number("count", "count", 7),
    within("handler", "mean_seconds", "mean"),
    within("handler", "p50_seconds", "p50"),
    within("handler", "p95_seconds", "p95"),
    within("handler", "p99_seconds", "p99"),
    within("handler", "max_seconds", "max"),
    Column("cpu", 5, lambda row: row.get("cpu_share"), lambda row: share(row.get("cpu_share")), right=True),
    within("queue", "mean_seconds", "queued"),
    within("queue", "p99_seconds", "q p99"),
    within("write_blocked", "mean_seconds", "write"),
    within("write_blocked", "p99_seconds", "w p99"),
    within("handler", "total_seconds", "total"),
)

SLOWEST_COLUMNS = (
    Column(
        "at", 8, lambda row: row.get("at"), lambda row: strftime("%H:%M:%S", localtime(row.get("at") or 0))
    ),
    said("request", "request", 22, flexible=True),
    number("status", "stat", 4),
    seconds("total", "total"),
    Column("split", SPLIT_WIDTH, split_of, split_of),
    seconds("queue", "queue"),
    seconds("handler", "handler"),
    seconds("handler_cpu", "on cpu"),
    seconds("write_blocked", "write"),
    seconds("accept_queue_estimated", "~accept"),
    number("connection", "conn", 6),
    said("remote", "remote", 21, end=True),
    said("thread", "thread", 18),
)

STUCK_COLUMNS = (
    said("request", "request", 26, flexible=True),
    seconds("seconds", "since"),
    said("owner", "owner", 18),
    number("connection", "conn", 6),
    said("remote", "remote", 21, end=True),
)
