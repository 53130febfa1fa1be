"""The result of a load in words."""

from __future__ import annotations

from gearshift.load.result import PERCENTILES
from gearshift.observe.escaping import escape_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gearshift.load.histogram import Histogram
    from gearshift.load.result import Result

ERRORS = {
    "connect_refused": "connection refused",
    "connect_timeout": "no connection in time",
    "connect_failed": "no connection for another reason",
    "timeout": "no answer in time",
    "reset": "connection reset",
    "closed_short": "connection closed before the answer was whole",
    "malformed": "answer malformed",
}
STEPS = ("B", "kB", "MB", "GB", "TB")


def in_words(result: Result) -> str:
    """As a person reads it, lines ended."""
    lines = [_heading(result), ""]
    lines.append(
        f"  answered   {result.requests:,} in {result.seconds:.2f} s: {result.requests_per_second:,.1f} a second"
    )
    lines.append(f"  received   {size(result.bytes_received)}, sent {size(result.bytes_sent)}")
    lines.append(f"  statuses   {_statuses(result)}")
    lines += _errors(result)
    lines += ["", *_table(result)]
    lines += [f"  note: {note}" for note in notes(result)]
    return "\n".join(lines) + "\n"


def _heading(result: Result) -> str:
    options = result.options
    loop = f"open loop, {options.rate:,.10g} requests due a second" if options.rate else "closed loop"
    words = [f"{escape_text(options.target.url)}: {loop}", _counted(options.connections, "connection")]
    if options.pipeline > 1:
        words.append(f"{options.pipeline} requests at once on each")
    if options.closes:
        words.append("one for each request")
    return ", ".join(words)


def _statuses(result: Result) -> str:
    return ", ".join(f"{status}: {count:,}" for status, count in result.statuses.items()) or "none"


def _errors(result: Result) -> list[str]:
    if not result.errors:
        return ["  errors     none"]
    because = {"connect_failed": f" ({result.unusual})"}
    return [
        f"  {'errors' if not index else '':9}  {count:,} {ERRORS[kind]}{because.get(kind, '')}"
        for index, (kind, count) in enumerate(result.errors.items())
    ]


def _table(result: Result) -> list[str]:
    """Percentiles, a line for each; what was counted from the sending beside it where that is another thing."""
    columns: list[tuple[str, Histogram]] = [("latency", result.latency)]
    if result.options.rate:
        columns.append(("from sending", result.from_sent))
    if not result.latency.count:
        return ["  latency    none measured"]
    rows = [("", *(name for name, _ in columns))]
    for name, percent in PERCENTILES.items():
        rows.append((name.replace("_", "."), *(_in_time(each.percentile(percent)) for _, each in columns)))
    rows.append(("max", *(_in_time(each.most_seconds) for _, each in columns)))
    rows.append(("mean", *(_in_time(each.mean_seconds) for _, each in columns)))
    return ["  " + row[0].ljust(9) + "".join(cell.rjust(14) for cell in row[1:]) for row in rows]


def notes(result: Result) -> list[str]:
    """What must be known to read the figures rightly."""
    found = []
    if result.interrupted:
        found.append("ended early")
    if result.not_sent:
        behind = _in_time(result.not_sent / result.options.rate)
        found.append(
            f"at the end {_counted(result.not_sent, 'request')} had been due and not been sent: {behind} behind; where"
            " that grows with the time, the server is slower than the rate and latencies would grow with it"
        )
    if result.errors:
        found.append("latencies are of answers: requests that failed have none")
    if result.unanswered:
        found.append(f"{_counted(result.unanswered, 'request')} had no answer yet")
    if result.options.closes and result.connecting.count:
        found.append(
            f"latencies begin with connecting, of which p50 took {_in_time(result.connecting.percentile(50))}"
        )
    return found


def size(count: int) -> str:
    """`999 B`, `12.3 kB`: powers of 1000."""
    value, step = float(count), 0
    while value >= 999.95 and step < len(STEPS) - 1:
        value, step = value / 1000, step + 1
    return f"{value:.1f} {STEPS[step]}" if step else f"{count} B"


def _in_time(seconds: float) -> str:
    """Milliseconds to a thousandth, seconds from one on."""
    return f"{seconds * 1e3:.3f} ms" if seconds < 0.9999995 else f"{seconds:.3f} s"


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
