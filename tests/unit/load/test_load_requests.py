"""Requests as bytes, from the command line and from files."""

from __future__ import annotations

from pathlib import Path

import h11
import pytest

from gearshift.errors import SettingError
from gearshift.load.options import options_from


def messages(**flags: object) -> list[bytes]:
    return options_from({"url": "http://a.example:81/p?q", **flags}).messages


def understood(message: bytes) -> tuple[h11.Request, bytes]:
    """What a server makes of it."""
    connection = h11.Connection(h11.SERVER)
    connection.receive_data(message)
    request = connection.next_event()
    assert isinstance(request, h11.Request)
    body = b""
    while not isinstance(event := connection.next_event(), h11.EndOfMessage):
        assert isinstance(event, h11.Data)
        body += bytes(event.data)
    assert connection.trailing_data[0] == b""
    return request, body


def test_the_plainest_request() -> None:
    assert messages() == [b"GET /p?q HTTP/1.1\r\nHost: a.example:81\r\n\r\n"]


def test_method_fields_and_body() -> None:
    request, body = understood(messages(method="POST", header=["X-A: b", "X-A:c "], body="h\u00e9")[0])
    assert (request.method, request.target) == (b"POST", b"/p?q")
    assert [value for name, value in request.headers if name == b"x-a"] == [b"b", b"c"]
    assert body == "h\u00e9".encode()


def test_a_body_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "body").write_bytes(b"\0\r\n\xff")
    assert understood(messages(method="PUT", body=f"@{tmp_path / 'body'}")[0])[1] == b"\0\r\n\xff"


def test_an_empty_body_says_so_where_one_is_expected() -> None:
    assert b"Content-Length: 0\r\n" in messages(method="POST")[0]
    assert b"Content-Length" not in messages(method="DELETE")[0]


def test_the_host_may_be_another() -> None:
    assert messages(header=["host: b.example"]) == [b"GET /p?q HTTP/1.1\r\nhost: b.example\r\n\r\n"]


def test_a_connection_for_each_is_announced() -> None:
    assert b"\r\nConnection: close\r\n" in messages(close=True)[0]


def test_a_file_of_requests(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("/a\n\n  # not this\nHEAD /b?c\nPOST /d\n")
    options = options_from({"url": "http://x/", "requests": str(tmp_path / "file"), "method": "OPTIONS"})
    lines = [message.partition(b"\r\n")[0] for message in options.messages]
    assert lines == [b"OPTIONS /a HTTP/1.1", b"HEAD /b?c HTTP/1.1", b"POST /d HTTP/1.1"]
    assert options.to_head == [False, True, False]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "found no request, expected METHOD PATH"),
        ("# nothing\n", "found no request"),
        ("/a\nb\n", ":2: found 'b', expected METHOD PATH"),
        ("G(T /\n", ":1: found 'G\\(T /'"),
        ("GET /a HTTP/1.1\n", ":1: found 'GET /a HTTP/1.1'"),
    ],
)
def test_a_file_that_is_wrong_is_told_by_its_line(tmp_path: Path, text: str, line: str) -> None:
    (tmp_path / "file").write_text(text)
    with pytest.raises(SettingError, match=line):
        messages(requests=str(tmp_path / "file"))


def test_framing_is_not_the_users() -> None:
    for name in ("Content-Length", "transfer-encoding"):
        with pytest.raises(SettingError, match=r"^--header: found "):
            messages(header=[f"{name}: 5"])


def test_requests_in_flight_are_limited() -> None:
    with pytest.raises(SettingError, match=r"^--pipeline: found 2048000 requests at once"):
        messages(connections="2000", pipeline="1024")
