"""Seconds and bytes as people read them, few characters wide."""

from __future__ import annotations

UNKNOWN = "-"
MINUTE, HOUR, DAY = 60, 3600, 86400
STEPS = "KMGTP"


def duration(seconds: float | None) -> str:
    """`350us`, `12.3ms`, `4.2s`, `3m12s`, `5h03m`, `12d04h`; `-` for what isn't known."""
    if seconds is None:
        return UNKNOWN
    if seconds < 0.0009995:
        return f"{max(seconds, 0.0) * 1e6:.0f}us"
    if seconds < 0.09995:
        return f"{seconds * 1e3:.1f}ms"
    if seconds < 0.9995:
        return f"{seconds * 1e3:.0f}ms"
    if seconds < 59.95:
        return f"{seconds:.1f}s"
    whole = round(seconds)
    if whole < HOUR:
        return f"{whole // MINUTE}m{whole % MINUTE:02}s"
    if whole < DAY:
        return f"{whole // HOUR}h{whole % HOUR // MINUTE:02}m"
    return f"{whole // DAY}d{whole % DAY // HOUR:02}h"


def size(count: int | None) -> str:
    """Bytes, in powers of 1024: `999`, `1.5K`, `34M`; `-` for what isn't known."""
    if count is None:
        return UNKNOWN
    if count < 1024:
        return str(count)
    value, step = count / 1024, 0
    while value >= 1023.5 and step < len(STEPS) - 1:
        value, step = value / 1024, step + 1
    return f"{value:.1f}{STEPS[step]}" if value < 9.95 else f"{value:.0f}{STEPS[step]}"


def share(part: float | None) -> str:
    """`85%`; `-` for what isn't known."""
    return UNKNOWN if part is None else f"{part:.0%}"
