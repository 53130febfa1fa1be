"""The Date field's line, made once a second (RFC 9110 section 6.6.1)."""

import cython
from cython.cimports.libc.string import memcpy

_DAYS = cython.declare(cython.p_const_char, b"ThuFriSatSunMonTueWed")  # 1 January 1970 was a Thursday
_MONTHS = cython.declare(cython.p_const_char, b"JanFebMarAprMayJunJulAugSepOctNovDec")


class DateLine:
    """`Date: Mon, 23 Nov 2026 00:00:00 GMT` and CR LF, for the second it was last shown."""

    def __cinit__(self):
        self.length = 37
        self.second = -1
        memcpy(self.text, cython.cast(cython.p_const_char, b"Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n"), 37)

    def show(self, second: cython.longlong):
        """Changes the line to that second since the epoch."""
        days: cython.longlong
        rest: cython.int
        if second == self.second or second < 0:  # a clock that was never set
            return
        self.second = second
        days = second // 86400
        rest = cython.cast(cython.int, second - days * 86400)
        memcpy(self.text + 6, _DAYS + 3 * (days % 7), 3)
        _two_digits(self.text + 23, rest // 3600)
        _two_digits(self.text + 26, rest // 60 % 60)
        _two_digits(self.text + 29, rest % 60)
        _calendar(self.text, days)

    def __bytes__(self):
        return self.text[: self.length]


def _two_digits(place: cython.p_char, value: cython.int) -> cython.void:
    place[0] = cython.cast(cython.char, 48 + value // 10)
    place[1] = cython.cast(cython.char, 48 + value % 10)


def _calendar(text: cython.p_char, days: cython.longlong) -> cython.void:
    """Days since the epoch to day, month and year, by eras of 400 years that begin in March."""
    shifted: cython.longlong = days + 719468
    era: cython.longlong = shifted // 146097
    day_of_era: cython.longlong = shifted - era * 146097
    year_of_era: cython.longlong = (
        day_of_era - day_of_era // 1460 + day_of_era // 36524 - day_of_era // 146096
    ) // 365
    day_of_year: cython.longlong = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    month: cython.longlong = (5 * day_of_year + 2) // 153
    day: cython.int = cython.cast(cython.int, day_of_year - (153 * month + 2) // 5 + 1)
    year: cython.int = cython.cast(cython.int, year_of_era + era * 400)
    month = month + 2 if month < 10 else month - 10
    if month < 2:
        year += 1
    _two_digits(text + 11, day)
    memcpy(text + 14, _MONTHS + 3 * month, 3)
    _two_digits(text + 18, year // 100)
    _two_digits(text + 20, year % 100)
