from __future__ import annotations

import time
from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

CONTENT = b"<h1>Hello</h1>"
BEFORE, EXACT, AFTER = (
    "Tue, 14 Nov 2023 22:13:19 GMT",
    "Tue, 14 Nov 2023 22:13:20 GMT",
    "Tue, 14 Nov 2023 22:13:21 GMT",
)
OTHER = '"other"'


@pytest.fixture
def etag(site):
    site.write("a.html", CONTENT)
    return site.ask("/a.html")["ETag"]


def status(site, **headers):
    return site.ask("/a.html", **headers).status


def test_validators(site, etag):
    reply = site.ask("/a.html")
    assert reply["Last-Modified"] == EXACT
    assert etag.startswith('"'), "a strong one"
    assert etag == site.ask("/a.html", method="HEAD")["ETag"]


def test_not_modified_has_the_validators_and_nothing_of_the_content(site, etag):
    reply = site.ask("/a.html", if_none_match=etag)
    assert (reply.status, reply.body) == (304, b"")
    assert reply.fields == {"ETag": etag, "Last-Modified": EXACT}


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("{}", 304),
        ("W/{}", 304),
        ("*", 304),
        ('"a", {}', 304),
        ('W/"a",W/{}', 304),
        ('"a,b" , {},', 304),
        (',\t{}, "b"', 304),
        (OTHER, 200),
        ('"a", "b"', 200),
        ("w/{}", 200),
        ("unquoted, {}", 200),
        ('"open', 200),
        ('"', 200),
        ("W/", 200),
        ("", 200),
        ('* , "a"', 200),
    ],
)
def test_if_none_match(site, etag, form, expected):
    assert status(site, if_none_match=form.format(etag)) == expected
    assert site.ask("/a.html", method="HEAD", if_none_match=form.format(etag)).status == expected


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("{}", 200),
        ("*", 200),
        ('"a", {}', 200),
        ("W/{}", 412),
        (OTHER, 412),
        ('W/{}, "b"', 412),
        ("W/{}, {}", 200),
        ("", 412),
        ("nonsense", 412),
    ],
)
def test_if_match(site, etag, form, expected):
    assert status(site, if_match=form.replace("{}", etag)) == expected


@pytest.mark.parametrize(
    ("date", "modified_since", "unmodified_since"),
    [
        (BEFORE, 200, 412),
        (EXACT, 304, 200),
        (AFTER, 304, 200),
        ("Tuesday, 14-Nov-23 22:13:20 GMT", 304, 200),
        ("Tue Nov 14 22:13:20 2023", 304, 200),
        ("Tue Nov 14 22:13:19 2023", 200, 412),
        ("1700000000", 200, 200),
        ("", 200, 200),
    ],
)
def test_dates(site, etag, date, modified_since, unmodified_since):
    assert status(site, if_modified_since=date) == modified_since
    assert status(site, if_unmodified_since=date) == unmodified_since


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        # If-Match makes If-Unmodified-Since count for nothing, If-None-Match does it to If-Modified-Since
        ({"if_match": "{}", "if_unmodified_since": BEFORE}, 200),
        ({"if_none_match": OTHER, "if_modified_since": AFTER}, 200),
        ({"if_none_match": "{}", "if_modified_since": BEFORE}, 304),
        # 412 comes before 304, both come before a range
        ({"if_match": OTHER, "if_none_match": "{}"}, 412),
        ({"if_unmodified_since": BEFORE, "if_none_match": "{}"}, 412),
        ({"if_match": "{}", "if_none_match": "{}"}, 304),
        ({"if_match": OTHER, "range": "bytes=0-0"}, 412),
        ({"if_none_match": "{}", "range": "bytes=0-0"}, 304),
        ({"if_none_match": "{}", "range": "bytes=999-"}, 304),
        ({"if_match": "{}", "range": "bytes=0-0"}, 206),
        ({"if_match": "{}", "range": "bytes=999-"}, 416),
        # If-Range
        ({"if_range": "{}", "range": "bytes=0-0"}, 206),
        ({"if_range": "W/{}", "range": "bytes=0-0"}, 200),
        ({"if_range": OTHER, "range": "bytes=0-0"}, 200),
        ({"if_range": OTHER, "range": "bytes=999-"}, 200),
        ({"if_range": EXACT, "range": "bytes=0-0"}, 206),
        ({"if_range": BEFORE, "range": "bytes=0-0"}, 200),
        ({"if_range": AFTER, "range": "bytes=0-0"}, 200),
        ({"if_range": "Tue Nov 14 22:13:20 2023", "range": "bytes=0-0"}, 200),
        ({"if_range": "nonsense", "range": "bytes=0-0"}, 200),
        ({"if_range": "{}"}, 200),
        ({"if_match": OTHER, "if_range": "{}", "range": "bytes=0-0"}, 412),
    ],
)
def test_precedence(site, etag, headers, expected):
    filled = {name: value.format(etag) for name, value in headers.items()}
    assert status(site, **filled) == expected


