"""What each kind of setting takes, from text and as a value, and what it refuses."""

import math
from pathlib import PurePosixPath

import pytest

from gearshift.errors import WrongValueError
from gearshift.settings.declaration import (
    Addresses,
    Choice,
    FilePath,
    Group,
    OneAddress,
    Seconds,
    Secret,
    Setting,
    Switch,
    Text,
    WholeNumber,
    described,
)


class Sample:
    """Declarations know their names because they stand on a class."""

    text = Text(Group.APPLICATION, "", "help", positional=True)
    path = FilePath(Group.LOGS, "", "help")
    log_path = FilePath(Group.LOGS, "", "help", dash=True)
    engine = Choice(Group.CONCURRENCY, "", "help", choices=("thread", "pool"))
    listing = Switch(Group.STATIC, False, "help")
    threads = WholeNumber(Group.CONCURRENCY, 16, "help", unit="threads", maximum=100)
    limit_body = WholeNumber(Group.LIMITS, 5, "help", unit="bytes", minimum=0)
    timeout = Seconds(Group.TIMEOUTS, 10.0, "help")
    monitor = Seconds(Group.LOGS, 0.0, "help", zero_is_off=True)
    bind = Addresses(Group.LISTENING, (":80",), "help")
    status = OneAddress(Group.STATUS, "", "help")
    token = Secret(Group.STATUS, "", "help")

    def __init__(self, **values: object) -> None:
        self.values = values


def declared(name: str) -> Setting:
    setting = vars(Sample)[name]
    assert isinstance(setting, Setting)
    return setting


def test_names_follow_from_one_declaration() -> None:
    setting = declared("limit_body")
    assert (setting.flag, setting.variable) == ("--limit-body", "GEARSHIFT_LIMIT_BODY")
    assert declared("text").flag == "TEXT"
    assert vars(Sample)["listing"].negation == "--no-listing"


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("text", "app:app", "app:app"),
        ("engine", "pool", "pool"),
        ("engine", "", ""),
        ("listing", "Yes", True),
        ("listing", "off", False),
        ("listing", "1", True),
        ("threads", "100", 100),
        ("threads", "007", 7),
        ("limit_body", "0", 0),
        ("timeout", "2.5", 2.5),
        ("timeout", "1e3", 1000.0),
        ("monitor", "0", 0.0),
        ("bind", ":80, unix:/run/x,[::1]:9", (":80", "unix:/run/x", "[::1]:9")),
        ("status", "unix:/run/x", "unix:/run/x"),
        ("status", "", ""),
        ("token", "a+/=", "a+/="),
    ],
)
def test_text_is_read(name: str, text: str, value: object) -> None:
    read = declared(name).from_text(text)
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("text", "a\0b"),
        ("path", "a\0b"),
        ("engine", "Pool"),
        ("listing", "maybe"),
        ("listing", ""),
        *[
            ("threads", text)
            for text in ("", "0", "101", "-1", "+1", "1_0", " 1", "1.0", "0x1", "٣", "1" * 30)
        ],
        *[
            ("timeout", text)
            for text in ("", "0", "-1", "nan", "inf", "1_0", " 1", "1e", "1e9", "--", "1e999")
        ],
        ("monitor", "-0.1"),
        ("bind", ""),
        ("bind", ":80,,:81"),
        ("bind", "nonsense"),
        ("status", "nonsense"),
        ("status", ":80,:81"),
        *[("token", text) for text in ("a b", "é", "a\tb", "a\0b")],
    ],
)
def test_wrong_text_is_refused(name: str, text: str) -> None:
    with pytest.raises(WrongValueError):
        declared(name).from_text(text)


@pytest.mark.parametrize(
    ("name", "value", "read"),
    [
        ("path", PurePosixPath("/tmp/x"), "/tmp/x"),
        ("listing", True, True),
        ("threads", 3, 3),
        ("timeout", 3, 3.0),
        ("bind", ":80", (":80",)),
        ("bind", [":80", ":81"], (":80", ":81")),
        ("bind", (":80",), (":80",)),
    ],
)
def test_values_are_read(name: str, value: object, read: object) -> None:
    assert declared(name).from_value(value) == read


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("text", 1),
        ("path", b"bytes"),
        ("path", PurePosixPath("a\0b")),
        ("engine", None),
        ("listing", 1),
        ("listing", "true"),
        ("threads", True),
        ("threads", "3"),
        ("threads", 3.0),
        ("timeout", True),
        ("timeout", "3"),
        ("timeout", math.nan),
        ("timeout", math.inf),
        ("bind", []),
        ("bind", [80]),
        ("bind", 80),
        ("bind", {}),
    ],
)
def test_wrong_values_are_refused(name: str, value: object) -> None:
    with pytest.raises(WrongValueError):
        declared(name).from_value(value)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("engine", "one of thread, pool"),
        ("threads", "a whole number of threads from 1 to 100"),
        ("limit_body", "a whole number of bytes, 0 or more"),
        ("timeout", "a number of seconds, above 0 and up to 1000000"),
        ("monitor", "a number of seconds, 0 for off, or up to 1000000"),
        ("path", "a path"),
        ("log_path", "a path or -"),
        ("listing", "true or false"),
        ("text", "text"),
        ("bind", "an address or a list of addresses"),
    ],
)
def test_what_is_expected_is_said_in_words(name: str, words: str) -> None:
    assert declared(name).expected == words


def test_values_are_shown_as_the_user_writes_them() -> None:
    assert declared("text").in_words("") == '""'
    assert declared("listing").in_words(False) == "false"
    assert declared("timeout").in_words(10.0) == "10"
    assert declared("bind").in_words((":80", ":81")) == ":80, :81"


def test_a_declaration_is_a_typed_read_only_attribute() -> None:
    sample = Sample(text="x", listing=True, threads=3, timeout=1.0, bind=(":80",))
    assert (sample.text, sample.listing, sample.threads, sample.timeout) == ("x", True, 3, 1.0)
    assert sample.bind == (":80",)
    with pytest.raises(AttributeError, match="cannot be changed"):
        sample.threads = 4  # type: ignore[assignment]
    with pytest.raises(AttributeError, match="read from an instance"):
        _ = Sample.threads


def test_found_values_stay_on_one_short_line() -> None:
    assert described("a\nb") == "'a\\nb'"
    assert described(True) == "true"
    assert len(described("x" * 1000)) == 80


def test_a_secret_is_nowhere_shown() -> None:
    setting = declared("token")
    assert setting.in_words("open-sesame") == "(not shown)"
    assert setting.in_words("") == '""'
    with pytest.raises(WrongValueError) as raised:
        setting.from_value("open sesame")
    assert "sesame" not in str(raised.value)
