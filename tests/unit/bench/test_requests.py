"""Requests from paths, files and access logs."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gearshift.bench import requests
from gearshift.bench.requests import Request, from_access_log, from_file, from_paths
from gearshift.errors import SettingError
from gearshift.observe.access_entry import AccessEntry
from gearshift.observe.access_formats import FORMATS


def entry(method: bytes, target: bytes) -> AccessEntry:
    return AccessEntry(
        "127.0.0.1:5",
        method,
        target,
        "HTTP/1.1",
        200,
        5,
        b'a "b" \\',
        b"curl",
        1.8e9,
        0.01,
        0.005,
        "epoll",
        3,
    )


@pytest.fixture(params=sorted(FORMATS))
def form(request: pytest.FixtureRequest) -> str:
    """A format of the access log."""
    return str(request.param)


def logged(path: Path, form: str, *wanted: tuple[bytes, bytes]) -> str:
    make = FORMATS[form]()
    path.write_text("".join(make(entry(*one)) for one in wanted))
    return str(path)


def test_a_log_of_gearshift_in_each_format(tmp_path: Path, form: str) -> None:
    log = logged(
        tmp_path / "log", form, (b"GET", b"/a?b=c%20d"), (b"HEAD", b"/"), (b"POST", b"/new"), (b"", b"")
    )
    found = from_access_log(log)
    assert found.sent == [Request("GET", "/a?b=c%20d"), Request("HEAD", "/")]
    assert len(found.notes) == 2
    assert "1 POST" in found.notes[0]
    assert "1 line " in found.notes[1]


@given(st.binary(min_size=1, max_size=30))
def test_whatever_a_client_sent_comes_back_or_is_left_out(target: bytes) -> None:
    """The log escapes it; what can be sent again is sent as it was."""
    for form in FORMATS.values():
        found = requests._recorded(form()(entry(b"GET", b"/" + target)))
        sendable = all(0x21 <= octet <= 0x7E for octet in target)
        assert found == (Request("GET", "/" + target.decode("ascii")) if sendable else None)


def test_logs_of_others(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    log.write_text(
        '192.0.2.1 - alice [27/Nov/2026:10:00:00 +0000] "GET /nginx HTTP/2.0" 200 12 "-" "Mozilla"\n'
        '192.0.2.1 - - [27/Nov/2026:10:00:00 +0000] "GET /apache?q=\\"x HTTP/1.0" 304 -\n'
        '{"method": "GET", "target": "/json", "status": 200}\n'
        "{broken\n"
        "\n"
        "nothing of the kind\n"
    )
    found = from_access_log(str(log))
    assert [request.target for request in found.sent] == ["/nginx", '/apache?q="x', "/json"]
    assert "2 lines" in found.notes[0]


def test_a_log_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "MOST_REQUESTS", 2)
    log = logged(tmp_path / "log", "common", *[(b"GET", b"/%d" % number) for number in range(5)])
    found = from_access_log(log)
    assert [request.target for request in found.sent] == ["/0", "/1"]
    assert found.notes == ["sent: the first 2 of 5, over and over"]


def test_a_file_of_requests(tmp_path: Path) -> None:
    file = tmp_path / "requests.txt"
    file.write_text("# the shop\n/\n\nPOST /orders\nGET /items/1\n")
    assert from_file(str(file)).sent == [
        Request("GET", "/"),
        Request("POST", "/orders"),
        Request("GET", "/items/1"),
    ]


@pytest.mark.parametrize("line", ["items", "GET items", "GET / HTTP/1.1", "G(T /", "/ü"])
def test_a_line_that_is_no_request_is_told_with_its_number(tmp_path: Path, line: str) -> None:
    file = tmp_path / "requests.txt"
    file.write_text(f"/\n{line}\n")
    with pytest.raises(SettingError, match=r"requests.txt:2: found"):
        from_file(str(file))


@pytest.mark.parametrize(
    ("read", "content", "words"),
    [
        (from_file, "", "found no request, expected"),
        (from_access_log, "", "found no request in"),
        (from_access_log, '- - - [x] "POST / HTTP/1.1" 200 5\n', "found no GET or HEAD in"),
    ],
)
def test_files_without_requests(tmp_path: Path, read: object, content: str, words: str) -> None:
    file = tmp_path / "file"
    file.write_text(content)
    with pytest.raises(SettingError, match=words):
        read(str(file))  # type: ignore[operator]


@pytest.mark.parametrize("read", [from_file, from_access_log])
def test_a_file_that_is_not_there(tmp_path: Path, read: object) -> None:
    with pytest.raises(SettingError, match="No such file or directory, expected a"):
        read(str(tmp_path / "none"))  # type: ignore[operator]


def test_paths() -> None:
    found = from_paths(["/a", "/b?c", "/a"])
    assert found.commonest == [Request("GET", "/a"), Request("GET", "/b?c")]
    with pytest.raises(SettingError, match="--path: found 'a', expected a path that begins with /"):
        from_paths(["a"])
