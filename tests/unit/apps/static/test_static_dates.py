from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gearshift.apps.static.dates import format_date, parse_date

NOW = 1_790_000_000  # in 2026
RFC_EXAMPLE = 784111777  # RFC 9110 section 5.6.7 gives it in three forms
moments = st.datetimes(datetime(1970, 1, 1), datetime(2099, 12, 31), timezones=st.just(UTC)).map(
    lambda moment: moment.replace(microsecond=0)
)


@pytest.mark.parametrize(
    "text",
    [b"Sun, 06 Nov 1994 08:49:37 GMT", b"Sunday, 06-Nov-94 08:49:37 GMT", b"Sun Nov  6 08:49:37 1994"],
)
def test_the_three_forms(text):
    assert parse_date(text, NOW) == RFC_EXAMPLE


def test_only_the_first_is_written():
    assert format_date(RFC_EXAMPLE) == b"Sun, 06 Nov 1994 08:49:37 GMT"


@given(moments)
def test_writes_what_the_email_package_writes(moment):
    assert format_date(int(moment.timestamp())).decode() == format_datetime(moment, usegmt=True)


@given(moments, st.sampled_from(["%a, %d %b %Y %H:%M:%S GMT", "%a %b {:2d} %H:%M:%S %Y"]))
def test_reads_what_strftime_writes(moment, form):
    text = moment.strftime(form).replace("{:2d}", f"{moment.day:2d}")
    assert parse_date(text.encode(), NOW) == int(moment.timestamp())


@pytest.mark.parametrize(
    ("year", "full"), [("94", 1994), ("26", 2026), ("76", 2076), ("77", 1977), ("00", 2000)]
)
def test_two_digit_years_are_at_most_50_years_ahead(year, full):
    day = datetime(full, 3, 5, 1, 2, 3, tzinfo=UTC)
    text = day.strftime(f"%A, 05-Mar-{year} 01:02:03 GMT")
    assert parse_date(text.encode(), NOW) == int(day.timestamp())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "yesterday",
        "Sun, 06 Nov 1994 08:49:37 UTC",
        "sun, 06 nov 1994 08:49:37 gmt",
        "Mon, 06 Nov 1994 08:49:37 GMT",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:60 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, +6 Nov 1994 08:49:37 GMT",
        "Sun; 06 Nov 1994 08:49:37 GMT",
        "Wed, 30 Feb 1994 08:49:37 GMT",
        "Sun, 06 Nov 0000 08:49:37 GMT",
        "Sun Nov 06 08:49:37 1994",
        "Sun Nov  6 08:49:37 199x",
        "Sunday, 06-Nov-1994 08:49:37 GMT",
        "Sunday 06-Nov-94 08:49:37 GMT",
        "Sunday, 06-Nov-94 08-49-37 GMT",
        "Sun, 06 Nov 1994 08:49:37 GMT ",
    ],
)
def test_anything_else_is_no_date(text):
    assert parse_date(text.encode(), NOW) is None


@given(st.binary(max_size=40))
def test_arbitrary_bytes_never_raise(text):
    assert parse_date(text, NOW) is None or text.endswith(b" GMT") or len(text.split()) == 5