def test_a_date_of_this_second_is_too_weak_for_if_range(site):
    now = time.time()
    site.write("a.html", CONTENT, modified=now)
    assert status(site, if_range=formatdate(now, usegmt=True), range="bytes=0-0") in (200, 206)
    site.write("a.html", CONTENT, modified=now + 3000)  # the clock of the site is an hour ahead
    date = site.ask("/a.html")["Last-Modified"]
    assert status(site, if_range=date, range="bytes=0-0") == 200


def test_a_failed_precondition_is_explained(site, etag):
    reply = site.ask("/a.html", if_match=OTHER)
    assert reply["Content-Type"] == "text/html; charset=utf-8"
    assert b"Precondition failed" in reply.body


@pytest.fixture(scope="module")
def example(tmp_path_factory, site_of):
    site = site_of(tmp_path_factory.mktemp("conditions"))
    site.write("a.html", CONTENT)
    return site, site.ask("/a.html")["ETag"]


def reference(method, headers):
    """RFC 9110 section 13.2.2, word for word, for the values that the strategies below can make."""
    ours = headers.get

    def names(field, weakly):
        tags = ours(field).split(", ")
        return "*" in tags or "{}" in tags or (weakly and "W/{}" in tags)

    if "if_match" in headers:
        if not names("if_match", weakly=False):
            return 412
    elif ours("if_unmodified_since") == BEFORE:
        return 412
    if "if_none_match" in headers:
        if names("if_none_match", weakly=True):
            return 304
    elif ours("if_modified_since") in (EXACT, AFTER):
        return 304
    if method == "GET" and "range" in headers and ours("if_range") in (None, "{}", EXACT):
        return 416 if ours("range") == "bytes=999-" else 206
    return 200


tags = st.one_of(
    st.just("*"),
    st.lists(st.sampled_from(["{}", "W/{}", OTHER, '"a,b"']), min_size=1, max_size=3).map(", ".join),
)
dates = st.sampled_from([BEFORE, EXACT, AFTER, "never"])
requests = st.fixed_dictionaries(
    {},
    optional={
        "if_match": tags,
        "if_none_match": tags,
        "if_modified_since": dates,
        "if_unmodified_since": dates,
        "if_range": st.one_of(dates, st.sampled_from(["{}", "W/{}", OTHER])),
        "range": st.sampled_from(["bytes=0-0", "bytes=999-", "bytes=-3"]),
    },
)


@given(st.sampled_from(["GET", "HEAD"]), requests)
def test_any_combination_is_judged_as_the_rfc_judges(example, method, headers):
    site, etag = example
    filled = {name: value.replace("{}", etag) for name, value in headers.items()}
    assert site.ask("/a.html", method=method, **filled).status == reference(method, headers)
