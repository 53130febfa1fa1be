"""HTTP dates (RFC 9110 section 5.6.7): one form is written, three are read. No locale, no `email`."""

from __future__ import annotations

from time import gmtime

_WEEKDAYS = (b"Monday", b"Tuesday", b"Wednesday", b"Thursday", b"Friday", b"Saturday", b"Sunday")
_MONTHS = (b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec")
_IMF_LENGTH = len(b"Sun, 06 Nov 1994 08:49:37 GMT")
_ASCTIME_LENGTH = len(b"Sun Nov  6 08:49:37 1994")
_RFC850_TAIL_LENGTH = len(b"06-Nov-94 08:49:37 GMT")


def format_date(seconds: int) -> bytes:
    """`seconds` since the epoch as an IMF-fixdate, the only form a server may write."""
    moment = gmtime(seconds)
    return b"%s, %02d %s %04d %02d:%02d:%02d GMT" % (
        _WEEKDAYS[moment.tm_wday][:3],
        moment.tm_mday,
        _MONTHS[moment.tm_mon - 1],
        moment.tm_year,
        moment.tm_hour,
        moment.tm_min,
        moment.tm_sec,
    )


def parse_date(text: bytes, now: int) -> int | None:
    """Seconds since the epoch, or None where `text` is no valid HTTP date.

    text: an IMF-fixdate, an RFC 850 date or an asctime date, without white space around it.
    now: seconds since the epoch; it decides the century of an RFC 850 date.

    What was read is written again in the same form and has to give the same bytes: so separators, a second
    sign or a weekday that does not belong to the date are all refused.
    """
    try:
        if len(text) == _IMF_LENGTH:
            seconds = _seconds(text[12:16], text[8:11], text[5:7], text[17:25])
            return seconds if format_date(seconds) == text else None
        if len(text) == _ASCTIME_LENGTH:
            seconds = _seconds(text[20:24], text[4:7], text[8:10].lstrip(b" "), text[11:19])
            return seconds if _format_asctime(seconds) == text else None
        tail = text[-_RFC850_TAIL_LENGTH:]
        year = b"%04d" % _full_year(int(tail[7:9]), gmtime(now).tm_year)
        seconds = _seconds(year, tail[3:6], tail[:2], tail[10:18])
        return seconds if _format_rfc850(seconds) == text else None
    except ValueError:
        return None


def _seconds(year: bytes, month: bytes, day: bytes, clock: bytes) -> int:
    """Seconds since the epoch. Raises ValueError for a moment the calendar does not have."""
    from datetime import UTC, datetime  # most clients send our own bytes back, which are compared unread

    hour, minute, second = clock.split(b":")
    return int(
        datetime(
            int(year), _MONTHS.index(month) + 1, int(day), int(hour), int(minute), int(second), tzinfo=UTC
        ).timestamp()
    )


def _full_year(two_digits: int, this_year: int) -> int:
    """Over 50 years ahead means the last past year with these digits (RFC 9110 section 5.6.7)."""
    year = this_year - this_year % 100 + two_digits
    return year - 100 if year > this_year + 50 else year


def _format_asctime(seconds: int) -> bytes:
    imf = format_date(seconds)
    moment = gmtime(seconds)
    return b"%s %s %2d %s %s" % (imf[:3], imf[8:11], moment.tm_mday, imf[17:25], imf[12:16])


def _format_rfc850(seconds: int) -> bytes:
    imf = format_date(seconds)
    weekday = _WEEKDAYS[gmtime(seconds).tm_wday]
    return b"%s, %s-%s-%s %s" % (weekday, imf[5:7], imf[8:11], imf[14:16], imf[17:])
